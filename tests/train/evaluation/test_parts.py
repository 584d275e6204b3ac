from __future__ import annotations

from pathlib import Path

import pytest
import torch

from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.evaluation.parts import Part, PictureRecord, sparse_counts
from spade_studio.train.evaluation.record import CandidateEntry, EvaluationRecord, missing_parts, part_folder


def _part() -> Part:
    matrices = [torch.tensor([[3, 0], [0, 0]]), None, torch.tensor([[1, 2], [0, 0]])]
    records = (PictureRecord(0, "a", 0.5, 100, 0.25, 1.5, None), PictureRecord(1, "b", problem="damaged"), PictureRecord(2, "c"))
    return Part(records, sparse_counts(matrices), {"fid": torch.rand(2, 4)}, (b"one", b"", b"three"), (b"x", b"", b""))


def test_parts_come_back_as_they_were(tmp_path: Path) -> None:
    part, path = _part(), tmp_path / "deep" / "00000.safetensors"
    part.write(path)
    again = Part.read(path)
    assert again is not None
    assert (again.records, again.thumbnails, again.layouts) == (part.records, part.thumbnails, part.layouts)
    assert torch.equal(again.features["fid"], part.features["fid"])
    assert again.matrices(1).tolist() == [[[3, 0], [0, 0]], [[0, 0], [0, 0]], [[1, 2], [0, 0]]]
    before = path.read_bytes()
    again.write(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_damaged_parts_are_none(tmp_path: Path) -> None:
    path = tmp_path / "00000.safetensors"
    assert Part.read(path) is None
    _part().write(path)
    content = path.read_bytes()
    for damaged in (b"", content[:40], content[:-5], b"\0" * 100):
        path.write_bytes(damaged)
        assert Part.read(path) is None
    part = _part()
    Part(part.records, part.counts, {"fid": torch.rand(3, 4)}, part.thumbnails).write(path)  # of three pictures, one of which failed
    assert Part.read(path) is None


def test_records_say_what_is_missing(tmp_path: Path) -> None:
    candidates = tuple(CandidateEntry(name, "pictures", "there", part_folder(name, 1)) for name in ("a", "b"))
    classes, networks = {"names": ["x"]}, {"fid": "Inception"}
    record = EvaluationRecord("data", "folder", "Tiny", 40, (64, 128), "net", classes, networks, "", {"seed": 0}, candidates)
    record.write(tmp_path)
    assert EvaluationRecord.read(tmp_path) == record
    assert (record.parts, list(record.numbers_of(2))) == (3, list(range(32, 40)))
    assert missing_parts(record, [tmp_path]) == 6
    _part().write(record.part_path(tmp_path / "other", candidates[1], 2))
    assert missing_parts(record, [tmp_path, tmp_path / "other"]) == 5
    assert part_folder("a", 1) != part_folder("a", 2)
    assert "/" not in part_folder("../x/y", 1)
    (tmp_path / "evaluation.json").write_text('{"format": 2}')
    with pytest.raises(EvaluationError, match="cannot be read"):
        EvaluationRecord.read(tmp_path)
