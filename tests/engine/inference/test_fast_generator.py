"""The fast generator against the networks' own modules, over architectures, sizes and compute types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.errors import GaveWayError
from spade_studio.engine.inference import fast_generator
from spade_studio.engine.inference.convolution import Convolution
from spade_studio.engine.inference.fast_generator import FastGenerator
from spade_studio.engine.inference.linear import can_pack
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.noise import Texture, TextureNoise

CPU = torch.device("cpu")

TEXTURED: dict[str, Any] = {
    "input": "layout_and_style",
    "noise_injection": True,
    "style_modulation": True,
    "upsampling_filter": "bilinear",
    "wide_last_block": True,
    "padding": "replicate",
}
ARCHITECTURES: list[dict[str, Any]] = [
    {"input": "noise"},
    {"input": "layout"},
    {"input": "noise", "upsampling": "more"},
    {"input": "layout", "upsampling": "more", "kernel_size": 1},
    {"input": "noise", "upsampling": "most", "crop_size": 128},
    {"input": "layout", "upsampling": "most", "crop_size": 256, "norm": "instance", "kernel_size": 5},
    {"input": "noise", "norm": "instance"},
    {"input": "layout", "norm": "instance", "spectral_norm": False},
    {"input": "noise", "kernel_size": 1},
    {"input": "noise", "kernel_size": 5, "spectral_norm": False},
    {"input": "layout", "kernel_size": 5, "norm": "batch"},
    TEXTURED,
    {"input": "layout", "noise_injection": True, "upsampling": "most", "crop_size": 256, "norm": "instance"},
    {"input": "noise", "style_modulation": True, "upsampling_filter": "bilinear", "kernel_size": 1},
    {"input": "layout", "padding": "replicate", "kernel_size": 5, "upsampling": "more"},
    {"input": "noise", "base_channels": 2, "hidden_width": 3, "aspect_ratio": 2.0, "crop_size": 128},
]


def name_of(changes: dict[str, Any]) -> str:
    return " ".join(str(value) for value in changes.values())


def style_for(tiny: Any, config: GeneratorConfig, seed: int = 1) -> np.ndarray | None:
    return None if config.style_width is None else tiny.style(seed)


def by_modules(tiny: Any, config: GeneratorConfig, layout: Layout, z: np.ndarray | None, texture: Texture = 0) -> Tensor:
    """[N, H, W, 3] of the readable definition."""
    with torch.inference_mode():
        style = None if z is None else torch.from_numpy(z)
        return tiny.generator(config)(layout, style, TextureNoise.of(texture)).permute(0, 2, 3, 1)


def fast(tiny: Any, config: GeneratorConfig, dtype: torch.dtype = torch.float32) -> FastGenerator:
    return FastGenerator(config, tiny.state(config), CPU, dtype)


def render(generator: FastGenerator, layout: Layout, z: np.ndarray | None, **options: Any) -> Tensor:
    with torch.inference_mode():
        return generator.render(layout, z, **options)


def worst(found: Tensor, expected: Tensor) -> float:
    assert found.shape == expected.shape
    assert expected.std() > 0.02  # a flat picture would agree with anything
    return float((found.float() - expected).abs().max())


def cannot_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("convolution", "linear"):
        monkeypatch.setattr(f"spade_studio.engine.inference.{module}.can_pack", lambda device, dtype: False)


@pytest.mark.parametrize("edges", [True, False], ids=["edges", "no edges"])
@pytest.mark.parametrize("changes", ARCHITECTURES, ids=name_of)
def test_it_agrees_with_the_modules(tiny: Any, changes: dict[str, Any], edges: bool) -> None:
    config = tiny.config(**changes)
    generator = fast(tiny, config)
    stride = config.stride
    # The built-for size, then others, not square: the plan of each size is its own.
    for i, (height, width) in enumerate([config.picture_size, (2 * stride, 3 * stride), (3 * stride, 2 * stride)]):
        layout = tiny.layout(i, height, width, edges=edges, replicate=config.replicates_layout)
        z = style_for(tiny, config)
        assert worst(render(generator, layout, z), by_modules(tiny, config, layout, z)) <= 1e-4


@pytest.mark.parametrize("dtype", [torch.bfloat16], ids=str)
@pytest.mark.parametrize("changes", ARCHITECTURES[:8], ids=name_of)
def test_half_precision_is_near(tiny: Any, changes: dict[str, Any], dtype: torch.dtype) -> None:
    config = tiny.config(**changes)
    layout, z = tiny.layout(3, *config.picture_size), style_for(tiny, config)
    found = render(fast(tiny, config, dtype), layout, z)
    assert found.dtype == dtype
    assert float((found.float() - by_modules(tiny, config, layout, z)).abs().mean()) < 0.02


@pytest.mark.parametrize(
    "changes", [{"input": "noise"}, {"input": "layout"}, {"input": "noise", "norm": "instance"}, TEXTURED], ids=name_of
)
def test_frames_leave_nothing_behind(tiny: Any, changes: dict[str, Any]) -> None:
    """Strokes, new styles and other sizes in any order: each frame is what a new generator would give."""
    config = tiny.config(**changes)
    generator = fast(tiny, config)
    for seed, height, width in [(0, 64, 64), (1, 64, 64), (1, 96, 64), (0, 64, 64), (2, 64, 96), (1, 96, 64), (0, 64, 64)]:
        layout, z = tiny.layout(seed, height, width, replicate=config.replicates_layout), style_for(tiny, config, seed)
        found = render(generator, layout, z, keep=seed == 1)
        assert worst(found, by_modules(tiny, config, layout, z)) <= 1e-4


@pytest.mark.parametrize("changes", [TEXTURED, ARCHITECTURES[1] | {"noise_injection": True}], ids=name_of)
def test_textures_are_those_of_the_modules(tiny: Any, changes: dict[str, Any]) -> None:
    config = tiny.config(**changes)
    generator = fast(tiny, config)
    layout, z = tiny.layout(1, replicate=config.replicates_layout), style_for(tiny, config)
    seeds = np.zeros((64, 64), np.int32)
    seeds[:, 32:] = 5
    pictures: list[Tensor] = []
    for texture in (0, 5, seeds, 0):
        generator.texture = texture
        pictures.append(render(generator, layout, z).clone())
        assert worst(pictures[-1], by_modules(tiny, config, layout, z, texture)) <= 1e-4
    assert float((pictures[0] - pictures[1]).abs().mean()) > 0.01
    assert torch.equal(pictures[0], pictures[3])


@pytest.mark.parametrize("kind", ["layout", "layout_and_style"])
def test_the_first_layer_reads_a_layout_once(tiny: Any, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    config = tiny.config(input=kind, noise_injection=True)
    generator = fast(tiny, config)
    read: list[Layout] = []
    original = FastGenerator._of_layout

    def counted(self: FastGenerator, layout: Layout, weight: Tensor, bias: Tensor) -> Tensor:
        read.append(layout)
        return original(self, layout, weight, bias)

    monkeypatch.setattr(FastGenerator, "_of_layout", counted)
    layouts = [tiny.layout(seed) for seed in (0, 1)]
    for number, seed in ((0, 1), (0, 2), (0, 2), (1, 2), (1, 3)):
        z = style_for(tiny, config, seed)
        assert worst(render(generator, layouts[number], z, keep=True), by_modules(tiny, config, layouts[number], z)) <= 1e-4
    assert [[layout is one for one in layouts].index(True) for layout in read] == [0, 1]


def test_a_new_texture_somewhere_stays_there(tiny: Any) -> None:
    """Statistics are fixed in evaluation, so noise reaches as far as convolutions do."""
    config = tiny.config(**TEXTURED)
    generator = fast(tiny, config)
    layout, z = tiny.layout(1, 64, 512, replicate=True), tiny.style(1)
    before = render(generator, layout, z).clone()
    generator.texture = np.zeros((64, 512), np.int32)
    assert torch.equal(render(generator, layout, z), before)
    generator.texture = np.where(np.arange(512) < 32, 9, 0).astype(np.int32)[None].repeat(64, 0)
    change = (render(generator, layout, z) - before).abs()
    assert change[:, :, :32].mean() > 0.01
    assert change[:, :, 480:].max() <= 1e-4


def test_with_replicate_padding_one_label_has_no_structure_of_its_own(tiny: Any) -> None:
    config = tiny.config(**TEXTURED, upsampling="more")
    state = {name: torch.zeros_like(value) if name.endswith(".strength") else value for name, value in tiny.state(config).items()}
    layout = Layout.from_channels(np.full((1, 128, 192), 2), 6, edge_channel=True, replicate=True)
    picture = render(FastGenerator(config, state, CPU, torch.float32), layout, tiny.style(1))
    assert float((picture - picture[:, :1, :1]).abs().max()) <= 1e-5
    zeros = tiny.config(**(TEXTURED | {"padding": "zeros"}), upsampling="more")
    layout = Layout.from_channels(np.full((1, 128, 192), 2), 6, edge_channel=True)
    assert float(render(FastGenerator(zeros, state, CPU, torch.float32), layout, tiny.style(1)).std()) > 0.01


def test_layouts_must_go_on_as_the_generator_pads(tiny: Any) -> None:
    with pytest.raises(ValueError, match="replicate"):
        render(fast(tiny, tiny.config(**TEXTURED)), tiny.layout(1), tiny.style(1))


def test_the_same_frame_is_the_same_to_the_bit(tiny: Any) -> None:
    config = tiny.config(input="noise")
    layout, z = tiny.layout(0), tiny.style(0)
    generator = fast(tiny, config)
    first = render(generator, layout, z).clone()
    render(generator, tiny.layout(0), tiny.style(5))
    assert torch.equal(render(generator, tiny.layout(0), z), first)
    assert torch.equal(render(fast(tiny, config), layout, z), first)


def test_bands_do_not_show(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large pictures are modulated band by band; here every two rows, the last band shorter."""
    config = tiny.config(input="noise")
    layout, z = tiny.layout(4, 96, 64), tiny.style(4)
    expected = by_modules(tiny, config, layout, z)
    for size in (1, 6 * 64 * 4 * 4):
        monkeypatch.setattr(fast_generator, "_BAND_BYTES", size)
        assert worst(render(fast(tiny, config), layout, z), expected) <= 1e-4


