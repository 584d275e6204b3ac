"""Every generator that can be trained, from its state dict to pictures and back; and files of them that are damaged."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from spade_studio.engine.errors import RenderError, StyleError, WeightsError
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    ConcatenationConfig,
    EncoderConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    Pix2PixHDConfig,
)
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights import describe, inspect_weights, load_weights
from spade_studio.engine.weights.bundle import METADATA_KEY

CHANNELS, Z = 5, 4
Write = Callable[..., Path]
ENCODER = EncoderConfig(base_channels=2, layers=5, z_width=Z)
SMALL: dict[str, Any] = {"crop_size": 64}
NOISE: dict[str, Any] = {"input": "noise", "z_width": Z, **SMALL}
GENERATORS: dict[str, AnyGeneratorConfig] = {
    "SPADE": GeneratorConfig(CHANNELS, 4, 8, **SMALL),
    "SPADE of noise": GeneratorConfig(CHANNELS, 4, 8, **NOISE),
    "concatenation": ConcatenationConfig(CHANNELS, 4, **SMALL),
    "concatenation of noise": ConcatenationConfig(CHANNELS, 4, norm="batch", **NOISE),
    "concatenation, plain": ConcatenationConfig(CHANNELS, 4, norm="instance", spectral_norm=False, upsampling="most", crop_size=256),
    "pix2pixHD": Pix2PixHDConfig(CHANNELS, 4, 2, 1, norm="sync_batch", **SMALL),
    "pix2pixHD, plain": Pix2PixHDConfig(CHANNELS, 4, 1, 1, initial_kernel_size=3, spectral_norm=False, **SMALL),
    "pix2pixHD with SPADE": LayeredPix2PixHDConfig(CHANNELS, 4, 2, 1, layout="spade", hidden_width=8, **SMALL),
    "pix2pixHD with SPADE, plain": LayeredPix2PixHDConfig(CHANNELS, 4, 1, 2, norm="instance", spectral_norm=False, kernel_size=1, **SMALL),
    "pix2pixHD with concatenation": LayeredPix2PixHDConfig(CHANNELS, 4, 2, 1, layout="concatenation", **SMALL),
    "pix2pixHD with concatenation, plain": LayeredPix2PixHDConfig(
        CHANNELS, 4, 1, 1, layout="concatenation", norm="instance", spectral_norm=False, **SMALL
    ),
}
every_generator = pytest.mark.parametrize("config", GENERATORS.values(), ids=GENERATORS)


def label_map(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Blocks of the channel numbers; 4 is unlabeled."""
    coarse = np.random.default_rng(seed).integers(0, CHANNELS, (height // 16, width // 16), np.uint8)
    return coarse.repeat(16, 0).repeat(16, 1)


def layout_of(labels: NDArray[np.uint8]) -> Layout:
    return Layout.from_channels(labels[None].astype(np.int64), CHANNELS, edge_channel=False)


@cache
def trained(config: AnyGeneratorConfig) -> torch.nn.Module:
    """In evaluation; running statistics and norms have seen some layouts, or every picture would be black and white."""
    torch.manual_seed(0)
    network = build_generator(config).train()
    height, width = config.picture_size
    with torch.no_grad():
        for step in range(8):
            layout = layout_of(label_map(height, 2 * width, step))
            network(layout, None if config.style_width is None else torch.randn(1, config.style_width))
    return network.eval()


WRITTEN: dict[tuple[AnyGeneratorConfig, bool], bytes] = {}


@pytest.fixture
def save(bundle: Write, tmp_path: Path) -> Callable[..., Path]:
    """Write the bundle of a configuration of :data:`GENERATORS`, with an encoder if asked; only once where nothing else is asked."""

    def write(config: AnyGeneratorConfig, encoder: bool = False, **changes: Any) -> Path:
        if not changes and (config, encoder) in WRITTEN:
            path = tmp_path / "again.safetensors"
            path.write_bytes(WRITTEN[config, encoder])
            return path
        torch.manual_seed(1)
        values: dict[str, Any] = {
            "generator_config": config,
            "generator": trained(config).state_dict(),
            "encoder_config": ENCODER if encoder else None,
            "encoder": Encoder(ENCODER).state_dict() if encoder else None,
            "training_size": config.picture_size,
            "half": False,
        }
        path = bundle(**(values | changes))
        if not changes:
            WRITTEN[config, encoder] = path.read_bytes()
        return path

    return write


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, Tensor]], object]) -> None:
    """Change a bundle's description or tensors as no program of ours would."""
    with safetensors.safe_open(path, "pt") as file:
        description = json.loads(file.metadata()[METADATA_KEY])
    tensors = safetensors.torch.load_file(path)
    change(description, tensors)
    safetensors.torch.save_file(tensors, path, {METADATA_KEY: json.dumps(description)})


