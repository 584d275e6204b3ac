"""What every network has whose features a Frechet distance compares: pictures of any size in, one vector of each out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.strict import float_tensors


def byte_values(pictures: Tensor) -> Tensor:
    """Return the values 0..255 that pictures have in a file, as float32; whole numbers, so that a picture in memory counts as its file.

    Args:
        pictures: [B, 3, H, W], either uint8 or floating-point in [-1, 1] (values beyond are cut off, NaN stays).
    """
    if pictures.dtype == torch.uint8:
        return pictures.float()
    return ((pictures.float() + 1) * 127.5).round().clamp(0, 255)


class FeatureNetwork(nn.Module, ABC):
    """A frozen network in evaluation mode, whatever is asked of it.

    Attributes:
        kind: What the network is called.
        distance: What a Frechet distance of its features is called; ``fid`` belongs to the Inception network of the definition.
        num_features: D; torchmetrics' name for it.
        source: Where its file comes from, for messages.
        begins: Tensors that tell the architecture apart from others.
        unread: Beginnings of names of tensors that a file may hold besides.
        digest: SHA-256 of its file, by which cached statistics know their network; empty where it came from none.
    """

    kind: ClassVar[str]
    distance: ClassVar[str]
    num_features: ClassVar[int]
    source: ClassVar[str]
    begins: ClassVar[frozenset[str]]
    unread: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.digest = ""

    @abstractmethod
    def embed(self, values: Tensor) -> Tensor:
        """Return the features [B, D] of pictures float32 [B, 3, H, W] in 0..255, of any size."""

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        """Return the features, float32 [B, D], of pictures [B, 3, H, W], uint8 or floating-point in [-1, 1].

        Pictures on another device are moved to the network's; autocast does not reach in here.
        """
        device = next(self.parameters()).device
        with torch.autocast(device.type, enabled=False):
            return self.embed(byte_values(pictures.to(device)))

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode."""
        del mode
        return super().train(False)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], where: str, digest: str = "") -> Self:
        """Build the network with a file's tensors; no random number is drawn.

        Args:
            tensors: By name, as in a state dict, of any floating-point type.
            where: The file, for messages.
            digest: Its SHA-256.

        Raises:
            WeightsError: Tensors are missing, unexpected, of another shape, or not finite: which.
        """
        with torch.device("meta"):  # without memory, and without the initial weights that constructors draw
            network = cls()
        counters = {name for name in network.state_dict() if name.endswith("num_batches_tracked")}
        wanted = {name: tensor.shape for name, tensor in network.state_dict().items() if name not in counters}
        given = {name: tensor for name, tensor in tensors.items() if not name.startswith(cls.unread) and name not in counters}
        both = [name for name in wanted if name in given]
        problems = (
            _problem("missing", [name for name in wanted if name not in given]),
            _problem("not expected", [name for name in given if name not in wanted]),
            _problem(
                "of another shape",
                [f"{name} {list(given[name].shape)} instead of {list(wanted[name])}" for name in both if given[name].shape != wanted[name]],
            ),
            _problem("not floating-point", [f"{name} {given[name].dtype}" for name in both if not given[name].is_floating_point()]),
        )
        if found := "; ".join(problem for problem in problems if problem):
            raise WeightsError(f"{where} is not {cls.kind}: {found}", cls.source, "Use that file")
        state = float_tensors(given, where) | {name: torch.zeros((), dtype=torch.int64) for name in counters}
        network.load_state_dict(state, assign=True)
        network.requires_grad_(False).eval()
        network.digest = digest
        return network


def _problem(kind: str, names: list[str]) -> str:
    shown = ", ".join(printable(name[:120]) for name in names[:3])
    return f"{len(names)} tensors {kind} ({shown}{', ...' if len(names) > 3 else ''})" if names else ""