def test_edge_channels_are_told_apart_from_plain_ones(tiny: Any) -> None:
    """The same codes mean other channels where the book has no edges; tables must not be mixed up."""
    config = tiny.config(input="noise")
    generator = fast(tiny, config)
    z = tiny.style(1)
    labels = tiny.channels(5, labels=5)
    for edges in (True, False, True):
        layout = Layout.from_channels(labels, 6, edge_channel=edges)
        assert worst(render(generator, layout, z), by_modules(tiny, config, layout, z)) <= 1e-4


def test_ids_without_a_channel(tiny: Any) -> None:
    config = tiny.config(input="layout")
    labels = tiny.channels(6, labels=6)
    labels[labels == labels.max()] = -1
    layout = Layout.from_channels(labels, 6)
    assert worst(render(fast(tiny, config), layout, None), by_modules(tiny, config, layout, None)) <= 1e-4


def test_it_gives_way_between_blocks(tiny: Any) -> None:
    config = tiny.config(input="noise")
    generator = fast(tiny, config)
    z = tiny.style(2)
    render(generator, tiny.layout(0), z, keep=True)
    for asked_before in (0, 3, len(config.block_plan) - 1):
        asked = iter([False] * asked_before + [True])
        with pytest.raises(GaveWayError):
            render(generator, tiny.layout(1), z, keep=True, should_stop=lambda asked=asked: next(asked))
        assert next(asked, None) is None  # asked once a block, until it said yes
        assert generator.can_preview(tiny.layout(1), z)  # from the frame before
    layout = tiny.layout(2)
    found = render(generator, layout, z, keep=True, should_stop=lambda: False)
    assert worst(found, by_modules(tiny, config, layout, z)) <= 1e-4


