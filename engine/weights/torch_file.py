"""The reader of ``.pth`` files in both of torch's formats: table of contents without torch, values with ``weights_only=True``."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import open_regular
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import TensorEntry
from spade_studio.engine.weights.pickle_reader import (
    MAX_TENSORS,
    PickleReader,
    StoredTensor,
    state_dict_tensors,
    state_dict_within,
    state_dicts,
)

if TYPE_CHECKING:
    from torch import Tensor

# A generator's pickle has about 30 kB, its archive 240 entries.
_MAX_PICKLE_BYTES: Final = 1 << 20
_MAX_DIRECTORY_BYTES: Final = 8 << 20
_MAX_ZIP_ENTRIES: Final = 20_000
_READ_ERRORS: Final = (
    RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError, EOFError, OSError, pickle.UnpicklingError,
)  # fmt: skip


_Check = Callable[[Mapping[str, StoredTensor]], None]


@dataclass(frozen=True)
class TorchFile:
    """The table of contents of a ``.pth`` file.

    Attributes:
        path: The file.
        zipped: Whether the file has torch's zip format instead of the legacy one.
        prefix: Prefix of all names in the file that ``entries`` lack: ``module.`` or "".
        entries: Type and shape of each tensor by name.
        within: Names that lead to the state dict inside the file; () where the file is the state dict itself.
    """

    path: Path
    zipped: bool
    prefix: str
    entries: dict[str, TensorEntry]
    within: tuple[str, ...] = ()


def read_torch_file(path: Path, *, zipped: bool, within: tuple[str, ...] = ()) -> TorchFile:
    """Read and check the table of contents; no values are read and nothing is executed.

    Args:
        path: The file.
        zipped: Whether the file has torch's zip format.
        within: Candidate names of the state dict inside the file, of which the first existing one is read.

    Raises:
        WeightsError: a damaged or hostile file, or one without a plain state dict.
    """
    try:
        with open_regular(path) as file:
            value, check = _zip_value(file, path) if zipped else _legacy_value(file, path)
    except (OSError, struct.error, zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
        raise _damaged(f"{path.name} is damaged ({error})") from error
    name = state_dict_within(value, within)
    tensors = state_dict_tensors(cast("dict[str, object]", value)[name] if name else value, path.name)
    return _torch_file(path, zipped, tensors, (name,) if name else (), check)


def read_state_dicts(path: Path, *, zipped: bool) -> list[TorchFile]:
    """Read and check the tables of contents of all state dicts in a file.

    Raises:
        WeightsError: a damaged or hostile file, or one without a state dict.
    """
    try:
        with open_regular(path) as file:
            value, check = _zip_value(file, path) if zipped else _legacy_value(file, path)
    except (OSError, struct.error, zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
        raise _damaged(f"{path.name} is damaged ({error})") from error
    found = state_dicts(value) or {(): state_dict_tensors(value, path.name)}
    return [_torch_file(path, zipped, tensors, place, check) for place, tensors in found.items()]


def _torch_file(path: Path, zipped: bool, tensors: dict[str, StoredTensor], within: tuple[str, ...], check: _Check) -> TorchFile:
    check(tensors)
    storages = {tensor.storage for tensor in tensors.values()}
    shared = sum(tensor.elements for tensor in tensors.values()) > sum(storage.elements for storage in storages)
    if shared or len({storage.key for storage in storages}) != len(storages):
        raise _damaged(f"{path.name} has tensors that share their numbers", "every tensor with its own", "Save network.state_dict() again")
    # torch's DataParallel writes its own name before every entry.
    prefix = "module." if all(name.startswith("module.") for name in tensors) else ""
    entries = {name.removeprefix(prefix): TensorEntry(tensor.storage.dtype, tensor.shape) for name, tensor in tensors.items()}
    return TorchFile(path, zipped, prefix, entries, within)


def load_torch_file(file: TorchFile) -> dict[str, Tensor]:
    """Load the tensors by the names of ``file.entries``, memory-mapped where the format allows it.

    Raises:
        WeightsError: torch cannot read the file, or reads other tensors than its table of contents lists.
    """
    import torch

    try:
        loaded: object = torch.load(file.path, map_location="cpu", weights_only=True, mmap=file.zipped)
    except _READ_ERRORS as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise _damaged(f"torch cannot read {file.path.name} ({reason})") from error
    tensors: dict[str, Tensor] = {}
    values = cast("dict[object, object]", loaded if isinstance(loaded, dict) else {})
    for step in file.within:
        inner = values.get(step)
        values = cast("dict[object, object]", inner if isinstance(inner, dict) else {})
    for name, value in values.items():
        if isinstance(value, torch.Tensor) and str(name).startswith(file.prefix):
            tensors[str(name).removeprefix(file.prefix)] = value
    if {name: tuple(tensor.shape) for name, tensor in tensors.items()} != {name: entry.shape for name, entry in file.entries.items()}:
        raise _damaged(f"{file.path.name} contradicts its own table of contents")
    return tensors


def _damaged(found: str, expected: str = "a file as torch.save writes it", action: str = "Download or copy the file again") -> WeightsError:
    return WeightsError(found, expected, action)


def _zip_value(file: IO[bytes], path: Path) -> tuple[object, _Check]:
    """Return what the pickle of a zipped file describes, and what checks that the numbers of tensors are there."""
    size = os.fstat(file.fileno()).st_size
    _check_directory(file, size, path.name)
    with zipfile.ZipFile(file) as archive:
        records = {record.filename: record for record in archive.infolist()}
        if len({name.lower() for name in records}) != len(archive.infolist()):
            raise _damaged(f"{path.name} holds the same name twice")
    pickles = [name for name in records if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise _damaged(f"{path.name} is a zip archive without data.pkl", action="If a .pth file is inside, unpack it and choose that")
    folder = pickles[0].removesuffix("data.pkl")
    if folder + "constants.pkl" in records:
        raise _damaged(f"{path.name} is a TorchScript program", "a bare state dict", "Choose the .pth file with the network's state dict")
    places = _check_records(file, records.values(), size, path.name)
    length = records[pickles[0]].file_size
    if length > _MAX_PICKLE_BYTES:
        raise _damaged(f"{path.name} has a table of contents of {length:,} bytes", f"at most {_MAX_PICKLE_BYTES:,}")
    file.seek(places[pickles[0]])
    value = PickleReader(path.name).read(io.BytesIO(file.read(length)))

    def check(tensors: Mapping[str, StoredTensor]) -> None:
        for name, tensor in tensors.items():
            record = records.get(f"{folder}data/{tensor.storage.key}")
            if record is None or record.file_size != tensor.storage.bytes:
                found = f"{path.name} has {record.file_size if record else 'no'} bytes for {printable(name)}"
                raise _damaged(found, f"{tensor.storage.bytes} bytes, as its table of contents says")

    return value, check


def _check_directory(file: IO[bytes], size: int, name: str) -> None:
    """Check the end of a zip archive before any library reads it: one directory, of sane size, right before the end record.

    That leaves different zip readers (Python's and torch's) no room to see different archives.
    """
    end = size - 22
    file.seek(max(0, end - 76))
    tail = file.read()
    record = tail[-22:]
    if len(record) < 22 or not record.startswith(b"PK\x05\x06") or record[20:] != b"\0\0":
        raise _damaged(f"{name} is a zip archive without its end: it is cut off or has something behind it")
    entries, directory, offset = struct.unpack("<10xHLL2x", record)
    locator = tail[-42:-22]
    if locator.startswith(b"PK\x06\x07"):
        end -= 76
        wide = tail[-98:-42]
        if struct.unpack("<8xQ4x", locator)[0] != end or not wide.startswith(b"PK\x06\x06"):
            raise _damaged(f"{name} has a damaged end record")
        entries, directory, offset = struct.unpack("<32xQQQ", wide)
    if offset + directory != end or directory > _MAX_DIRECTORY_BYTES or entries > _MAX_ZIP_ENTRIES:
        found = f"{name} has a zip directory of {entries:,} entries in {directory:,} bytes at {offset:,} of {size:,}"
        raise _damaged(found, f"at most {_MAX_ZIP_ENTRIES:,} entries, the directory at the end")


def _check_records(file: IO[bytes], records: Iterable[zipfile.ZipInfo], size: int, name: str) -> dict[str, int]:
    """Return where every record's bytes begin; they must be stored plainly, inside the file and before the next record."""
    places: dict[str, int] = {}
    ordered = sorted(records, key=lambda record: record.header_offset)
    ends = [record.header_offset for record in ordered[1:]] + [size]
    for record, end in zip(ordered, ends, strict=True):
        if record.compress_type != zipfile.ZIP_STORED or record.flag_bits & 1 or record.file_size != record.compress_size:
            found, action = f"{name} is a compressed or encrypted zip archive", "If a .pth file is inside, unpack it and choose that"
            raise _damaged(found, "an archive without compression, as torch.save writes it", action)
        file.seek(record.header_offset)
        header = file.read(30)
        name_bytes, extra_bytes = struct.unpack("<26xHH", header)
        place = record.header_offset + 30 + name_bytes + extra_bytes
        if not header.startswith(b"PK\x03\x04") or place + record.file_size > end:
            raise _damaged(f"{name} has a zip entry that overlaps another or leaves the file")
        places[record.filename] = place
    return places