def refusal(path: Path) -> str:
    """Return the message with which inspection and loading refuse."""
    messages: list[str] = []
    for look in (inspect_weights, load_weights):
        with pytest.raises(WeightsError) as caught:
            look(path)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


# ---- saved, inspected, loaded, rendered


@every_generator
@pytest.mark.parametrize("modulation", ["auto", "dense"])
def test_pictures_of_a_saved_generator_are_its_own(config: AnyGeneratorConfig, modulation: Any, save: Write) -> None:
    path = save(config)
    loaded = load_weights(path)
    assert loaded.info == inspect_weights(path)
    assert loaded.info.generator == config
    assert (loaded.info.can_use_noise, loaded.info.can_use_style_image) == (config.style_width is not None, False)
    renderer = Renderer.load(path, device="cpu", dtype="float32", modulation=modulation)
    assert (renderer.z_width, renderer.stride, renderer.default_size(500, 500)) == (config.style_width, config.stride, config.picture_size)
    height, width = config.picture_size
    for size in ((height, width), (height, 2 * width)):
        labels = label_map(*size)
        z = None if renderer.z_width is None else np.stack([renderer.style_from_seed(seed) for seed in range(2)])
        with torch.inference_mode():
            layout, codes = layout_of(labels), [None] if z is None else torch.from_numpy(z).split(1)
            expected = torch.cat([trained(config)(layout, code) for code in codes]).numpy()
        assert expected.std() > 0.01
        renderer.set_style(z)
        assert renderer.set_layout(labels, size=size).unknown_ids == {}
        found = renderer.render_float()
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 if renderer.modulation_path == "fast" else 1e-5)
        if z is not None:
            assert np.abs(found[0] - found[1]).max() > 1e-3
        frame = renderer.render_frame()
        assert frame is not None
        assert np.array_equal(frame.image, renderer.render()[0])
    fast = modulation == "auto" and isinstance(config, GeneratorConfig)
    assert renderer.modulation_path == ("fast" if fast else "dense")


@pytest.mark.parametrize("config", [GENERATORS["concatenation"], GENERATORS["pix2pixHD with SPADE"]], ids=lambda config: config.kind)
def test_half_precision_bundles_render_nearly_the_same(config: AnyGeneratorConfig, save: Write) -> None:
    pictures: list[NDArray[np.float32]] = []
    for half in (False, True):
        renderer = Renderer.load(save(config, half=half), device="cpu", dtype="float32", modulation="dense")
        renderer.set_style(None if renderer.z_width is None else renderer.style_from_seed(0))
        renderer.set_layout(label_map(*config.picture_size))
        pictures.append(renderer.render_float())
    difference = np.abs(pictures[0] - pictures[1])
    assert 0 < difference.mean() < 0.01


@pytest.mark.parametrize("name", ["SPADE of noise", "concatenation of noise"])
def test_generators_of_noise_take_styles_of_photographs(name: str, save: Write) -> None:
    config = GENERATORS[name]
    path = save(config, encoder=True)
    info = inspect_weights(path)
    assert (info.encoder, info.can_use_noise, info.can_use_style_image) == (ENCODER, True, True)
    report = describe(info)
    assert "Style image:    yes" in report
    assert "Noise:          yes" in report
    renderer = Renderer.load(path, device="cpu", dtype="float32")
    y, x = np.mgrid[:50, :70]
    photo = np.stack((3 * x, 255 - 5 * y, x + y), 2).astype(np.uint8)
    styles = np.stack([renderer.style_from_image(photo), renderer.style_from_image(photo[::-1])])
    renderer.set_style(styles)
    renderer.set_layout(label_map(64, 64))
    found = renderer.render_float()
    with torch.inference_mode():
        expected = trained(config)(layout_of(label_map(64, 64)), torch.from_numpy(styles)).numpy()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    assert np.abs(found[0] - found[1]).max() > 1e-4


