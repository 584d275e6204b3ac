from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Render = Callable[..., Any]


def test_a_folder_of_maps_becomes_a_folder_of_pictures(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    done = render(maps, "--output", tmp_path / "deep" / "out")
    assert done.code == 0, done.err
    assert kit.names(tmp_path / "deep" / "out") == ["frame1.png", "frame10.png", "frame2.png"]
    assert "Rendered 3 pictures" in done.out
    assert done.err == ""
    pictures = [kit.read(tmp_path / "deep" / "out" / name) for name in kit.names(tmp_path / "deep" / "out")]
    assert {picture.shape for picture in pictures} == {(128, 128, 3)}
    assert all(picture.std() > 2 for picture in pictures)
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() > 1


def test_files_folders_and_patterns_go_together(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    kit.save(tmp_path / "other" / "deep" / "b.png", kit.label_map(7))
    single = kit.save(tmp_path / "single.png", kit.label_map(8))
    done = render(single, maps, f"{tmp_path}/other/**/*.png", "--output", tmp_path / "out", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert kit.names(tmp_path / "out") == ["b.png", "frame1.png", "frame10.png", "frame2.png", "single.png"]


def test_grey_palette_and_colour_maps_give_the_same_picture(render: Render, kit: Any, tmp_path: Path) -> None:
    labels = kit.label_map(3)
    kit.save(tmp_path / "maps" / "grey.png", labels)
    palette = Image.fromarray(labels)
    palette.putpalette([1, 2, 3] * 256)
    palette.save(tmp_path / "maps" / "palette.png")
    kit.save(tmp_path / "maps" / "colour.png", kit.tiny.palette()[labels])
    assert render(tmp_path / "maps", "--output", tmp_path / "out").code == 0
    pictures = [kit.read(tmp_path / "out" / f"{name}.png") for name in ("grey", "palette", "colour")]
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] == pictures[2]).all()


def test_a_colour_map_of_another_label_set_is_carried_over_by_name(render: Render, kit: Any, tmp_path: Path) -> None:
    from spade_studio.engine.labels import load_label_set

    ade = load_label_set("ade20k")
    names = {10: "sky", 20: "sea", 40: "tree"}
    labels = kit.label_map(4, ids=(10, 20, 40))
    in_ade = np.zeros_like(labels)
    for id_, name in names.items():
        label = ade.by_name(name)
        assert label is not None
        in_ade[labels == id_] = label.id
    kit.save(tmp_path / "own.png", labels)
    kit.save(tmp_path / "ids.png", in_ade)
    kit.save(tmp_path / "colours.png", ade.palette()[in_ade])
    assert render(tmp_path / "own.png", "--output", tmp_path / "out").code == 0
    done = render(tmp_path / "ids.png", tmp_path / "colours.png", "--output", tmp_path / "out", "--label-set", "ADE20K")
    assert (done.code, done.err) == (0, "")
    own = kit.read(tmp_path / "out" / "own.png")
    assert (kit.read(tmp_path / "out" / "ids.png") == own).all()
    assert (kit.read(tmp_path / "out" / "colours.png") == own).all()


def test_unknown_ids_render_as_unlabeled_and_are_reported_once(render: Render, kit: Any, tmp_path: Path) -> None:
    labels = kit.label_map(1)
    labels[:32] = 255
    kit.save(tmp_path / "maps" / "unlabeled.png", labels)
    labels[:32, :64] = 77
    kit.save(tmp_path / "maps" / "unknown.png", labels)
    for name in ("unlabeled", "unknown"):  # instance edges would follow the ids
        kit.save(tmp_path / "instances" / f"{name}.png", np.zeros((128, 128), np.uint8))
    done = render(tmp_path / "maps", "--output", tmp_path / "out", "--instances", tmp_path / "instances")
    assert done.code == 0
    assert done.err.splitlines() == [
        "The weights do not know these labels, whose pixels render as unlabeled:",
        "  id 77 (no label of Tiny): 6.25 % of all pixels, in 1 map",
    ]
    assert (kit.read(tmp_path / "out" / "unlabeled.png") == kit.read(tmp_path / "out" / "unknown.png")).all()


def test_weights_without_a_label_set_take_values_as_channels(render: Render, kit: Any, layout_weights: Path, tmp_path: Path) -> None:
    labels = kit.label_map(1, ids=(0, 1, 2, 255))
    kit.save(tmp_path / "maps" / "named.png", labels)
    labels = np.where(labels == 255, 4, labels).astype(np.uint8)  # the unlabeled channel by its number
    kit.save(tmp_path / "maps" / "numbered.png", labels)
    kit.save(tmp_path / "maps" / "colour.png", np.full((128, 128, 3), (0, 0, 9), np.uint8))
    done = render(tmp_path / "maps", "--output", tmp_path / "out", "--weights", layout_weights)
    assert done.code == 1
    assert "colour.png has colours, and no label set tells" in done.err
    assert (kit.read(tmp_path / "out" / "named.png") == kit.read(tmp_path / "out" / "numbered.png")).all()
    done = render(tmp_path / "maps" / "named.png", "--output", tmp_path / "out2", "--weights", layout_weights, "--label-set", "ade20k")
    assert done.code == 1
    assert "ADE20K has 150 labels" in done.err


def test_the_raw_default_size_is_the_training_size_or_the_maps_own(render: Render, kit: Any, tmp_path: Path) -> None:
    for name, (height, width) in {"square": (52, 52), "odd": (100, 148), "small": (8, 24)}.items():
        kit.save(tmp_path / "maps" / f"{name}.png", kit.label_map(1, height, width))
    assert render(tmp_path / "maps", "--output", tmp_path / "out", "--raw-size").code == 0
    assert {name: kit.read(tmp_path / "out" / name).shape[:2] for name in kit.names(tmp_path / "out")} == {
        "square.png": (128, 128),
        "odd.png": (96, 160),
        "small.png": (32, 32),
    }


def test_an_asked_size_resizes_by_nearest_without_keeping_the_aspect(render: Render, kit: Any, tmp_path: Path) -> None:
    labels = kit.label_map(1, 64, 64)
    kit.save(tmp_path / "small.png", labels)
    kit.save(tmp_path / "large.png", labels.repeat(2, axis=1).repeat(3, axis=0))
    for name in ("small", "large"):
        assert render(tmp_path / f"{name}.png", "--output", tmp_path / "out", "--raw-size", "--size", "128x64").code == 0
    small, large = (kit.read(tmp_path / "out" / f"{name}.png") for name in ("small", "large"))
    assert small.shape == (64, 128, 3)
    assert (small == large).all()


def test_a_raw_size_that_does_not_fit_names_the_nearest(render: Render, maps: Path, tmp_path: Path, layout_weights: Path) -> None:
    done = render(maps, "--output", tmp_path / "out", "--raw-size", "--size", "100x128")
    assert (done.code, done.out) == (1, "")
    assert "multiples of 32 on both sides" in done.err
    assert "96x128" in done.err
    done = render(maps, "--output", tmp_path / "out", "--raw-size", "--size", "10x96", "--weights", layout_weights)
    assert "64x128" in done.err or "64x64" in done.err


def test_pictures_far_larger_than_the_training_size_are_said(render: Render, maps: Path, tmp_path: Path) -> None:
    assert render(maps, "--output", tmp_path / "a", "--raw-size", "--size", "192x192").err == ""
    done = render(maps, "--output", tmp_path / "b", "--raw-size", "--size", "224x224")
    assert done.code == 0
    assert "3 maps were rendered at more than 1.5 times the 128x128 that the weights were trained at" in done.err


@pytest.mark.parametrize("picture_format", ["jpg", "webp", "npy"])
def test_other_formats(render: Render, kit: Any, maps: Path, tmp_path: Path, picture_format: str) -> None:
    for form in ("png", picture_format):
        assert render(maps / "frame1.png", "--output", tmp_path / "out", "--format", form).code == 0
    exact = kit.read(tmp_path / "out" / "frame1.png").astype(np.float64)
    path = tmp_path / "out" / f"frame1.{picture_format}"
    if picture_format == "npy":
        values = np.load(path)
        assert (values.shape, values.dtype) == ((3, 128, 128), np.float32)
        assert np.abs(values).max() <= 1
        assert np.abs((values.transpose(1, 2, 0) + 1) * 127.5 - exact).max() <= 0.51
    else:
        # The colour of single pixels is coarse in these formats; that of areas is not.
        assert np.abs((kit.read(path) - exact).reshape(8, 16, 8, 16, 3).mean(axis=(1, 3))).max() < 8


# ---- instance maps


def test_instance_maps_are_paired_by_name(render: Render, kit: Any, tmp_path: Path) -> None:
    labels = np.full((128, 128), 30, np.uint8)
    instances = np.zeros((128, 128), np.uint16)
    instances[:, 64:] = 24001
    kit.save(tmp_path / "maps" / "a.png", labels)
    kit.save(tmp_path / "maps" / "b.png", labels)
    kit.save(tmp_path / "instances" / "a.png", instances)
    kit.save(tmp_path / "instances" / "b.png", (instances > 0).astype(np.uint8) * 7)
    assert render(tmp_path / "maps", "--output", tmp_path / "with", "--instances", tmp_path / "instances").code == 0
    assert render(tmp_path / "maps", "--output", tmp_path / "without").code == 0
    a, b = (kit.read(tmp_path / "with" / f"{name}.png") for name in "ab")
    assert (a == b).all()  # the ids differ, the edges do not
    assert (a != kit.read(tmp_path / "without" / "a.png")).any()


def test_missing_or_wrong_instance_maps_fail_that_map_only(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    kit.save(tmp_path / "instances" / "frame1.png", np.zeros((128, 128), np.uint8))
    kit.save(tmp_path / "instances" / "frame2.png", np.zeros((128, 64), np.uint8))
    done = render(maps, "--output", tmp_path / "out", "--instances", tmp_path / "instances")
    assert done.code == 1
    assert kit.names(tmp_path / "out") == ["frame1.png"]
    assert "frame10.png has no instance map" in done.err
    assert "frame2.png has 64 x 128 pixels" in done.err
    assert "2 of 3 label maps could not be rendered" in done.err
    done = render(maps, "--output", tmp_path / "out", "--instances", tmp_path / "nowhere")
    assert (done.code, "no such folder" in done.err) == (1, True)


def test_instances_mean_nothing_to_weights_without_edges(render: Render, kit: Any, layout_weights: Path, tmp_path: Path) -> None:
    kit.save(tmp_path / "maps" / "a.png", kit.label_map(1, ids=(0, 1)))
    (tmp_path / "instances").mkdir()
    arguments = (tmp_path / "maps", "--output", tmp_path / "out", "--instances", tmp_path / "instances", "--weights", layout_weights)
    done = render(*arguments)
    assert done.code == 0
    assert "--instances changes nothing" in done.err


# ---- names, resuming, failures


def test_maps_of_the_same_name_get_their_folders_names(render: Render, kit: Any, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        kit.save(tmp_path / folder / "x.png", kit.label_map(len(folder) + ord(folder[0])))
    done = render(tmp_path / "one", tmp_path / "two", "--output", tmp_path / "out")
    assert done.code == 0
    assert kit.names(tmp_path / "out") == ["one_x.png", "two_x.png"]
    assert "named after their folders too" in done.err
    assert (kit.read(tmp_path / "out" / "one_x.png") != kit.read(tmp_path / "out" / "two_x.png")).any()


def test_what_exists_is_skipped_and_said(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "frame2.png").write_bytes(b"kept")
    done = render(maps, "--output", out)
    assert done.code == 0
    assert "Rendered 2 pictures" in done.out
    assert "1 exist already (--overwrite" in done.out
    assert (out / "frame2.png").read_bytes() == b"kept"
    before = (out / "frame1.png").read_bytes()
    assert "Nothing to render: 3 exist already" in render(maps, "--output", out).out
    assert "Rendered 3 pictures" in render(maps, "--output", out, "--overwrite").out
    assert (out / "frame1.png").read_bytes() == before
    assert kit.read(out / "frame2.png").shape == (128, 128, 3)


def test_pictures_never_replace_their_label_maps(render: Render, maps: Path) -> None:
    before = {path.name: path.read_bytes() for path in maps.iterdir()}
    done = render(maps, "--output", maps, "--overwrite")
    assert done.code == 1
    assert "would take the place of an input" in done.err
    assert {path.name: path.read_bytes() for path in maps.iterdir()} == before


def test_bad_files_are_named_at_the_end_and_stop_nothing(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    (maps / "text.png").write_text("no picture")
    (maps / "cut.png").write_bytes((maps / "frame1.png").read_bytes()[:70])
    kit.save(maps / "deep.png", np.full((8, 8), 300, np.uint16))
    done = render(maps, tmp_path / "missing.png", "--output", tmp_path / "out", "--variations", 2)
    assert done.code == 1
    assert "Rendered 6 pictures" in done.out
    assert len(kit.names(tmp_path / "out")) == 6
    for piece in ("text.png is no PNG", "cut.png is damaged", "deep.png has 16 bits", "missing.png: there is no such", "3 of 6 label maps"):
        assert piece in done.err
    assert "Traceback" not in done.err


def test_nothing_to_render_is_an_error_only_when_something_was_asked_for(render: Render, tmp_path: Path) -> None:
    done = render(tmp_path / "missing", "--output", tmp_path / "out")
    assert (done.code, "no such file" in done.err) == (1, True)


def test_an_output_that_cannot_be_made_is_one_line(render: Render, maps: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = render(maps, "--output", tmp_path / "file" / "out")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "cannot be made" in done.err


def test_a_picture_that_cannot_be_written_fails_its_map(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "frame2.png").mkdir(parents=True)
    done = render(maps, "--output", tmp_path / "out")
    assert done.code == 1
    assert "1 of 3 label maps could not be rendered" in done.err
    assert "frame2.png" in done.err
    assert kit.names(tmp_path / "out") == ["frame1.png", "frame10.png", "frame2.png"]
    shutil.rmtree(tmp_path / "out" / "frame2.png")
