"""Plans and manifests: to JSON and back, and what is refused of what comes back."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from spade_studio.app.export.manifest import NAME, Manifest, fingerprint, read_manifest, write_manifest
from spade_studio.app.export.order import ExportOrder, FileLayout, PaintedLayout
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.rendering.frame_sizes import SizeWish


def a_order(**changes):
    labels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    values = {
        "layouts": (PaintedLayout("Lake", labels, labels.astype(np.uint16) + 300, 5, labels.astype(np.uint16) * 999),),
        "label_set": load_label_set("coco_stuff"),
        "styles": (1, np.linspace(-1, 1, 8, dtype=np.float32)),
        "sizes": (None, (64, 96), SizeWish("side", 512)),
        "pattern": "{layout} {size} {index:03}",
    }
    return ExportOrder(**values | changes)


def test_the_automatic_size_comes_back_from_json():
    order = a_order(sizes=(SizeWish("automatic"),))
    assert ExportOrder.from_json(json.loads(json.dumps(order.to_json()))).sizes == order.sizes


def test_a_plan_comes_back_from_json():
    order = a_order()
    again = ExportOrder.from_json(json.loads(json.dumps(order.to_json())))
    assert fingerprint(again) == fingerprint(order)
    assert [picture.file for picture in again.pictures] == [
        "Lake auto 000.png",
        "Lake auto 001.png",
        "Lake 96x64 002.png",
        "Lake 96x64 003.png",
        "Lake 512 004.png",
        "Lake 512 005.png",
    ]
    before, after = order.layouts[0], again.layouts[0]
    assert isinstance(before, PaintedLayout)
    assert isinstance(after, PaintedLayout)
    np.testing.assert_array_equal(after.labels, before.labels)
    assert after.objects is not None
    np.testing.assert_array_equal(after.objects, before.objects)
    assert after.texture == 5
    assert after.texture_regions is not None
    np.testing.assert_array_equal(after.texture_regions, before.texture_regions)
    np.testing.assert_array_equal(again.styles[1], order.styles[1])
    assert again.label_set == order.label_set


def test_plans_of_files_come_back(tmp_path):
    layouts = FileLayout("a", tmp_path / "a.png"), FileLayout("b", tmp_path / "b.png", 7)
    order = a_order(layouts=layouts, pattern="{layout}{size}{variation}")
    assert ExportOrder.from_json(order.to_json()).layouts == order.layouts


def test_the_largest_seeds_come_back(tmp_path):
    labels, largest = np.zeros((8, 8), np.uint8), 2**63 - 1
    for layout in (PaintedLayout("a", labels, None, largest), FileLayout("a", tmp_path / "a.png", largest)):
        order = a_order(layouts=(layout,), styles=(largest,))
        again = ExportOrder.from_json(json.loads(json.dumps(order.to_json())))
        assert (again.layouts[0].texture, again.styles) == (largest, (largest,))


@pytest.mark.parametrize("changes", [{"styles": ()}, {"layouts": ()}, {"styles": tuple(range(60_000))}])
def test_plans_of_nothing_or_too_much_are_refused(changes):
    with pytest.raises(EngineError):
        a_order(**changes)


def test_names_that_differ_by_case_only_are_one():
    layouts = (FileLayout("Lake", None), FileLayout("lake", None))  # pyright: ignore[reportArgumentType]
    with pytest.raises(EngineError, match="two pictures"):
        a_order(layouts=layouts, styles=(1,), sizes=(None,), pattern="{layout}").pictures  # noqa: B018


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), 2),
        (("pictures",), []),
        (("pictures", 0, "file"), "../../x.png"),
        (("pictures", 0, "state"), "perhaps"),
        (("plan", "pattern"), "../{index}"),
        (("plan", "format"), "exe"),
        (("plan", "quality"), 1000),
        (("plan", "styles"), []),
        (("plan", "styles", 0), -1),
        (("plan", "styles", 0), 1.5),
        (("plan", "styles", 0), True),
        (("plan", "styles", 0), 1 << 63),
        (("plan", "layouts", 0, "texture"), -1),
        (("plan", "layouts", 0, "texture"), True),
        (("plan", "layouts", 0, "texture"), 1 << 63),
        (("plan", "styles", 1), "no base64"),
        (("plan", "sizes", 1), [1 << 20, 1]),
        (("plan", "sizes", 2), {"kind": "side", "longer_side": 0}),
        (("plan", "sizes", 2), {"kind": "vast", "longer_side": 9}),
        (("plan", "layouts", 0, "labels"), "eJwDAAAAAAE="),
        (("plan", "layouts", 0, "width"), 1 << 20),
        (("plan", "layouts", 0), {"name": "x", "path": "a\0b"}),
        (("plan", "layouts"), "no"),
        (("plan",), None),
    ],
)
def test_damaged_manifests_are_refused_with_their_name(tmp_path, place, value):
    manifest = Manifest.begin(tmp_path, a_order(), "0" * 64)
    content = copy.deepcopy(json.loads(manifest.to_bytes()))
    write_manifest(tmp_path, json.dumps(content).encode())
    assert read_manifest(tmp_path) is not None
    part = content
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    write_manifest(tmp_path, json.dumps(content).encode())
    with pytest.raises(EngineError, match=NAME):
        read_manifest(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"[]", b"null"])
def test_files_that_are_no_manifest_are_refused(tmp_path, data):
    (tmp_path / NAME).write_bytes(data)
    with pytest.raises(EngineError, match=NAME):
        read_manifest(tmp_path)


def test_pictures_that_were_there_before_do_not_count_as_done(tmp_path):
    order = a_order()
    (tmp_path / order.pictures[0].file).write_bytes(b"other")
    manifest = Manifest.begin(tmp_path, order, "0" * 64)
    assert manifest.replacing
    assert len(manifest.waiting) == 6


def test_pictures_written_right_before_a_crash_count_as_done(tmp_path):
    order = a_order()
    write_manifest(tmp_path, Manifest.begin(tmp_path, order, "0" * 64).to_bytes())
    (tmp_path / order.pictures[2].file).write_bytes(b"whole")
    assert [picture.index for picture in Manifest.begin(tmp_path, a_order(), "0" * 64).waiting] == [0, 1, 3, 4, 5]
    assert Manifest.begin(tmp_path, a_order(), "1" * 64).replacing
