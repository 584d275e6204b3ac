"""The renderer over real tiny bundles: styles, layouts, sizes, pictures, and what it says about input it cannot use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.errors import LabelError, OutOfMemoryError, RenderError, StyleError, WeightsError
from spade_studio.engine.inference import preview as previews
from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.rendering.renderer import Renderer, interpolate_styles
from spade_studio.engine.style import style_from_seed
from spade_studio.engine.weights import load_weights, save_bundle


def load(path: Path, *, device: str = "cpu", dtype: str = "float32", modulation: Any = "auto") -> Renderer:
    return Renderer.load(path, device=device, dtype=dtype, modulation=modulation)


@pytest.fixture
def renderer(tiny_weights: Path) -> Renderer:
    return load(tiny_weights)


@pytest.fixture
def layout_renderer(tiny_layout_weights: Path) -> Renderer:
    return load(tiny_layout_weights)


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    y, x = np.mgrid[:90, :120]
    return np.stack((2 * x, 255 - 2 * y, x + y), 2).astype(np.uint8)


def differ(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return bool(np.abs(a.astype(float) - b).max() > 0.01)


def test_what_was_loaded_is_told(renderer: Renderer, layout_renderer: Renderer, tiny: Any, tiny_weights: Path) -> None:
    assert (renderer.device, renderer.dtype, renderer.stride, renderer.z_width) == ("cpu", "float32", 32, tiny.z_width)
    assert renderer.channels.known_ids == tiny.ids
    assert renderer.weights_sha256 == load_weights(tiny_weights).sha256
    assert renderer.info.name == "tiny"
    assert layout_renderer.z_width is None


def test_it_renders_what_the_networks_do(renderer: Renderer, tiny: Any, tiny_weights: Path) -> None:
    """From dataset ids to channels, edges and the picture, against the modules built from the file by hand."""
    labels, z = tiny.label_map(0), renderer.style_from_seed(3)
    renderer.set_style(z)
    renderer.set_layout(labels)
    weights = load_weights(tiny_weights)
    assert isinstance(weights.info.generator, GeneratorConfig)
    generator = build_generator(weights.info.generator).eval()
    generator.load_state_dict(weights.generator, strict=False)
    channels = (labels // 10 - 1).astype(np.int64)[None]
    with torch.inference_mode():
        layout = Layout.from_channels(channels, 6, edge_channel=True)
        expected = generator(layout, torch.from_numpy(z)[None]).numpy()
    found = renderer.render_float()
    assert found.shape == (1, 3, 64, 64)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    picture = renderer.render()
    assert picture.shape == (1, 64, 64, 3)
    assert picture.dtype == np.uint8
    assert np.abs(picture.transpose(0, 3, 1, 2) / 127.5 - 1 - expected).max() <= 0.5 / 127.5 + 1e-4


@pytest.mark.parametrize("modulation", ["auto", "fast", "dense"])
def test_pictures_are_the_same_every_time(tiny: Any, tiny_weights: Path, modulation: str) -> None:
    pictures: list[NDArray[np.uint8]] = []
    for _ in range(2):
        renderer = load(tiny_weights, modulation=modulation)
        renderer.set_style(renderer.style_from_seed(1))
        renderer.set_layout(tiny.label_map(1))
        pictures += [renderer.render(), renderer.render()]
        assert renderer.modulation_path == ("dense" if modulation == "dense" else "fast")
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)


def test_bfloat16_is_near(renderer: Renderer, tiny: Any, tiny_weights: Path) -> None:
    half = load(tiny_weights, dtype="bfloat16")
    assert half.dtype == "bfloat16"
    for one in (renderer, half):
        one.set_style(renderer.style_from_seed(1))
        one.set_layout(tiny.label_map(1))
    assert half.render_float().dtype == np.float32
    assert np.abs(half.render_float() - renderer.render_float()).mean() < 0.02


def test_layout_only_weights_render_without_a_style(layout_renderer: Renderer, tiny: Any) -> None:
    layout_renderer.set_layout(tiny.label_map(0))
    first = layout_renderer.render()
    layout_renderer.set_style(None)
    assert np.array_equal(layout_renderer.render(), first)
    layout_renderer.set_layout(tiny.label_map(1))
    assert differ(layout_renderer.render(), first)


def test_several_styles_give_as_many_pictures(renderer: Renderer, tiny: Any) -> None:
    renderer.set_layout(tiny.label_map(0))
    styles = np.stack([renderer.style_from_seed(seed) for seed in range(3)])
    renderer.set_style(styles)
    together = renderer.render()
    assert together.shape == (3, 64, 64, 3)
    for i in range(3):
        renderer.set_style(styles[i])
        assert np.array_equal(renderer.render()[0], together[i])
    assert differ(together[0], together[1])


def test_the_style_is_the_callers_no_more(renderer: Renderer, tiny: Any) -> None:
    renderer.set_layout(tiny.label_map(0))
    z = renderer.style_from_seed(0)
    renderer.set_style(z)
    before = renderer.render()
    z[:] = 9
    assert np.array_equal(renderer.render(), before)


# ---- sizes


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), (64, 64)),
        ((1000, 1000), (64, 64)),
        ((640, 630), (64, 64)),
        ((640, 620), (640, 608)),
        ((100, 200), (96, 192)),
        ((10, 300), (32, 288)),
        ((1, 20000), (32, 8192)),
    ],
)
def test_default_sizes(renderer: Renderer, size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert renderer.default_size(*size) == expected


def test_a_training_size_off_the_grid_is_rounded(tmp_path: Path, tiny: Any) -> None:
    """Such weights were trained on pictures that their own architecture cannot give; rendering must not fail for every map."""
    config = Pix2PixHDConfig(6, 4, 3, 1, crop_size=60)
    channels = LabelChannels.plain(6, unlabeled=True, edge=True)
    path = tmp_path / "odd.safetensors"
    save_bundle(
        path,
        generator_config=config,
        generator=build_generator(config).state_dict(),
        channels=channels,
        training_size=(60, 60),
        name="odd",
        steps=None,
        data="",
        licence="",
        averaged=None,
    )
    renderer = load(path)
    assert renderer.set_layout(np.zeros((60, 60), np.uint8)).size == (64, 64)
    assert renderer.render().shape == (1, 64, 64, 3)


def test_maps_are_resized_by_nearest(renderer: Renderer, tiny: Any) -> None:
    renderer.set_style(renderer.style_from_seed(0))
    labels = tiny.label_map(2, 64, 96)
    assert renderer.set_layout(labels, size=(64, 96)).size == (64, 96)
    expected = renderer.render()
    assert expected.shape == (1, 64, 96, 3)
    renderer.set_layout(labels.repeat(3, axis=0).repeat(2, axis=1), size=(64, 96))
    assert np.array_equal(renderer.render(), expected)


@pytest.mark.parametrize("size", [(64, 60), (0, 64), (-32, 64), (8224, 64)])
def test_sizes_that_cannot_be_rendered_are_named(renderer: Renderer, tiny: Any, size: tuple[int, int]) -> None:
    with pytest.raises(RenderError, match=f"a picture of {size[1]}x{size[0]}.*multiples of 32.*Use "):
        renderer.set_layout(tiny.label_map(0), size=size)


# ---- layouts


def test_unknown_ids_render_as_unlabeled_and_are_reported(renderer: Renderer, tiny: Any) -> None:
    renderer.set_style(renderer.style_from_seed(0))
    labels = tiny.label_map(0)
    assert renderer.set_layout(labels).unknown_ids == {}
    unlabeled, unknown = labels.copy(), labels.copy()
    unlabeled[10:20, 10:30] = 255
    unknown[10:20, 10:30] = 77
    assert renderer.set_layout(unlabeled).unknown_ids == {}
    expected = renderer.render()
    assert renderer.set_layout(unknown).unknown_ids == {77: 200}
    assert np.array_equal(renderer.render(), expected)


def test_instances_mark_edges(renderer: Renderer) -> None:
    renderer.set_style(renderer.style_from_seed(0))
    labels = np.full((64, 64), 10, np.uint8)
    instances = np.zeros((64, 64), np.int32)
    renderer.set_layout(labels)
    without = renderer.render()
    renderer.set_layout(labels, instances)
    assert np.array_equal(renderer.render(), without)
    instances[:, 32:] = 26001
    renderer.set_layout(labels, instances)
    assert differ(renderer.render(), without)
    with pytest.raises(RenderError, match="instances of shape"):
        renderer.set_layout(labels, instances[:32])


@pytest.mark.parametrize(
    "labels",
    [np.full((64, 64), 300, np.int32), np.zeros((64, 64, 3), np.uint8), np.zeros((0, 64), np.uint8)],
    ids=["16 bit", "colours", "empty"],
)
def test_what_is_no_label_map_is_named(renderer: Renderer, labels: NDArray[Any]) -> None:
    with pytest.raises(LabelError, match="the layout"):
        renderer.set_layout(labels)


def test_a_layout_that_was_refused_leaves_the_last_one(renderer: Renderer, tiny: Any) -> None:
    renderer.set_style(renderer.style_from_seed(0))
    renderer.set_layout(tiny.label_map(0))
    before = renderer.render()
    with pytest.raises(LabelError):
        renderer.set_layout(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(StyleError):
        renderer.set_style(np.zeros(3, np.float32))
    assert np.array_equal(renderer.render(), before)


def test_nothing_is_rendered_before_all_is_set(renderer: Renderer, tiny: Any) -> None:
    with pytest.raises(RenderError, match="no layout"):
        renderer.render()
    renderer.set_layout(tiny.label_map(0))
    for render in (renderer.render, renderer.render_float, renderer.render_frame):
        with pytest.raises(RenderError, match="no style"):
            render()


# ---- styles


def test_seeds_are_those_of_the_style_module(renderer: Renderer, layout_renderer: Renderer, tiny: Any) -> None:
    assert np.array_equal(renderer.style_from_seed(5, 0.5), style_from_seed(5, tiny.z_width, 0.5))
    with pytest.raises(StyleError, match="layout only"):
        layout_renderer.style_from_seed(0)


def test_a_photographs_style_is_its_mean_or_a_sample(renderer: Renderer, photo: NDArray[np.uint8], tiny: Any) -> None:
    mean = renderer.style_from_image(photo)
    assert mean.shape == (tiny.z_width,)
    assert mean.dtype == np.float32
    assert np.array_equal(renderer.style_from_image(photo), mean)
    samples = np.stack([renderer.style_from_image(photo, sample_seed=seed) for seed in range(400)])
    assert np.array_equal(renderer.style_from_image(photo, sample_seed=0), samples[0])
    np.testing.assert_allclose(samples.mean(0), mean, atol=0.25)
    np.testing.assert_allclose(renderer.style_from_image(photo, truncation=0.5), mean / 2, rtol=1e-5)
    assert not np.allclose(renderer.style_from_image(photo[::-1]), mean, atol=1e-3)


def test_the_encoder_sees_photographs_of_the_training_size(renderer: Renderer, photo: NDArray[np.uint8], tiny_weights: Path) -> None:
    weights = load_weights(tiny_weights)
    assert weights.encoder is not None
    assert weights.info.encoder is not None
    encoder = Encoder(weights.info.encoder).eval()
    encoder.load_state_dict(weights.encoder)
    reduced = np.asarray(Image.fromarray(photo).resize((64, 64), Image.Resampling.BICUBIC))
    with torch.inference_mode():
        mu, logvar = encoder(torch.from_numpy(reduced.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None])
    np.testing.assert_allclose(renderer.style_from_image(photo), mu[0].numpy(), rtol=0, atol=1e-5)
    noise = (renderer.style_from_image(photo, sample_seed=4) - mu[0].numpy()) / np.exp(logvar[0].numpy() / 2)
    np.testing.assert_allclose(noise, style_from_seed(4, len(noise)), rtol=0, atol=1e-4)


def test_photographs_that_cannot_be_used_are_named(layout_renderer: Renderer, renderer: Renderer, photo: NDArray[np.uint8]) -> None:
    with pytest.raises(StyleError, match="no encoder"):
        layout_renderer.style_from_image(photo)
    wrongs: list[Any] = [photo[:, :, 0], photo.astype(np.float32), np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5, 4), np.uint8)]
    for wrong in wrongs:
        with pytest.raises(StyleError, match="style image"):
            renderer.style_from_image(wrong)
    with pytest.raises(StyleError, match="truncation"):
        renderer.style_from_image(photo, truncation=-1)


@pytest.mark.parametrize(
    ("z", "told"),
    [
        (None, "no style"),
        (np.zeros(7, np.float32), r"\(7,\)"),
        (np.zeros((1, 1, 8), np.float32), r"\(1, 1, 8\)"),
        (np.zeros((0, 8), np.float32), r"\(0, 8\)"),
        (np.full(8, np.nan, np.float32), "not finite"),
    ],
)
def test_styles_that_cannot_be_used_are_named(renderer: Renderer, z: Any, told: str) -> None:
    with pytest.raises(StyleError, match=told):
        renderer.set_style(z)


def test_layout_only_weights_take_no_style(layout_renderer: Renderer, tiny: Any) -> None:
    with pytest.raises(StyleError, match="layout only"):
        layout_renderer.set_style(tiny.style(0))


def test_styles_between_two_give_pictures_between(renderer: Renderer, tiny: Any) -> None:
    renderer.set_layout(tiny.label_map(0))
    renderer.set_style(np.stack([interpolate_styles(tiny.style(0)[0], tiny.style(1)[0], t) for t in (0, 0.1, 1)]))
    first, near, last = renderer.render_float()
    assert np.abs(near - first).mean() < np.abs(last - first).mean()


# ---- frames and memory


def test_frames_are_previews_and_then_exact(renderer: Renderer, tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_COST_OF_A_POSITION", 0)
    renderer.set_style(renderer.style_from_seed(0))
    labels = tiny.label_map(0)
    qualities: list[str] = []
    frame = None
    for moving in (True, True, False):
        labels = labels.copy()
        labels[20:26, 20:26] = 10 if labels[20, 20] > 10 else 20
        renderer.set_layout(labels)
        frame = renderer.render_frame(preview=moving)
        assert frame is not None
        qualities.append(frame.quality)
    assert qualities == ["exact", "preview", "exact"]
    assert frame is not None
    assert np.array_equal(frame.image, renderer.render()[0])
    assert renderer.render_frame(should_stop=lambda: True) is None


def test_frames_render_the_first_style(renderer: Renderer, tiny: Any) -> None:
    renderer.set_layout(tiny.label_map(0))
    renderer.set_style(tiny.style(0, count=2))
    frame = renderer.render_frame()
    assert frame is not None
    assert np.array_equal(frame.image, renderer.render()[0])


def test_memory_can_be_released(renderer: Renderer, tiny: Any) -> None:
    renderer.set_style(renderer.style_from_seed(0))
    renderer.set_layout(tiny.label_map(0))
    before = renderer.render()
    renderer.release_memory()
    with pytest.raises(RenderError, match="no layout"):
        renderer.render()
    renderer.set_layout(tiny.label_map(0))
    assert np.array_equal(renderer.render(), before)


def test_want_of_memory_is_told_and_leaves_no_trace(renderer: Renderer, tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer.set_style(renderer.style_from_seed(0))
    renderer.set_layout(tiny.label_map(0))
    before = renderer.render()

    def out_of_memory(*_: object) -> None:
        raise torch.OutOfMemoryError

    renderer.set_layout(tiny.label_map(1))
    with monkeypatch.context() as patch:
        patch.setattr("spade_studio.engine.inference.modulation_table.hidden_rows", out_of_memory)
        with pytest.raises(OutOfMemoryError, match="not enough memory on cpu"):
            renderer.render()
    renderer.set_layout(tiny.label_map(0))
    assert np.array_equal(renderer.render(), before)


def test_choices_that_cannot_be_are_named(tiny_weights: Path, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="device"):
        load(tiny_weights, device="abacus")
    with pytest.raises(RenderError, match="compute type"):
        load(tiny_weights, dtype="int8")
    with pytest.raises(WeightsError):
        load(tmp_path / "none.safetensors")


@pytest.mark.cuda
def test_a_gpu_renders_the_same_every_time(tiny: Any, tiny_weights: Path, renderer: Renderer) -> None:
    for dtype in ("float32", "float16"):
        gpu = load(tiny_weights, device="cuda", dtype=dtype, modulation="fast")
        for one in (gpu, renderer):
            one.set_style(tiny.style(0))
            one.set_layout(tiny.label_map(0))
        first = gpu.render()
        assert np.array_equal(gpu.render(), first)
        assert np.abs(first.astype(int) - renderer.render()).mean() < 2
