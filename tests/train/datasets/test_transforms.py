from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.labels import LabelChannels
from spade_studio.train.config.data import GeometryConfig, GeometryMode
from spade_studio.train.datasets.pairs import Sample
from spade_studio.train.datasets.transforms import loaded_size, output_size, resize_ids, sample_generator, transform

IDENTITY = np.arange(256, dtype=np.int16)


def sample(height: int = 40, width: int = 60, seed: int = 0) -> Sample:
    """All parts tell the same number at a pixel, so that they can be compared after any transformation."""
    labels = np.random.default_rng(seed).integers(0, 182, (height, width), np.uint8)
    return Sample(np.repeat(labels[..., None], 3, axis=2), labels, labels.astype(np.int32) + 1000, "s")


def geometry(mode: GeometryMode, **changes: Any) -> GeometryConfig:
    return GeometryConfig(**({"mode": mode, "load_size": 36, "crop_size": 32} | changes))


# ---- sizes


@pytest.mark.parametrize(
    ("mode", "loaded", "output"),
    [
        ("resize_and_crop", (36, 36), (32, 32)),
        ("crop", (40, 60), (32, 32)),
        ("scale_width", (32, 32), (32, 32)),  # 24 x 36 would be no multiple of 32
        ("scale_width_and_crop", (32, 48), (32, 32)),  # 24 x 36 would not cover the crop
        ("scale_shortside", (32, 64), (32, 64)),  # 36 x 54
        ("scale_shortside_and_crop", (36, 54), (32, 32)),
        ("none", (32, 64), (32, 64)),
        ("fixed", (32, 32), (32, 32)),
    ],
)
def test_the_published_modes(mode: GeometryMode, loaded: tuple[int, int], output: tuple[int, int]) -> None:
    chosen = geometry(mode)
    assert loaded_size(chosen, 40, 60) == loaded
    example = transform(sample(), chosen, np.random.default_rng(1), IDENTITY)
    assert example.photo.shape == (*output, 3)
    assert example.channels.shape == example.instances.shape == output
    assert output_size(chosen) in (None, output)
    assert (output_size(chosen) is None) == (mode in ("scale_width", "scale_shortside", "none"))
    assert (example.photo.dtype, example.channels.dtype, example.instances.dtype) == (np.uint8, np.int16, np.int32)


def test_cityscapes_is_brought_to_512_x_256() -> None:
    chosen = GeometryConfig(mode="fixed", crop_size=512, aspect_ratio=2.0)
    assert loaded_size(chosen, 1024, 2048) == (256, 512) == output_size(chosen)


def test_width_scales_up_too() -> None:
    assert loaded_size(geometry("scale_width", load_size=120), 40, 60, 1) == (80, 120)
    assert loaded_size(geometry("scale_shortside", load_size=120), 60, 40, 1) == (180, 120)


@pytest.mark.parametrize("stride", [16, 64, 128])
def test_sides_that_depend_on_the_picture_are_multiples_of_the_stride(stride: int) -> None:
    chosen = geometry("none")
    assert loaded_size(chosen, 200, 300, stride) == {16: (192, 304), 64: (192, 320), 128: (256, 256)}[stride]
    assert loaded_size(chosen, 5, 5, stride) == (stride, stride)
    assert loaded_size(geometry("scale_width", load_size=200), 400, 800, stride) == {16: (96, 192), 64: (128, 192), 128: (128, 256)}[stride]
    wide = loaded_size(geometry("scale_shortside", load_size=200), 400, 800, stride)
    assert wide == {16: (192, 400), 64: (192, 384), 128: (256, 384)}[stride]
    assert transform(sample(), chosen, None, IDENTITY, stride).photo.shape == (*loaded_size(chosen, 40, 60, stride), 3)
    # What a crop decides is left alone.
    assert loaded_size(geometry("crop"), 50, 70, stride) == (50, 70)
    assert loaded_size(geometry("scale_width_and_crop", load_size=60), 40, 60, stride) == (40, 60)


def test_a_size_that_the_generator_cannot_make_is_refused() -> None:
    wide = GeometryConfig("fixed", crop_size=256, aspect_ratio=1.5)  # 171 rows
    with pytest.raises(ConfigError, match=r"256 x 171.*multiples of 32.*aspect_ratio"):
        wide.check_multiple(32)
    with pytest.raises(ConfigError, match=r"72 x 72.*multiples of 16") as caught:
        GeometryConfig("crop", crop_size=72).check_multiple(16)
    assert caught.value.action == "Change geometry.crop_size"
    GeometryConfig("fixed", crop_size=512, aspect_ratio=2.0).check_multiple(128)
    for mode in ("none", "scale_width", "scale_shortside"):
        GeometryConfig(mode, load_size=50, crop_size=50).check_multiple(64)


