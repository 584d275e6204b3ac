"""Strict comparison of a file's tensors with those of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.networks.config import EncoderDecoderConfig
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import TensorEntry
from spade_studio.engine.weights.shapes import AnyConfig, Shapes, is_needed, tensor_shapes

if TYPE_CHECKING:
    from torch import Tensor

_FLOATS: Final = ("F32", "F16", "BF16", "F64")


def check_entries(entries: Mapping[str, TensorEntry], config: AnyConfig, where: str) -> None:
    """Check names, shapes and types against the network of a configuration.

    Args:
        entries: Entries by name, as in a state dict.
        config: Configuration of the network.
        where: Name of file and network in messages, such as ``latest_net_G.pth``.

    Raises:
        WeightsError: entries that are missing, unexpected, of another shape, or not floating-point; the message lists the first five.
    """
    if isinstance(config, EncoderDecoderConfig) and config.blocks > len(entries):
        found = f"{where} claims {config.blocks} residual blocks"
        raise WeightsError(found, f"at most {len(entries)}, as many as its entries", "The file is damaged")
    check_shapes(entries, tensor_shapes(config), where, config.kind)


def check_shapes(entries: Mapping[str, TensorEntry], wanted: Shapes, where: str, kind: str) -> None:
    """Check names, shapes and types against those of a network.

    Args:
        entries: Entries by name, as in a state dict.
        wanted: Shapes of the network by name.
        where: Name of file and network in messages.
        kind: Name of the kind of network in messages.

    Raises:
        WeightsError: as for :func:`check_entries`.
    """
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
            f"the {len(wanted)} entries of the network {kind!r}",
            "The file is damaged, only a part, or of a changed architecture",
        )


def _problem(kind: str, names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(printable(name[:120]) for name in names[:5])
    return f"{len(names)} {kind} ({shown}{', ...' if len(names) > 5 else ''})"


def float_tensors(tensors: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Return float32 copies of all entries that networks compute with.

    Raises:
        WeightsError: values that are not finite; the message names the entries.
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
    """Check that all values are finite in float32.

    Raises:
        WeightsError: infinite values or NaNs; the message names the entries.
    """
    import torch

    if names := [name for name, tensor in tensors.items() if is_needed(name) and not bool(torch.isfinite(tensor.to(torch.float32)).all())]:
        raise WeightsError(
            f"{where} has values that are not finite (NaN or infinite): {_problem('entries', names)}",
            "finite numbers",
            "The training failed or the file is damaged; use an earlier epoch",
        )
