"""Base class of feature networks for Fréchet distances: one vector per picture of any size."""

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
    """Return pictures as float32 values in 0..255, rounded to integers as in an 8-bit file.

    Args:
        pictures: Pictures [B, 3, H, W], uint8 or floating-point in [-1, 1]; values outside are clipped, NaN is kept.
    """
    if pictures.dtype == torch.uint8:
        return pictures.float()
    return ((pictures.float() + 1) * 127.5).round().clamp(0, 255)


class FeatureNetwork(nn.Module, ABC):
    """Frozen feature network, always in evaluation mode.

    Attributes:
        kind: Name of the network.
        distance: Name of the Fréchet distance of its features; ``fid`` is reserved for the Inception network.
        num_features: Number of features D, as torchmetrics names it.
        source: Origin of the file, for messages.
        begins: Names of tensors that identify the architecture.
        unread: Prefixes of further tensors that the file may hold.
        digest: SHA-256 of the file, part of the key of cached statistics; empty without a file.
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
        """Return the features, float32 [B, D], of pictures of any size, float32 [B, 3, H, W] in 0..255."""

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        """Return the features, float32 [B, D], of pictures [B, 3, H, W], uint8 or floating-point in [-1, 1].

        Pictures are moved to the network's device; autocast is disabled.
        """
        device = next(self.parameters()).device
        with torch.autocast(device.type, enabled=False):
            return self.embed(byte_values(pictures.to(device)))

    def train(self, mode: bool = True) -> Self:
        """Ignore the mode: the network stays in evaluation mode."""
        del mode
        return super().train(False)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], where: str, digest: str = "") -> Self:
        """Build the network from a file's tensors without drawing random numbers.

        Args:
            tensors: Tensors by name, as in a state dict, of any floating-point type.
            where: File name for messages.
            digest: SHA-256 of the file.

        Raises:
            WeightsError: Tensors are missing, unexpected, of another shape, or not finite.
        """
        with torch.device("meta"):  # without memory and random initial weights
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