def test_a_picture_smaller_than_the_crop_is_enlarged_to_cover_it() -> None:
    assert loaded_size(geometry("crop"), 16, 40) == (32, 80)
    assert transform(sample(16, 40), geometry("crop"), None, IDENTITY).photo.shape == (32, 32, 3)
    assert loaded_size(geometry("none"), 5, 47) == (32, 32)


# ---- all parts alike


@pytest.mark.parametrize("seed", range(8))
def test_crop_and_flip_move_all_parts_alike(seed: int) -> None:
    example = transform(sample(), geometry("crop"), np.random.default_rng(seed), IDENTITY)
    assert (example.photo == example.channels[..., None]).all()
    assert (example.instances == example.channels + 1000).all()


def test_half_of_the_pictures_are_mirrored_and_none_without_flip() -> None:
    chosen = geometry("none")
    picture = sample(32, 64)
    found = [transform(picture, chosen, np.random.default_rng(seed), IDENTITY).channels for seed in range(60)]
    plain = [(channels == picture.labels).all() for channels in found]
    mirrored = [(channels == picture.labels[:, ::-1]).all() for channels in found]
    assert all(a != b for a, b in zip(plain, mirrored, strict=True))
    assert 15 < sum(mirrored) < 45
    still = dataclasses.replace(chosen, flip=False)
    assert all((transform(picture, still, np.random.default_rng(seed), IDENTITY).channels == picture.labels).all() for seed in range(60))


def test_crops_reach_all_places() -> None:
    picture = sample(33, 34)
    places: set[int] = set()
    for seed in range(100):
        channels = transform(picture, geometry("crop", flip=False), np.random.default_rng(seed), IDENTITY).channels
        for top, left in np.ndindex(2, 3):
            if (channels == picture.labels[top : top + 32, left : left + 32]).all():
                places.add(3 * top + left)
    assert places == set(range(6))


def test_without_random_numbers_the_crop_is_central_and_not_mirrored() -> None:
    picture = sample(36, 40)
    channels = transform(picture, geometry("crop"), None, IDENTITY).channels
    assert (channels == picture.labels[2:34, 4:36]).all()


# ---- resizing


# Sizes without ties: where a pixel's centre falls on a border between two, Pillow's choice depends on rounding.
@pytest.mark.parametrize(("height", "width"), [(16, 40), (48, 88), (80, 72), (40, 60)])
def test_ids_are_resized_by_nearest_as_pillow_does(height: int, width: int) -> None:
    labels = sample().labels
    expected = np.asarray(Image.fromarray(labels).resize((width, height), Image.Resampling.NEAREST))
    assert (resize_ids(labels, height, width) == expected).all()


def test_photographs_are_resized_bicubically() -> None:
    picture = sample()
    expected = np.asarray(Image.fromarray(picture.photo).resize((36, 36), Image.Resampling.BICUBIC))
    chosen = geometry("resize_and_crop", crop_size=36, flip=False)
    example = transform(picture, chosen, np.random.default_rng(0), IDENTITY)
    apart = np.abs(example.photo.astype(int) - expected)
    assert apart.max() <= 2
    assert (apart > 0).mean() < 0.02  # the rest is the same: only weights are rounded differently
    assert set(np.unique(example.channels)) <= set(np.unique(picture.labels))


# ---- labels


def test_ids_become_channels_and_stand_for_missing_instances() -> None:
    few = LabelChannels.from_label_set(LabelChannels.coco_stuff().label_set, [156, 134], "last", edge=True)  # pyright: ignore[reportArgumentType]
    labels = np.tile(np.array([156, 134, 0, 255], np.uint8), (32, 8))
    example = transform(Sample(np.zeros((32, 32, 3), np.uint8), labels, None, "s"), geometry("none", flip=False), None, few.lookup())
    assert example.channels[0, :4].tolist() == [0, 1, 2, 2]
    assert example.instances[0, :4].tolist() == [156, 134, 0, 255]


def test_ids_without_a_channel_give_minus_one() -> None:
    labels = np.full((32, 32), 255, np.uint8)
    lookup = LabelChannels.cityscapes().lookup()
    assert (transform(Sample(np.zeros((32, 32, 3), np.uint8), labels, None, "s"), geometry("none"), None, lookup).channels == -1).all()


# ---- random numbers


def test_random_numbers_follow_from_seed_epoch_and_index() -> None:
    def drawn(*key: int) -> bytes:
        return transform(sample(), geometry("crop"), sample_generator(*key), IDENTITY).photo.tobytes()

    assert drawn(1, 2, 3) == drawn(1, 2, 3)
    assert len({drawn(*key) for key in [(1, 2, 3), (2, 2, 3), (1, 3, 3), (1, 2, 4), (3, 2, 1)]}) == 5