@pytest.mark.parametrize("name", [name for name, config in GENERATORS.items() if config.style_width is None])
def test_other_generators_take_neither_style_nor_encoder(name: str, save: Write) -> None:
    with pytest.raises(WeightsError, match="encoder does not fit its generator"):
        save(GENERATORS[name], encoder=True)
    renderer = Renderer.load(save(GENERATORS[name]), device="cpu", dtype="float32")
    with pytest.raises(StyleError, match="layout only"):
        renderer.style_from_seed(0)
    with pytest.raises(StyleError, match="layout only"):
        renderer.set_style(np.zeros(Z, np.float32))
    assert "Noise:          no" in describe(renderer.info)


@every_generator
def test_the_smallest_picture_can_be_rendered_and_smaller_ones_name_it(config: AnyGeneratorConfig, save: Write) -> None:
    renderer = Renderer.load(save(config), device="cpu", dtype="float32")
    renderer.set_style(None if renderer.z_width is None else renderer.style_from_seed(0))
    labels = label_map(64, 64)
    height, width = config.nearest_size(1, 1)
    assert renderer.default_size(1, 3) == config.nearest_size(1, 3)
    renderer.set_layout(labels, size=(height, width))
    assert renderer.render().shape == (1, height, width, 3)
    for smaller in ((height - config.stride, width), (height, width - config.stride)):
        with pytest.raises(RenderError, match=f"a picture of {smaller[1]}x{smaller[0]}, .*Use "):
            renderer.set_layout(labels, size=smaller)


# ---- reports


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SPADE", "SPADE, .* hidden width 8, kernel 3, upsampling 'normal' .stride 32., synchronous .* begins with the layout"),
        ("concatenation of noise", r"layout concatenated at every convolution, \d.* width 4, upsampling .*begins with a style code of 4"),
        ("concatenation, plain", "concatenated.* upsampling 'most' .stride 128., instance norm, no spectral norm, begins with the layout"),
        ("pix2pixHD", r"pix2pixHD, \d.* base width 4, 2 downsamplings, 1 blocks, synchronous batch norm, spectral norm"),
        ("pix2pixHD with SPADE", "pix2pixHD with SPADE, .* hidden width 8, kernel 3, 2 downsamplings, 1 blocks, synchronous"),
        ("pix2pixHD with concatenation", r"pix2pixHD with the layout concatenated in every residual block, \d.* width 4, 2 downsamplings"),
    ],
)
def test_reports_tell_the_generators_apart(name: str, words: str, save: Write) -> None:
    network = trained(GENERATORS[name])
    info = inspect_weights(save(GENERATORS[name]))
    (line,) = [line for line in describe(info).splitlines() if line.startswith("Generator:")]
    count = sum(parameter.numel() for parameter in network.parameters())
    assert f"{count:,} parameters" in line or f"{count / 1e6:.1f} million" in line
    assert re.search(words, line), line


