"""Compares a file's tensors with those of the network that a configuration describes.

It does not know where the tensors come from; networks are built without memory, on torch's meta device.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from spade_studio.engine.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, Pix2PixHDConfig
from spade_studio.engine.errors import WeightsError
from spade_studio.engine.weights.info import TensorEntry, printable

if TYPE_CHECKING:
    from torch import Tensor, nn

AnyConfig = AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig

_FLOATS: Final = ("F32", "F16", "BF16", "F64")
_MAX_BLOCKS: Final = 256
# A counter of batch norm's that no evaluation reads; files may have it or not.
_OPTIONAL: Final = "num_batches_tracked"


@lru_cache(maxsize=8)
def _meta_network(config: AnyConfig) -> nn.Module:
    import torch

    from spade_studio.engine.networks import Encoder, MultiscaleDiscriminator, build_generator

    with torch.device("meta"):
        if isinstance(config, EncoderConfig):
            return Encoder(config)
        if isinstance(config, DiscriminatorConfig):
            return MultiscaleDiscriminator(config)
        return build_generator(config)


def parameter_count(config: AnyConfig) -> int:
    """Return how many numbers the network learns."""
    return sum(parameter.numel() for parameter in _meta_network(config).parameters())


def is_needed(name: str) -> bool:
    """Tell whether an entry is part of what networks compute with."""
    return not name.endswith(_OPTIONAL)


def check_entries(entries: Mapping[str, TensorEntry], config: AnyConfig, where: str) -> None:
    """Check names, shapes and number types against the network that ``config`` describes.

    Args:
        entries: By name, as in a state dict.
        config: The network.
        where: The file and network, for messages, like ``latest_net_G.pth``.

    Raises:
        WeightsError: Entries are missing, unexpected, of another shape, or no floating-point numbers: how many, and the first five.
    """
    if isinstance(config, Pix2PixHDConfig) and config.blocks > min(len(entries), _MAX_BLOCKS):
        found = f"{where} claims {config.blocks} residual blocks"
        raise WeightsError(found, f"at most {min(len(entries), _MAX_BLOCKS)} with its {len(entries)} entries", "The file is damaged")
    try:
        network = _meta_network(config)
    except (RuntimeError, OverflowError) as error:
        found = f"{where} describes a network too large to build ({str(error)[:100]})"
        raise WeightsError(found, "a network of sane size", "The file is damaged") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items() if is_needed(name)}
    given = {name: entry for name, entry in entries.items() if is_needed(name)}
    both = [(name, given[name], shape) for name, shape in wanted.items() if name in given]
    problems = [
        _problem("missing", [name for name in wanted if name not in given]),
        _problem("not expected", [name for name in given if name not in wanted]),
        _problem("of another shape", [f"{name} {list(x.shape)} instead of {list(shape)}" for name, x, shape in both if x.shape != shape]),
        _problem("not floating-point", [f"{name} {x.dtype}" for name, x, _ in both if x.dtype not in _FLOATS]),
    ]
    if found := "; ".join(problem for problem in problems if problem):
        raise WeightsError(
            f"{where} does not fit the architecture that it claims: {found}",
            f"the {len(wanted)} entries of {config.kind} as published",
            "The file is damaged, only a part, or of a changed architecture",
        )


def _problem(kind: str, names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(printable(name[:120]) for name in names[:5])
    return f"{len(names)} {kind} ({shown}{', ...' if len(names) > 5 else ''})"


def float_tensors(tensors: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Return float32 copies, in memory of their own, of all entries that networks compute with.

    Raises:
        WeightsError: Values are not finite: which entries.
    """
    import torch

    result: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if is_needed(name):
            # The copy lets go of the file, which may be mapped and may be replaced later.
            result[name] = tensor.detach().to("cpu", torch.float32, copy=True).contiguous()
    check_finite(result, where)
    return result


def check_finite(tensors: Mapping[str, Tensor], where: str) -> None:
    """Check that float32 can hold every value.

    Raises:
        WeightsError: Values are infinite or not numbers: which entries.
    """
    import torch

    if names := [name for name, tensor in tensors.items() if is_needed(name) and not bool(torch.isfinite(tensor.to(torch.float32)).all())]:
        raise WeightsError(
            f"{where} has values that are not finite (NaN or infinite): {_problem('entries', names)}",
            "finite numbers",
            "The training failed or the file is damaged; use an earlier epoch",
        )
