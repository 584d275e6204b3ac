"""What shapes leave open: upsampling and training size, from options, opt.txt, the first grid, the published table, or a question."""

from __future__ import annotations

from typing import Any

import pytest

from spade_studio.engine.errors import AmbiguousWeightsError, WeightsError
from spade_studio.engine.networks.config import Pix2PixHDConfig
from spade_studio.engine.weights.geometry import resolve_pix2pixhd, resolve_spade
from spade_studio.engine.weights.info import PublishedOptions
from spade_studio.engine.weights.options_file import OptionsFile
from spade_studio.engine.weights.published_sets import published_set
from spade_studio.engine.weights.structure import SpadeFacts


def facts(semantic: int = 20, *, cells: int | None = None, most: bool = False) -> SpadeFacts:
    return SpadeFacts(semantic, 4, 8, 3, True, True, most, None if cells is None else 256, cells)


def resolve(found: SpadeFacts, opt: dict[str, str] | None = None, **options: Any) -> tuple[tuple[str, tuple[int, int]], list[str]]:
    entries = OptionsFile(opt or {})
    known = published_set(found.semantic_channels, entries)
    config, notes = resolve_spade(found, "batch", entries, PublishedOptions(**options), known, "G.pth")
    return (config.upsampling, config.picture_size), notes


@pytest.mark.parametrize(
    ("semantic", "cells", "answer"),
    [
        (184, None, ("normal", (256, 256))),
        (184, 64, ("normal", (256, 256))),
        (151, None, ("normal", (256, 256))),
        (151, 64, ("normal", (256, 256))),
        (36, None, ("more", (256, 512))),
        (36, 32, ("more", (256, 512))),
    ],
)
def test_published_weights_without_opt_txt(semantic: int, cells: int | None, answer: object) -> None:
    result, notes = resolve(facts(semantic, cells=cells))
    assert result == answer
    assert any("taken from the published" in note for note in notes)


def test_published_channels_at_another_size_are_asked_for() -> None:
    with pytest.raises(AmbiguousWeightsError) as caught:
        resolve(facts(184, cells=36))
    assert caught.value.questions["upsampling"] == ("more", "normal")
    assert "192" in caught.value.questions["crop_size"]


def test_nothing_is_guessed_for_layout_input() -> None:
    with pytest.raises(AmbiguousWeightsError) as caught:
        resolve(facts())
    assert caught.value.questions == {
        "upsampling": ("more", "normal"),
        "crop_size": ("128", "256", "512", "1024"),
        "aspect_ratio": ("1", "2"),
    }
    assert "--upsampling (more, normal); --crop-size (128, 256, 512, 1024); --aspect-ratio (1, 2)" in str(caught.value)
    with pytest.raises(AmbiguousWeightsError) as caught:
        resolve(facts(), {"crop_size": "256", "aspect_ratio": "1.0"})
    assert caught.value.questions == {"upsampling": ("more", "normal")}
    with pytest.raises(AmbiguousWeightsError) as caught:
        resolve(facts(most=True), upsampling="most", crop_size=256)
    assert caught.value.questions == {"aspect_ratio": ("1", "2")}


def test_everything_given_leaves_no_note() -> None:
    opt = {"num_upsampling_layers": "more", "crop_size": "512", "aspect_ratio": "2.0"}
    assert resolve(facts(), opt) == (("more", (256, 512)), [])
    assert resolve(facts(cells=32), opt) == (("more", (256, 512)), [])
    assert resolve(facts(), upsampling="normal", crop_size=96, aspect_ratio=1.5) == (("normal", (64, 96)), [])
    assert resolve(facts(most=True), crop_size=256, aspect_ratio=1.0) == (("most", (256, 256)), [])


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"upsampling": "normal", "crop_size": 256}, ("normal", (256, 256))),
        ({"upsampling": "normal", "aspect_ratio": 1.0}, ("normal", (256, 256))),
        ({"crop_size": 512, "aspect_ratio": 1.0}, ("more", (512, 512))),
        ({"upsampling": "more", "crop_size": 1024}, ("more", (256, 1024))),
    ],
)
def test_two_answers_and_the_first_grid_give_the_third(given: dict[str, Any], answer: object) -> None:
    result, notes = resolve(facts(cells=64), **given)
    assert result == answer
    assert [("taken from the first grid's size" in note) for note in notes] == [True]


