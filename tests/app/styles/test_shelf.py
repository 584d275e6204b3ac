"""Kept references, what ships, and what is taken for a photograph."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spade_studio.app.documents.errors import SaveError
from spade_studio.app.styles import pictures
from spade_studio.app.styles.past import MAX_PAST, StyleHistory
from spade_studio.app.styles.photographs import is_photograph
from spade_studio.app.styles.shelf import MAX_REFERENCES, Shelf, built_in_styles
from spade_studio.app.styles.style import style_of
from spade_studio.app.ui.images import to_image
from spade_studio.engine.errors import StyleError
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.rendering.renderer import Renderer

MakePhoto = Callable[..., NDArray[np.uint8]]


def test_references_are_there_again_the_newest_first(tmp_path: Path, photo: MakePhoto) -> None:
    shelf = Shelf(tmp_path / "references")
    first, second = (pictures.encode(photo(seed, 400)) for seed in (1, 2))
    shelf.add(first, "One")
    shelf.add(second, "Two\n")
    again = Shelf(tmp_path / "references").references
    assert {(one.jpeg, one.label) for one in again} == {(first, "One"), (second, "Two")}
    assert max(again[0].picture.shape) == pictures.PICTURE_SIDE
    shelf.add(first, "One")
    assert [one.label for one in shelf.references] == ["One", "Two"]
    shelf.remove(shelf.references[0])
    assert [one.label for one in Shelf(tmp_path / "references").references] == ["Two"]


def test_the_folder_of_references_is_bounded(tmp_path: Path, photo: MakePhoto) -> None:
    shelf = Shelf(tmp_path)
    for seed in range(MAX_REFERENCES + 2):
        shelf.add(pictures.encode(photo(seed, 16)), str(seed))
    assert [one.label for one in shelf.references] == [str(seed) for seed in reversed(range(2, MAX_REFERENCES + 2))]
    assert len(list(tmp_path.glob("*.jpg"))) == MAX_REFERENCES


def test_damaged_and_hostile_files_are_passed_over(tmp_path: Path, photo: MakePhoto) -> None:
    good = pictures.encode(photo(0, 64))
    Shelf(tmp_path).add(good, "Good")
    (tmp_path / "cut.jpg").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "folder.jpg").mkdir()
    large = io.BytesIO()
    Image.new("RGB", (4000, 4000)).save(large, "PNG")
    (tmp_path / "large.jpg").write_bytes(large.getvalue())
    huge = io.BytesIO()
    Image.new("RGB", (4000, 300)).save(huge, "JPEG", quality=5)
    (tmp_path / "huge.jpg").write_bytes(huge.getvalue())
    assert [one.label for one in Shelf(tmp_path).references] == ["Good"]
    with pytest.raises(StyleError, match="4000"):
        pictures.decode(huge.getvalue())


def test_where_nothing_can_be_written_a_reference_can_be_used_all_the_same(tmp_path: Path, photo: MakePhoto) -> None:
    (tmp_path / "file").write_text("")
    shelf = Shelf(tmp_path / "file" / "references")
    with pytest.raises(SaveError):
        shelf.add(pictures.encode(photo()), "One")
    assert [one.label for one in shelf.references] == ["One"]


def test_noise_becomes_a_reference_of_bounded_size() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (700, 500, 3), dtype=np.uint8)
    jpeg = pictures.encode(noise)
    assert len(jpeg) <= 64 << 10
    assert pictures.decode(jpeg).shape == (320, 229, 3)


def test_built_in_styles_belong_to_the_default_weights() -> None:
    ready = built_in_styles()
    weights = Renderer.load(device="cpu")
    assert len({one.name for one in ready}) == len(ready) >= 6
    assert {one.code.shape for one in ready} == {(weights.z_width,)}
    remake = "the default weights are others: run packaging/make_styles.py"
    assert {one.weights for one in ready} == {weights.weights_sha256}, remake
    assert len({one.picture.tobytes() for one in ready}) == len(ready)


def test_history_keeps_one_style_of_a_dragged_slider_and_forgets_the_oldest(photo: MakePhoto) -> None:
    history, image, drag = StyleHistory(), pictures.thumbnail(photo()), object()
    history.add(style_of(1), image, object())
    for strength in (0.9, 0.8, 0.7):
        history.add(style_of(2).with_strength(strength), image, drag)
    assert [(entry.style.seed, entry.style.strength) for entry in history.entries] == [(2, 0.7), (1, 1.0)]
    history.add(style_of(1), image, object())
    assert [entry.style.seed for entry in history.entries] == [2, 1]
    for seed in range(10, 10 + MAX_PAST):
        history.add(style_of(seed), image, object())
    assert [entry.style.seed for entry in history.entries] == list(range(9 + MAX_PAST, 9, -1))


def test_thumbnails_are_the_middle_of_a_picture_and_sharp() -> None:
    wide = np.zeros((100, 900, 3), np.uint8)
    wide[:, 400:500] = 255
    image = pictures.thumbnail(wide)
    assert (image.width(), image.height(), image.devicePixelRatio()) == (176, 132, 2)
    assert image.pixelColor(88, 66).lightness() == 255
    assert pictures.to_array(to_image(wide)).tobytes() == wide.tobytes()


@pytest.mark.parametrize("kind", ["ids", "colours", "soft colours", "palette", "render", "damaged", "photo"])
def test_a_label_map_is_no_photograph(tmp_path: Path, kind: str, photo: MakePhoto) -> None:
    labels = np.zeros((128, 128), np.uint8)
    for row in range(8):
        labels[16 * row : 16 * row + 16, 10 * row :] = row + 1
    colors = load_label_set("coco_stuff").palette()[labels]
    path = tmp_path / "picture.png"
    image = Image.fromarray(photo(0, 256))
    if kind == "ids":
        image = Image.fromarray(labels)
    elif kind == "colours":
        image = Image.fromarray(colors)
    elif kind == "soft colours":
        image = Image.fromarray(colors).resize((300, 300), Image.Resampling.BICUBIC)
    elif kind == "palette":
        image = image.convert("P")
    if kind == "render":
        from PIL.PngImagePlugin import PngInfo

        from spade_studio.engine.pictures.provenance import KEYWORD

        text = PngInfo()
        text.add_text(KEYWORD, "{}")
        image.save(path, pnginfo=text)
    else:
        image.save(path)
    if kind == "damaged":
        path.write_bytes(path.read_bytes()[:200])
    assert is_photograph(path) == (kind == "photo")
