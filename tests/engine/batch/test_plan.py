from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spade_studio.engine.batch.map_list import MapFile, find_label_maps
from spade_studio.engine.batch.plan import (
    MAX_SEED,
    BatchPlan,
    InstanceFolder,
    NameClashError,
    count_existing,
    missing_pictures,
    plan_batch,
    plan_pictures,
    seeds_from,
)
from spade_studio.engine.batch.shares import Share
from spade_studio.engine.errors import EngineError, LabelError, StyleError


def maps(folder: Path, count: int) -> list[MapFile]:
    return [MapFile(folder / "maps" / f"m{number}.png", f"m{number}") for number in range(count)]


def plan(folder: Path, count: int, variations: int, **changes: Any) -> BatchPlan:
    options: dict[str, Any] = {"size": None, "output": folder / "out", "picture_format": "png", "share": Share(), "overwrite": False}
    return plan_batch(maps(folder, count), styles=seeds_from(3, variations), **(options | changes))


def pictures(plan: BatchPlan) -> list[tuple[int, int, str]]:
    return [(picture.place, picture.variation, picture.file) for work in plan.works for picture in work]


def test_layouts_sizes_and_styles_are_planned_in_order() -> None:
    found = plan_pictures(("a", "b"), (1, 2), seeds_from(7, 2), lambda *values: "".join(map(str, values)))
    assert [picture.file for picture in found] == ["a1070", "a1181", "a2072", "a2183", "b1074", "b1185", "b2076", "b2187"]
    assert [(picture.index, picture.place, picture.layout, picture.size, picture.style) for picture in found][5] == (5, 1, "b", 1, 8)


def test_no_process_names_or_keeps_the_pictures_of_others() -> None:
    named: list[int] = []

    def file_name(layout: str, size: int, variation: int, style: Any, index: int) -> str:
        named.append(index)
        return f"{layout}{size}{variation}{style}"

    everything = plan_pictures(("a", "b"), (1, 2), seeds_from(7, 2), file_name)
    named.clear()
    part = plan_pictures(("a", "b"), (1, 2), seeds_from(7, 2), file_name, range(3, 6))
    assert [(picture.index, picture.file) for picture in part] == [(picture.index, picture.file) for picture in everything[3:6]]
    assert named == [3, 4, 5]


def test_file_names_that_differ_by_case_only_clash() -> None:
    with pytest.raises(NameClashError, match="two pictures") as told:
        plan_pictures(("Lake", "lake"), (None,), (0,), lambda layout, *_: f"{layout}.png")
    assert told.value.file == "lake.png"


def test_missing_pictures_are_those_without_a_whole_file_that_may_be_kept(tmp_path: Path) -> None:
    found = plan_pictures(("a",), (None,), range(3), lambda _layout, _size, variation, _style, _index: f"{variation}.png")
    (tmp_path / "0.png").write_bytes(b"picture")
    (tmp_path / "1.png").write_bytes(b"picture")
    (tmp_path / "2.png").touch()  # empty: no picture
    assert [picture.index for picture in missing_pictures(found, tmp_path, lambda picture: picture.index != 1)] == [1, 2]
    assert count_existing(found, tmp_path) == 3
    assert count_existing(found, tmp_path / "missing") == 0


@pytest.mark.parametrize(("first", "count"), [(0, 0), (-1, 1), (MAX_SEED, 2), (1 << 63, 1)])
def test_seeds_out_of_range_are_refused(first: int, count: int) -> None:
    with pytest.raises(StyleError):
        seeds_from(first, count)
    assert list(seeds_from(MAX_SEED - 1, 2)) == [MAX_SEED - 1, MAX_SEED]


def test_every_picture_is_planned(tmp_path: Path) -> None:
    found = plan(tmp_path, 2, 2)
    assert pictures(found) == [(0, 0, "m0_0000.png"), (0, 1, "m0_0001.png"), (1, 0, "m1_0000.png"), (1, 1, "m1_0001.png")]
    assert (found.pictures, found.skipped, found.maps) == (4, 0, 2)


@pytest.mark.parametrize(("count", "variations"), [(7, 1), (7, 3), (1, 10), (2, 5), (0, 1)])
def test_shares_make_up_the_whole_and_know_the_global_place(tmp_path: Path, count: int, variations: int) -> None:
    whole = plan(tmp_path, count, variations)
    parts = [plan(tmp_path, count, variations, share=Share(index, 3)) for index in range(3)]
    assert [each for part in parts for each in pictures(part)] == pictures(whole)
    assert {part.maps for part in parts} == {count}


def test_what_exists_is_skipped_unless_it_is_to_be_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "m0_0001.png").write_bytes(b"picture")
    (tmp_path / "out" / "m1_0000.png").touch()  # empty: no picture
    for name in ("m2_0000.png", "m2_0001.png"):
        (tmp_path / "out" / name).write_bytes(b"picture")
    found = plan(tmp_path, 3, 2)
    assert pictures(found) == [(0, 0, "m0_0000.png"), (1, 0, "m1_0000.png"), (1, 1, "m1_0001.png")]
    assert found.skipped == 3
    assert plan(tmp_path, 3, 2, overwrite=True).pictures == 6


def test_pictures_never_replace_the_maps_or_other_inputs(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    with pytest.raises(EngineError, match="take the place of an input"):
        plan(tmp_path, 1, 1, output=tmp_path / "maps" / ".." / "maps")
    with pytest.raises(EngineError, match="take the place of an input"):
        plan(tmp_path, 1, 1, inputs=[tmp_path / "out" / "M0.png"])
    assert plan(tmp_path, 1, 1, output=tmp_path / "maps", picture_format="jpg").pictures == 1
    assert plan(tmp_path, 1, 2, output=tmp_path / "maps").pictures == 2


def test_instances_are_found_by_stem(tmp_path: Path) -> None:
    for name in ("m0.png", "aachen_instanceIds.png", "one/x.png", "two_x.png"):
        path = tmp_path / "instances" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name in ("one/x.png", "two/x.png", "three/x.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    folder = InstanceFolder(tmp_path / "instances")
    assert folder.find(MapFile(tmp_path / "m0.png", "m0")).name == "m0.png"
    assert folder.find(MapFile(tmp_path / "aachen_labelIds.png", "aachen_labelIds")).name == "aachen_instanceIds.png"
    with pytest.raises(LabelError, match=r"m1\.png has no instance map"):
        folder.find(MapFile(tmp_path / "m1.png", "m1"))
    clashing, _ = find_label_maps([str(tmp_path / name / "x.png") for name in ("one", "two", "three")])
    found = {file.path.parent.name: file for file in clashing}
    assert folder.find(found["one"]) == tmp_path / "instances" / "one" / "x.png"
    assert folder.find(found["two"]) == tmp_path / "instances" / "two_x.png"
    with pytest.raises(LabelError, match="no instance map"):
        folder.find(found["three"])
    with pytest.raises(EngineError, match="no such folder"):
        InstanceFolder(tmp_path / "missing")