def test_questions_list_only_what_fits_the_first_grid() -> None:
    with pytest.raises(AmbiguousWeightsError) as caught:
        resolve(facts(cells=6), aspect_ratio=1.5)
    assert caught.value.questions == {"upsampling": ("more", "normal"), "crop_size": ("96", "192")}


def test_answers_that_the_first_grid_refutes() -> None:
    with pytest.raises(WeightsError, match="first grid of 64 cells, which does not agree with upsampling normal, crop size 512, aspect"):
        resolve(facts(cells=64), upsampling="normal", crop_size=512, aspect_ratio=1.0)
    with pytest.raises(WeightsError, match="has the block up_4, but upsampling 'more' was given"):
        resolve(facts(most=True), upsampling="more")


@pytest.mark.parametrize("wrong", [{"crop_size": 0}, {"crop_size": 70_000}, {"crop_size": 31}, {"aspect_ratio": 0.0}, {"aspect_ratio": 9}])
def test_impossible_answers_are_errors(wrong: dict[str, Any]) -> None:
    with pytest.raises(WeightsError, match=next(iter(wrong)).replace("_", " ")):
        resolve(facts(), **({"upsampling": "normal", "crop_size": 256, "aspect_ratio": 1.0} | wrong))


@pytest.mark.parametrize(
    ("name", "value"), [("num_upsampling_layers", "lots"), ("crop_size", "1e3"), ("aspect_ratio", "nan"), ("aspect_ratio", "wide")]
)
def test_impossible_entries_of_opt_txt_are_errors(name: str, value: str) -> None:
    with pytest.raises(WeightsError, match=f"opt.txt says {name}: {value}"):
        resolve(facts(), {"num_upsampling_layers": "normal", "crop_size": "256", "aspect_ratio": "1.0"} | {name: value})


def test_a_crop_between_two_grids_is_rounded_down_as_in_the_published_code() -> None:
    result, notes = resolve(facts(), upsampling="more", crop_size=286, aspect_ratio=1.0)
    assert result == ("more", (256, 256))
    assert notes == ["a crop size of 286 gives pictures 256 wide, a multiple of 64"]
    assert resolve(facts(cells=16), {"num_upsampling_layers": "more", "crop_size": "286", "aspect_ratio": "1.0"})[0] == ("more", (256, 256))


def test_pix2pixhd_has_only_a_size_to_ask_for() -> None:
    config = Pix2PixHDConfig(9, 4, downsamplings=3)
    empty = OptionsFile({})
    with pytest.raises(AmbiguousWeightsError) as caught:
        resolve_pix2pixhd(config, empty, PublishedOptions(), None, "G.pth")
    assert sorted(caught.value.questions) == ["aspect_ratio", "crop_size"]
    opt = OptionsFile({"num_upsampling_layers": "normal", "crop_size": "516", "aspect_ratio": "2.0"})
    resolved, notes = resolve_pix2pixhd(config, opt, PublishedOptions(), None, "G.pth")
    assert resolved.picture_size == (256, 512)
    assert len(notes) == 1
    published = Pix2PixHDConfig(36)
    resolved, notes = resolve_pix2pixhd(published, empty, PublishedOptions(), published_set(36, empty), "G.pth")
    assert resolved.picture_size == (256, 512)
    assert "Cityscapes" in notes[0]
    with pytest.raises(WeightsError, match="no kinds of upsampling"):
        resolve_pix2pixhd(config, opt, PublishedOptions(upsampling="more"), None, "G.pth")
