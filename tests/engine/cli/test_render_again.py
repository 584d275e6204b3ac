from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from spade_studio.engine.pictures.picture_files import write_picture
from spade_studio.engine.pictures.provenance import pack_layout, pack_settings, read_provenance

Render = Callable[..., Any]


@pytest.fixture
def picture(render: Render, kit: Any, tmp_path: Path) -> Path:
    """A picture with everything: instances, an unknown id, a size of its own, the second of two variations."""
    labels = kit.label_map(5, 100, 148)
    labels[:20] = 77
    kit.save(tmp_path / "maps" / "lake.png", labels)
    kit.save(tmp_path / "instances" / "lake.png", np.random.default_rng(0).integers(0, 60_000, (100, 148), np.uint16))
    options = ("--instances", tmp_path / "instances", "--raw-size", "--size", "192x64", "--seed", 3, "--variations", 2)
    done = render(tmp_path / "maps", "--output", tmp_path / "out", *options)
    assert done.code == 0, done.err
    return tmp_path / "out" / "lake_0001.png"


def test_the_same_picture_comes_again_bit_for_bit(render: Render, kit: Any, picture: Path, tmp_path: Path) -> None:
    done = render("--from", picture, "--output", tmp_path / "again")
    assert (done.code, done.err) == (0, "")
    assert "the same picture, bit for bit" in done.out
    again = tmp_path / "again" / "lake_0001.png"
    assert (kit.read(again) == kit.read(picture)).all()
    assert again.read_bytes() == picture.read_bytes()  # and it can be rendered from this one as well


def test_no_path_is_written(picture: Path, weights: Path) -> None:
    content = picture.read_bytes()
    for path in (picture.parent, weights.parent):
        assert str(path).encode() not in content
        assert path.name.encode() + b"/" not in content


def test_it_exists_already_unless_it_is_to_be_overwritten(render: Render, kit: Any, picture: Path) -> None:
    before = kit.read(picture)
    done = render("--from", picture, "--output", picture.parent)
    assert (done.code, "exists already" in done.out) == (0, True)
    assert render("--from", picture, "--output", picture.parent, "--overwrite").code == 0
    assert (kit.read(picture) == before).all()


def test_another_compute_type_is_said(render: Render, picture: Path, tmp_path: Path) -> None:
    done = render("--from", picture, "--output", tmp_path / "again", "--dtype", "bfloat16", "--modulation", "dense")
    assert done.code == 0
    assert "another compute type: float32 then, bfloat16 now" in done.err
    assert "another way of modulation: fast then, dense now" in done.err
    assert "levels of 255 on average" in done.out


def test_other_weights_are_said_and_labels_follow_their_names(
    render: Render, kit: Any, picture: Path, tmp_path: Path, other_weights: Path
) -> None:
    done = render("--from", picture, "--output", tmp_path / "again", "--weights", other_weights)
    assert done.code == 0, done.err
    assert "other weights: it was rendered with 'tiny' (SHA-256" in done.err
    assert "now 'other'" in done.err
    assert "id 20 'sea'" in done.err
    assert "levels of 255" in done.out
    old, new = read_provenance(picture)[0], read_provenance(tmp_path / "again" / "lake_0001.png")[0]
    assert set(np.unique(old.labels)) == {10, 20, 30, 40, 77}
    for before, after in {10: 1, 20: 0, 30: 3, 40: 2, 77: 0}.items():
        assert set(new.labels[old.labels == before]) == {after}
    assert new.label_set == "Other"
    assert old.instances is not None
    assert new.instances is not None
    assert (new.instances == old.instances).all()


def test_a_device_or_type_that_this_machine_lacks_is_replaced_and_said(render: Render, picture: Path, tmp_path: Path) -> None:
    recorded, pixels = read_provenance(picture)
    lacking = "cuda:0" if torch.backends.mps.is_available() else "mps"
    elsewhere = dataclasses.replace(recorded, device=lacking, device_name="far", dtype="float16", torch="1.0")
    write_picture(tmp_path / "far.png", pixels, "png", {**pack_settings(elsewhere), **pack_layout(recorded.labels, recorded.instances)})
    done = render("--from", tmp_path / "far.png", "--output", tmp_path / "again")
    assert done.code == 0, done.err
    assert f"another device: {lacking} then, " in done.err
    assert "another version of torch: 1.0 then, " in done.err
    if not torch.cuda.is_available():
        assert "another compute type: float16 then, " in done.err


def test_another_processor_is_said(render: Render, picture: Path, tmp_path: Path) -> None:
    recorded, pixels = read_provenance(picture)
    elsewhere = dataclasses.replace(recorded, device_name="ABACUS")
    write_picture(tmp_path / "far.png", pixels, "png", {**pack_settings(elsewhere), **pack_layout(recorded.labels, recorded.instances)})
    assert "another processor: 'ABACUS' then, " in render("--from", tmp_path / "far.png", "--output", tmp_path / "again").err


def test_other_formats_and_pictures_of_other_programs(render: Render, kit: Any, picture: Path, tmp_path: Path) -> None:
    assert render("--from", picture, "--output", tmp_path / "again", "--format", "npy").code == 0
    values = np.load(tmp_path / "again" / "lake_0001.npy")
    assert np.abs((values.transpose(1, 2, 0) + 1) * 127.5 - kit.read(picture)).max() <= 0.51
    Image.fromarray(kit.read(picture)).save(tmp_path / "stripped.png")
    done = render("--from", tmp_path / "stripped.png", "--output", tmp_path / "again")
    assert (done.code, "does not say how it was rendered" in done.err) == (1, True)
    assert render("--from", tmp_path / "missing.png", "--output", tmp_path / "again").code == 1


def test_weights_without_style(render: Render, kit: Any, layout_weights: Path, tmp_path: Path) -> None:
    kit.save(tmp_path / "a.png", kit.label_map(1, ids=(0, 1, 2, 255)))
    assert render(tmp_path / "a.png", "--output", tmp_path / "out", "--weights", layout_weights).code == 0
    done = render("--from", tmp_path / "out" / "a.png", "--output", tmp_path / "again", "--weights", layout_weights)
    assert (done.code, "bit for bit" in done.out) == (0, True)


def test_weights_with_and_without_style_take_each_others_pictures(
    render: Render, kit: Any, weights: Path, layout_weights: Path, tmp_path: Path
) -> None:
    kit.save(tmp_path / "a.png", kit.label_map(1, ids=(0, 1, 2, 255)))
    assert render(tmp_path / "a.png", "--output", tmp_path / "plain", "--weights", layout_weights).code == 0
    done = render("--from", tmp_path / "plain" / "a.png", "--output", tmp_path / "styled", "--weights", weights)
    assert (done.code, "it is drawn with seed 0" in done.err) == (0, True)
    record = read_provenance(tmp_path / "styled" / "a.png")[0]
    assert (record.seed, record.z is not None) == (0, True)
    done = render("--from", tmp_path / "styled" / "a.png", "--output", tmp_path / "again", "--weights", layout_weights)
    assert (done.code, "that of the picture is left out" in done.err) == (0, True)
    assert read_provenance(tmp_path / "again" / "a.png")[0].z is None
