from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spade_studio.engine.batch.map_list import find_label_maps, natural_key, picture_name
from spade_studio.engine.errors import EngineError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(*arguments: str | Path) -> list[str]:
    maps, problems = find_label_maps(map(str, arguments))
    assert not problems
    return [file.path.name for file in maps]


def test_a_folder_stands_for_its_png_files(tmp_path: Path) -> None:
    touch(tmp_path, "b.png", "a.PNG", ".hidden.png", "notes.txt", "photo.jpg", "instances/a.png")
    (tmp_path / "folder.png").mkdir()
    assert found(tmp_path) == ["a.PNG", "b.png"]


def test_frames_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    touch(tmp_path, "frame10.png", "frame2.png", "frame1.png", "Frame3.png", "2.png")
    assert found(tmp_path) == ["2.png", "frame1.png", "frame2.png", "Frame3.png", "frame10.png"]
    assert sorted([Path("b10/1.png"), Path("b9/2.png"), Path("a/x.png")], key=natural_key)[1] == Path("b9/2.png")


def test_patterns_are_resolved_here_and_files_named_twice_count_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "deep/deeper/b.png", "odd[1].png")
    assert found(tmp_path / "*.png", tmp_path / "a.png", tmp_path) == ["a.png", "odd[1].png"]
    assert found(tmp_path / "**/b.png") == ["b.png"]
    assert found(tmp_path / "odd[1].png") == ["odd[1].png"]  # a file of that very name goes before the pattern


def test_an_argument_that_names_nothing_is_reported_and_the_rest_stays(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / "empty").mkdir()
    arguments = [tmp_path / "a.png", tmp_path / "missing.png", tmp_path / "*.tif", tmp_path / "empty"]
    maps, problems = find_label_maps(map(str, arguments))
    assert [file.name for file in maps] == ["a"]
    assert [str(argument) in str(problem) for argument, problem in zip(arguments[1:], problems, strict=True)] == [True] * 3


def test_equal_stems_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    touch(tmp_path, "one/x.png", "two/X.png", "two/y.png", "far/one/z.png", "near/one/z.png")
    maps, _ = find_label_maps([str(tmp_path / "**/*.png")])
    names = {str(file.path.relative_to(tmp_path)): file.name for file in maps}
    assert names == {
        "one/x.png": "one_x",
        "two/X.png": "two_X",
        "two/y.png": "y",
        "far/one/z.png": "far_one_z",
        "near/one/z.png": "near_one_z",
    }
    assert {file.name for file in maps if file.renamed} == {"one_x", "two_X", "far_one_z", "near_one_z"}


def test_names_that_no_folder_tells_apart_are_an_error(tmp_path: Path) -> None:
    touch(tmp_path, "x.png", "x.PNG")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system ignores case")
    with pytest.raises(EngineError, match="both be rendered"):
        find_label_maps([str(tmp_path)])


def test_pictures_are_numbered_only_where_there_are_several() -> None:
    assert picture_name("lake", 0, 1, ".png") == "lake.png"
    assert [picture_name("lake", i, 3, ".jpg") for i in range(3)] == ["lake_0000.jpg", "lake_0001.jpg", "lake_0002.jpg"]
    assert picture_name("lake", 7, 20_000, ".png") == "lake_00007.png"


@pytest.mark.parametrize("folder", ["maps [1]", "what?", "all*", "[abc]/{x}"])
def test_folders_in_front_of_a_pattern_are_called_what_they_are_called(tmp_path: Path, folder: str) -> None:
    if sys.platform == "win32" and set(folder) & set("?*"):
        pytest.skip("no such names on Windows")
    inner = tmp_path / folder / "deep"
    inner.mkdir(parents=True)
    for path in (inner / "a.png", inner.parent / "b.png"):
        path.touch()
    for pattern, names in (("*.png", ["b"]), ("**/*.png", ["b", "a"]), ("deep/?.png", ["a"]), ("[d]eep/a.png", ["a"])):
        maps, problems = find_label_maps([str(tmp_path / folder / pattern)])
        assert problems == []
        assert sorted(file.name for file in maps) == sorted(names)
