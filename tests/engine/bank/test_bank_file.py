from __future__ import annotations

import json
import pickle
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

from spade_studio.engine.bank import file as file_module
from spade_studio.engine.bank.file import MemoryBank, Piece, write_bank
from spade_studio.engine.bank.photographs import Photograph
from spade_studio.engine.bank.segments import PACKED
from spade_studio.engine.errors import BankError
from spade_studio.engine.labels import load_label_set

Tables = dict[str, NDArray[Any]]
KEY = "spade-studio-bank"


def test_what_is_written_is_read(bank: MemoryBank) -> None:
    assert len(bank) == 7
    assert (bank.size, bank.licence, bank.source, bank.label_set.name) == ((64, 64), "CC BY 4.0", "drawn", "COCO-Stuff")
    assert [photograph.name for photograph in bank.photographs] == ["lake", "hill", "person�[2J"]  # what a terminal would obey is not there
    assert bank.photographs[1].credit == "Ann Author, CC BY 4.0"
    first = bank.tile(0)
    assert first.shape == (48, 64, 4)
    assert np.abs(first[..., :3].astype(int) - (0, 200, 50)).max() <= 3
    person = int(np.flatnonzero(bank.labels == 0)[0])
    assert bank.tile(person).shape == (16, 8, 4)
    assert (bank.tile(person)[..., 3] == 255).all()
    sky = int(np.flatnonzero((bank.labels == 156) & (bank.photograph_of == 2))[0])
    assert (bank.tile(sky)[..., 3] == 0).sum() == 16 * 8  # where the person stands


def test_another_process_maps_the_file_by_itself(bank: MemoryBank) -> None:
    content = pickle.dumps(bank)
    assert len(content) < 1000
    assert np.array_equal(pickle.loads(content).shapes, bank.shapes)


def test_equal_pieces_give_equal_files_and_none_give_no_file(tmp_path: Path) -> None:
    label_set = load_label_set("coco_stuff")
    with pytest.raises(BankError, match="no segment"):
        write_bank(tmp_path / "x.bank", [], size=(8, 8), label_set=label_set, order=(), licence="", source="", photographs=[])
    assert list(tmp_path.iterdir()) == []


def test_writing_keeps_no_tiles_in_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(0)

    def pieces() -> Iterator[Piece]:
        for _ in range(60):
            tile = random.integers(0, 256, (128, 128, 4), np.uint8)
            yield Piece(156, 0, (0, 0, 128, 128), np.zeros(PACKED, np.uint64), tile)

    options = {"size": (128, 128), "label_set": load_label_set("coco_stuff"), "order": (), "licence": "", "source": ""}
    path = tmp_path / "x.bank"
    write_bank(tmp_path / "before.bank", [next(pieces())], **options, photographs=[Photograph("a")])
    tracemalloc.start()
    try:
        assert write_bank(path, pieces(), **options, photographs=[Photograph("a")]) == 60
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 2
    bank = MemoryBank.open(path)
    assert len(bank) == 60
    assert all(bank.tile(number).shape == (128, 128, 4) for number in (0, 59))


def test_what_is_opened_is_what_is_read(bank_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes the bank's place meanwhile is another file."""
    original = file_module.open_regular
    expected = MemoryBank.open(bank_path).tile(3)

    def opened(path: Path) -> BinaryIO:
        file = original(path)
        other = path.with_name("other")
        other.write_bytes(path.read_bytes() + bytes(1000))
        other.replace(path)
        return file

    monkeypatch.setattr(file_module, "open_regular", opened)
    assert np.array_equal(MemoryBank.open(bank_path).tile(3), expected)


@pytest.fixture
def spoil(bank_path: Path) -> Callable[..., Path]:
    """Write the bank again with tables and description changed."""

    def change(tables: Callable[[Tables], object] | None = None, **description: Any) -> Path:
        content = bank_path.read_bytes()
        length = int.from_bytes(content[:8], "little")
        about = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][KEY]) | description
        kept = {name: np.array(table) for name, table in safetensors.numpy.load(content).items()}
        if tables is not None:
            tables(kept)
        bank_path.write_bytes(safetensors.numpy.save(kept, {KEY: json.dumps(about)}))
        return bank_path

    return change


def _set(name: str, place: Any, value: Any) -> Callable[[Tables], object]:
    return lambda tables: tables[name].__setitem__(place, value)


@pytest.mark.parametrize(
    "change",
    [
        _set("boxes", (0, 0), -1),
        _set("boxes", (0, 2), 65),
        _set("boxes", (0, 3), 0),
        _set("boxes", (0, 0), 2**31 - 1),
        _set("photographs", 0, 3),
        _set("photographs", 0, -1),
        _set("ends", 0, 10**9),
        _set("ends", 0, 0),
        _set("ends", -1, 5),
        _set("labels", 0, 255),
        lambda tables: tables.update(labels=tables["labels"][:-1]),
        lambda tables: tables.update(shapes=tables["shapes"][:, :8]),
        lambda tables: tables.update(more=tables["labels"]),
        lambda tables: tables.pop("ends"),
        lambda tables: tables.update(tiles=tables["tiles"][:0]),
        lambda tables: tables.update(names=np.frombuffer(b"[[1, 2]]", np.uint8)),
        lambda tables: tables.update(names=np.frombuffer(b"{", np.uint8)),
        lambda tables: tables.update(names=np.frombuffer(b"[" * 100_000, np.uint8)),
    ],
)
def test_tables_that_lead_astray_are_refused(spoil: Callable[..., Path], change: Callable[[Tables], object]) -> None:
    path = spoil(change)
    with pytest.raises(BankError, match="is damaged"):
        MemoryBank.open(path)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"format_version": 2}, "newer SPADE Studio"),
        ({"size": [64]}, "lacks entries"),
        ({"size": [64, 1 << 30]}, "lacks entries"),
        ({"grid": 32}, "lacks entries"),
        ({"licence": None}, "lacks entries"),
        ({"label_set": {}}, "label set"),
    ],
)
def test_descriptions_that_lack_something_are_refused(spoil: Callable[..., Path], description: dict[str, Any], message: str) -> None:
    path = spoil(**description)
    with pytest.raises(BankError, match=message):
        MemoryBank.open(path)


def test_a_tile_of_another_size_or_of_no_picture_is_found_when_it_is_used(spoil: Callable[..., Path]) -> None:
    bank = MemoryBank.open(spoil(_set("boxes", (0, 2), 20)))
    with pytest.raises(BankError, match="64 x 48 pixels in place of 64 x 20"):
        bank.tile(0)
    with pytest.raises(BankError, match="cannot be decoded"):
        MemoryBank.open(spoil(_set("tiles", slice(0, 40), 0))).tile(0)


def test_other_files_are_no_banks(tmp_path: Path, bank_path: Path) -> None:
    with pytest.raises(BankError, match="no such file"):
        MemoryBank.open(tmp_path / "none.bank")
    other = tmp_path / "other.bank"
    other.write_bytes(safetensors.numpy.save({"a": np.zeros(3)}))
    with pytest.raises(BankError, match="no memory bank"):
        MemoryBank.open(other)
    for content in (b"", b"PK", bank_path.read_bytes()[:-1]):
        other.write_bytes(content)
        with pytest.raises(BankError):
            MemoryBank.open(other)
