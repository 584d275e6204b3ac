"""What is remembered of weights: written whole, read from any state of the file, migrated."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spade_studio.app.weights.shelf import MAX_ENTRIES, SCHEMA, Entry, Shelf, Stamp
from spade_studio.engine.labels import Label, LabelSet
from spade_studio.engine.weights.info import PublishedOptions

SET = LabelSet("Two", (Label(0, "a", (1, 2, 3)), Label(1, "b", (4, 5, 6))), None)
DAY = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def test_all_that_is_kept_comes_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "state" / "weights.json")
    entry = Entry(tmp_path / "a.pth", "A", "SPADE, 3 labels", DAY, True, "good\nfor seas", Stamp(5, 6, "ab"))
    shelf.put(entry)
    shelf.mark_used(tmp_path / "b", "B", DAY)
    options = PublishedOptions("more", 512, 2.0, "first", SET)
    shelf.answer("ab", options)
    again = Shelf(shelf.path)
    assert again.entries == [Entry(tmp_path / "b", "B", used=DAY), entry]
    assert again.answers("ab") == options
    again.answer("ab", PublishedOptions())
    assert Shelf(shelf.path).answers("ab") is None


def test_the_used_one_comes_first_and_keeps_what_was_written_about_it(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "weights.json")
    for name in "abc":
        shelf.put(Entry(tmp_path / name, note=f"note {name}"))
    shelf.mark_used(tmp_path / "a", "A", DAY)
    assert [entry.path.name for entry in shelf.entries] == ["a", "c", "b"]
    assert shelf.entries[0].note == "note a"


def test_favourites_and_notes_outlast_the_limit(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "weights.json")
    shelf.put(Entry(tmp_path / "star", is_favourite=True))
    shelf.put(Entry(tmp_path / "noted", note="x"))
    for number in range(MAX_ENTRIES + 5):
        shelf.mark_used(tmp_path / str(number), "", DAY)
    assert len(shelf.entries) == MAX_ENTRIES
    assert shelf.find(tmp_path / "star")
    assert shelf.find(tmp_path / "noted")
    assert shelf.find(tmp_path / "0") is None


def test_a_moved_entry_takes_the_place_of_another_of_its_path(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "weights.json")
    shelf.put(Entry(tmp_path / "new"))
    shelf.put(Entry(tmp_path / "old", note="kept", stamp=Stamp(1, 2, "ab")))
    shelf.move(shelf.entries[0], tmp_path / "new")
    assert Shelf(shelf.path).entries == [Entry(tmp_path / "new", note="kept")]


def test_a_move_keeps_what_was_written_since_the_entry_was_listed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "weights.json")
    shelf.put(Entry(tmp_path / "old"))
    listed = shelf.entries[0]
    shelf.put(replace(listed, note="written later", is_favourite=True))
    shelf.move(listed, tmp_path / "new")
    assert Shelf(shelf.path).entries == [Entry(tmp_path / "new", note="written later", is_favourite=True)]


def test_a_move_to_its_own_place_loses_no_other_entry(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "weights.json")
    for name in "ba":
        shelf.put(Entry(tmp_path / name))
    shelf.move(shelf.entries[1], tmp_path / "b")
    assert [entry.path.name for entry in shelf.entries] == ["a", "b"]


def test_a_name_that_is_no_proper_text_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "w\udcff.pth"  # how Python gives the byte FF of a file's name
    shelf = Shelf(tmp_path / "weights.json")
    shelf.mark_used(path, "", DAY)
    assert Shelf(shelf.path).entries == [Entry(path, used=DAY)]


def test_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_text(json.dumps({"schema": 1, "weights": [{"path": "/a", "notes": "old words"}]}))
    shelf = Shelf(path)
    assert shelf.entries == [Entry(Path("/a"), note="old words")]
    shelf.write()
    assert json.loads(path.read_text())["schema"] == SCHEMA
    assert Shelf(path).entries == shelf.entries


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"schema": true}', b'{"schema": 0}', b"\xff", b"[" * 100_000])
def test_a_damaged_file_is_put_aside(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_bytes(content)
    shelf = Shelf(path)
    assert shelf.entries == []
    assert (tmp_path / "weights.json.unreadable").read_bytes() == content
    shelf.put(Entry(Path("/a")))
    assert Shelf(path).entries == [Entry(Path("/a"))]


def test_entries_that_are_not_well_formed_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    bad = [3, {}, {"path": ""}, {"path": "/a\0b"}, {"path": "/b", "used": "never", "note": 5, "favourite": "yes", "stamp": {"size": "x"}}]
    answers = {"x": 3, "y": {"label_set": {"name": ""}}, "z": {"crop_size": "wide", "upsampling": "all"}, "long": {"aspect_ratio": 10**400}}
    path.write_text(json.dumps({"schema": SCHEMA, "weights": [*bad, {"path": "/b"}], "answers": answers}))
    shelf = Shelf(path)
    assert shelf.entries == [Entry(Path("/b"))]
    assert shelf.answers("x") is None
    assert shelf.answers("y") is None
    assert shelf.answers("z") is None
    assert shelf.answers("long") is None


def test_a_file_of_a_newer_version_is_read_but_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    content = json.dumps({"schema": SCHEMA + 1, "weights": [{"path": "/a", "new": 1}]})
    path.write_text(content)
    shelf = Shelf(path)
    assert shelf.entries == [Entry(Path("/a"))]
    shelf.put(replace(shelf.entries[0], note="x"))
    assert path.read_text() == content