def _legacy_value(file: IO[bytes], path: Path) -> tuple[object, _Check]:
    """Return what a file of the older format describes; all numbers were looked for then."""
    size = os.fstat(file.fileno()).st_size
    reader = PickleReader(path.name)
    window = io.BytesIO(file.read(_MAX_PICKLE_BYTES))
    # Magic number, protocol version and the writer's machine; then the state dict and the order of its storages.
    reader.read(window)
    if reader.read(window) != 1001:
        raise _damaged(f"{path.name} has an unknown version of torch's older format", "version 1001")
    reader.read(window)
    value = reader.read(window)
    storages = reader.storages
    if len(storages) > MAX_TENSORS:
        raise _damaged(f"{path.name} holds {len(storages):,} tensors", f"at most {MAX_TENSORS:,}", "Choose a weights file of SPADE")
    keys = reader.read(window)
    listed = [key for key in cast("list[object]", keys) if isinstance(key, str)] if isinstance(keys, list) else []
    if sorted(listed) != sorted(storages):
        raise _damaged(f"{path.name} lists other stored numbers than its tensors use")
    place = window.tell()
    for key in listed:
        file.seek(place)
        place += 8 + storages[key].bytes
        if file.read(8) != struct.pack("<q", storages[key].elements) or place > size:
            raise _damaged(f"{path.name} is cut off or damaged: its numbers need {place:,} bytes, it has {size:,}")
    return value, lambda tensors: None
