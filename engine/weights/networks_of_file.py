"""The networks in a torch file: bare state dicts, those with wrapper prefixes, and those inside training checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import TensorEntry
from spade_studio.engine.weights.structure import NETWORK_NAMES, NetworkKind, network_kind
from spade_studio.engine.weights.torch_file import TorchFile, read_state_dicts

_AVERAGED: Final = ("ema", "average", "shadow")
_MAX_PREFIXES: Final = 4
_LISTED: Final = 5


@dataclass
class NetworksOfFile:
    """The networks of a file.

    Attributes:
        files: Networks by kind, with the names that lead to each.
        notes: Notes for the user on the choice.
    """

    files: dict[NetworkKind, TorchFile] = field(default_factory=dict["NetworkKind", TorchFile])
    notes: list[str] = field(default_factory=list[str])


def networks_of_file(path: Path, *, zipped: bool) -> NetworksOfFile:
    """Find the networks of a file; of raw and averaged weights of one network, the averages.

    Raises:
        WeightsError: a damaged or hostile file, no network of SPADE, or an ambiguous choice of generators.
    """
    parts = read_state_dicts(path, zipped=zipped)
    found: dict[NetworkKind, list[TorchFile]] = {}
    for part in parts:
        for network in _networks(part):
            found.setdefault(network_kind(network.entries, path.name), []).append(network)
    if not found:
        network_kind(parts[0].entries, path.name)  # which says what there is instead
    result = NetworksOfFile()
    for kind, networks in found.items():
        averaged = [network for network in networks if any(word in _name(network).lower() for word in _AVERAGED)]
        chosen = networks if len(networks) == 1 else averaged
        if len(chosen) != 1:
            if kind in ("encoder", "discriminator") and len(found) > 1:
                result.notes.append(f"{path.name} holds {len(networks)} times {NETWORK_NAMES[kind]}, of which none was taken")
                continue
            names = ", ".join(printable(_name(network)[:60]) for network in networks[:_LISTED])
            raise WeightsError(
                f"{path.name} holds {NETWORK_NAMES[kind]} {len(networks)} times: {names}",
                "one",
                "Save the state dict that is meant alone, with torch.save",
            )
        result.files[kind] = chosen[0]
        _note(result.notes, path.name, chosen[0], others=len(networks) > 1)
    return result


def _networks(part: TorchFile) -> Iterator[TorchFile]:
    """Yield the networks whose entries a state dict holds, with what stands before all of their names taken off."""
    waiting: list[tuple[str, Mapping[str, TensorEntry]]] = [("", part.entries)]
    for prefix, entries in waiting:  # which grows
        if _is_network(entries):
            yield replace(part, prefix=part.prefix + prefix, entries=dict(entries))
        elif prefix.count(".") < _MAX_PREFIXES:
            groups: dict[str, dict[str, TensorEntry]] = {}
            for name, entry in entries.items():
                first, dot, rest = name.partition(".")
                if dot and rest:
                    groups.setdefault(first + dot, {})[rest] = entry
            waiting += [(prefix + first, group) for first, group in groups.items()]


def _is_network(entries: Mapping[str, TensorEntry]) -> bool:
    try:
        network_kind(entries, "")
    except WeightsError:
        return False
    return True


def _name(network: TorchFile) -> str:
    return ".".join([*network.within, network.prefix.rstrip(".")]).strip(".")


def _note(notes: list[str], where: str, network: TorchFile, *, others: bool) -> None:
    if network.within:
        what = "the averaged one, was taken out of several" if others else "was taken out of the file"
        notes.append(f"{where} holds more than weights: {printable(repr(_name(network))[:80])} {what}")
    elif network.prefix == "module.":
        notes.append(f"the names in {where} begin with 'module.' (saved from DataParallel); it was taken off")
    elif network.prefix:
        notes.append(f"the names in {where} begin with {printable(repr(network.prefix)[:80])}; it was taken off")