def test_inspecting_any_generator_does_not_import_torch(save: Write, tmp_path: Path) -> None:
    paths = [save(config).rename(tmp_path / f"{i}.safetensors") for i, config in enumerate(GENERATORS.values())]
    code = (
        "import sys; from pathlib import Path; from spade_studio.engine.weights import describe, inspect_weights\n"
        "print(*[inspect_weights(Path(path)).generator.kind for path in sys.argv[1:]]); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *map(str, paths)], check=True, capture_output=True, text=True)
    assert done.stdout.split() == [config.kind for config in GENERATORS.values()]


# ---- damaged and hostile files


@every_generator
def test_missing_strange_and_reshaped_entries_are_named(config: AnyGeneratorConfig, save: Write) -> None:
    path = save(config)
    rewrite(path, lambda _, tensors: tensors.pop(next(name for name in tensors if name.endswith(".bias"))))
    assert "1 missing (" in refusal(path)
    path = save(config)
    rewrite(path, lambda _, tensors: tensors.update({"generator.backdoor.weight": torch.zeros(1)}))
    assert "1 not expected (backdoor.weight)" in refusal(path)
    path = save(config)
    name = next(name for name in trained(config).state_dict() if name.endswith(("weight", "weight_orig")))
    rewrite(path, lambda _, tensors: tensors.update({f"generator.{name}": torch.zeros(2, 3)}))
    assert f"1 of another shape ({name} [2, 3] instead of" in refusal(path)
    path = save(config)
    rewrite(path, lambda _, tensors: tensors.update({f"generator.{name}": tensors[f"generator.{name}"].to(torch.int8)}))
    assert f"1 not floating-point ({name} I8)" in refusal(path)


@every_generator
def test_a_wrong_width_is_a_mismatch(config: AnyGeneratorConfig, save: Write) -> None:
    path = save(config)
    for changes in ({"base_channels": 6}, {"base_channels": 65536, "crop_size": 4096}, {"spectral_norm": not config.spectral_norm}):
        rewrite(path, lambda description, _, changes=changes: description["generator"].update(changes))
        assert "does not fit the architecture that it claims" in refusal(path)


@every_generator
def test_values_that_are_not_finite_are_neither_saved_nor_loaded(config: AnyGeneratorConfig, save: Write) -> None:
    state = trained(config).state_dict()
    name = next(name for name in state if name.endswith(".bias"))
    with pytest.raises(WeightsError, match=r"not finite.*bias"):
        save(config, generator=state | {name: torch.full_like(state[name], torch.nan)})
    path = save(config)
    rewrite(path, lambda _, tensors: tensors.update({f"generator.{name}": torch.full_like(state[name], torch.inf)}))
    with pytest.raises(WeightsError, match=r"not finite.*bias"):
        load_weights(path)


@pytest.mark.parametrize("name", ["concatenation of noise", "pix2pixHD with SPADE"])
def test_a_bundle_cut_off_anywhere_is_refused(name: str, save: Write) -> None:
    path = save(GENERATORS[name])
    content = path.read_bytes()
    for length in (1, 8, 40, 500, 5000, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        refusal(path)


def test_generators_cannot_be_taken_for_each_other(save: Write) -> None:
    """Weights described as another generator's of the same size are a mismatch, never pictures of noise."""
    for name, config in GENERATORS.items():
        path = save(config)
        for other, claimed in GENERATORS.items():
            if claimed == config:
                continue
            rewrite(path, lambda description, _, claimed=claimed: description.update({"generator": claimed.to_json()}))
            assert "does not fit the architecture that it claims" in refusal(path), (name, other)


HOSTILE: list[tuple[str, dict[str, object], str]] = [
    ("concatenation", {"hidden_width": 8}, "unknown entries hidden_width"),
    ("concatenation", {"norm": "none"}, "norm is 'none'"),
    ("concatenation", {"kind": "concatenate"}, "kind 'concatenate'"),
    ("concatenation", {"kind": ["concatenation"]}, "kind ['concatenation']"),
    ("concatenation", {"kind": "x" * 10_000}, "a generator of kind 'xxx"),
    ("concatenation", {"crop_size": 100}, "crop_size is 100"),
    ("concatenation", {"aspect_ratio": 5e-324}, "aspect_ratio is 5e-324"),
    ("concatenation", {"aspect_ratio": 10**400}, "aspect_ratio is 1000"),
    ("concatenation", {"aspect_ratio": 1e300}, "aspect_ratio is 1e+300"),
    ("concatenation of noise", {"z_width": 0}, "z_width is 0"),
    ("concatenation of noise", {"z_width": 5}, "encoder does not fit its generator"),
    ("concatenation of noise", {"input": "layout"}, "encoder does not fit its generator"),
    ("concatenation of noise", {"semantic_channels": 6}, "explains 5 channels of a generator with 6"),
    ("pix2pixHD with SPADE", {"layout": "both"}, "layout is 'both'"),
    ("pix2pixHD with SPADE", {"layout": "concatenation"}, "does not fit the architecture"),
    ("pix2pixHD with SPADE", {"norm": "none"}, "norm is 'none'"),
    ("pix2pixHD with SPADE", {"blocks": 60_000}, "claims 60000 residual blocks"),
    ("pix2pixHD with SPADE", {"blocks": 0}, "blocks is 0"),
    ("pix2pixHD with SPADE", {"downsamplings": 60_000}, "downsamplings is 60000"),
    ("pix2pixHD with SPADE", {"downsamplings": "2"}, "downsamplings is '2'"),
    ("pix2pixHD with SPADE", {"kernel_size": 7}, "kernel_size is 7"),
    ("pix2pixHD with SPADE", {"aspect_ratio": 5e-324}, "aspect_ratio is 5e-324"),
    ("pix2pixHD with SPADE", {"z_width": 4}, "unknown entries z_width"),
    ("pix2pixHD", {"aspect_ratio": 1e300}, "aspect_ratio is 1e+300"),
]


@pytest.mark.parametrize(("name", "changes", "message"), HOSTILE)
def test_hostile_descriptions_are_named(name: str, changes: dict[str, object], message: str, save: Write) -> None:
    path = save(GENERATORS[name], encoder=GENERATORS[name].style_width is not None)
    rewrite(path, lambda description, _: description["generator"].update(changes))
    found = refusal(path)
    assert message in found
    assert len(found) < 1000