def test_releasing_memory_forgets_and_goes_on(tiny: Any) -> None:
    config = tiny.config(input="noise")
    generator = fast(tiny, config)
    layout, z = tiny.layout(0), tiny.style(0)
    first = render(generator, layout, z, keep=True).clone()
    assert generator.can_preview(layout, z)
    generator.release_memory()
    assert not generator.can_preview(layout, z)
    assert torch.equal(render(generator, layout, z), first)


def test_few_sizes_are_kept(tiny: Any) -> None:
    config = tiny.config(input="noise")
    generator = fast(tiny, config)
    plans = [generator.plan(tiny.layout(0, 32 * i, 64)) for i in (1, 2, 3)]
    assert generator.plan(tiny.layout(0, 96, 64)) is plans[2]
    assert generator.plan(tiny.layout(0, 64, 64)) is plans[1]
    assert generator.plan(tiny.layout(0, 32, 64)) is not plans[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("kernel_size", [1, 3])
def test_packed_and_plain_convolutions_agree(monkeypatch: pytest.MonkeyPatch, kernel_size: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    weight, bias = torch.randn(5, 7, kernel_size, kernel_size).to(dtype).double(), torch.randn(5).to(dtype)
    x = torch.randn(1, 6, 9, 7).to(dtype)
    exact = torch.nn.functional.conv2d(x.double().permute(0, 3, 1, 2), weight, bias.double(), padding=kernel_size // 2).permute(0, 2, 3, 1)
    start = torch.randn(1, 6, 9, 5).to(dtype)
    tolerance = 1e-5 if dtype == torch.float32 else 0.15  # values of 30 have steps of 0.125
    for packed in (True, False):
        with monkeypatch.context() as patch, torch.inference_mode():
            if not packed:
                cannot_pack(patch)
            convolution = Convolution(weight, bias, CPU, dtype)
            assert worst(convolution(x), exact) <= tolerance
            added = start.clone()
            convolution.add_to(added, x)
            assert worst(added, exact + start) <= tolerance
            # Single positions, away from the borders: the rows around (1, 1) and (3, 4).
            reach = kernel_size // 2
            steps = [dy * 9 + dx for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1)]
            centres = torch.tensor([10, 31])
            found = convolution.at(x.view(-1, 7), centres[:, None] + torch.tensor(steps))
            assert worst(found, exact.reshape(-1, 5)[centres]) <= tolerance


def test_weights_are_packed_only_where_onednn_serves_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not can_pack(torch.device("cuda"), torch.float32)
    assert not can_pack(CPU, torch.float64)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    assert not can_pack(CPU, torch.bfloat16)  # oneDNN refuses there; torch's own layers are slow but work
    assert can_pack(CPU, torch.float32) == torch.backends.mkldnn.is_available()


def test_the_plain_path_renders_too(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processors without oneDNN, and every GPU."""
    cannot_pack(monkeypatch)
    config = tiny.config(input="noise")
    layout, z = tiny.layout(0, 64, 96), tiny.style(0)
    assert worst(render(fast(tiny, config), layout, z), by_modules(tiny, config, layout, z)) <= 1e-4
