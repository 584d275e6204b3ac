"""Our own weights files: what is written is read back, equal input gives equal bytes, and damage is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.weights import PublishedOptions, inspect_weights, load_weights
from spade_studio.engine.weights.bundle import METADATA_KEY

Build = Callable[[AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig], dict[str, Tensor]]
Write = Callable[..., Path]


def change_description(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Rewrite a bundle with another description, as no program of ours would."""
    with safetensors.safe_open(path, "pt") as file:
        description = json.loads(file.metadata()[METADATA_KEY])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
    change(description)
    safetensors.torch.save_file(tensors, path, {METADATA_KEY: json.dumps(description)})


def refusal(path: Path, options: PublishedOptions | None = None) -> str:
    with pytest.raises(WeightsError) as caught:
        load_weights(path, options)
    return str(caught.value)


def test_what_is_saved_is_loaded(bundle: Write, tiny: GeneratorConfig, tiny_encoder: EncoderConfig, build: Build) -> None:
    path = bundle(half=False, training_size=(64, 96), steps=3, averaged=False, name="Schöne Hügel", data="d", licence="l")
    loaded = load_weights(path)
    info = loaded.info
    assert info == inspect_weights(path)
    assert (info.generator, info.encoder, info.discriminator) == (tiny, tiny_encoder, None)
    assert info.channels == LabelChannels.plain(5, unlabeled=True, edge=False)
    assert (info.training_size, info.steps, info.averaged, info.file_kind) == ((64, 96), 3, False, "bundle")
    assert (info.name, info.data, info.licence, info.notes) == ("Schöne Hügel", "d", "l", ())
    assert loaded.sha256 == sha256_of(path)
    assert loaded.encoder is not None
    for saved, read in ((build(tiny), loaded.generator), (build(tiny_encoder), loaded.encoder)):
        wanted = {name: tensor for name, tensor in saved.items() if not name.endswith("num_batches_tracked")}
        assert read.keys() == wanted.keys()
        assert all(torch.equal(read[name], tensor) for name, tensor in wanted.items())
    build_generator(tiny).load_state_dict(loaded.generator)


def test_channels_with_a_label_set_and_unknowns_survive(bundle: Write) -> None:
    label_set = LabelSet("Mine", tuple(Label(i, f"label {i}", (i, i, i)) for i in range(9)), unlabeled_id=None)
    channels = LabelChannels.from_label_set(label_set, [8, 2, 5, 3], None, edge=True)
    info = inspect_weights(bundle(channels=channels, steps=None, averaged=None, encoder=None, encoder_config=None))
    assert info.channels == channels
    assert (info.steps, info.averaged, info.encoder) == (None, None, None)
    assert info.uses_edges
    assert not info.can_use_style_image


def test_a_pix2pixhd_bundle(bundle: Write, build: Build) -> None:
    config = Pix2PixHDConfig(5, base_channels=2, downsamplings=1, blocks=1, crop_size=32)
    path = bundle(generator_config=config, generator=build(config), encoder=None, encoder_config=None)
    assert load_weights(path).info.generator == config


def test_half_precision_is_for_weights_only_and_never_overflows(bundle: Write, tiny: GeneratorConfig, build: Build) -> None:
    state = build(tiny)
    state["conv_img.weight"] = state["conv_img.weight"] * 1e6
    path = bundle(generator=state)
    stored = safetensors.torch.load_file(path)
    kinds = {name: tensor.dtype for name, tensor in stored.items()}
    assert kinds["generator.fc.weight"] == torch.float16
    assert kinds["generator.head_0.norm_0.mlp_gamma.weight"] == torch.float16
    assert kinds["generator.conv_img.weight"] == torch.float32
    assert {kind for name, kind in kinds.items() if stored[name].ndim < 2} == {torch.float32}
    loaded = load_weights(path).generator
    assert torch.equal(loaded["fc.weight"], state["fc.weight"].half().float())
    assert torch.equal(loaded["conv_img.weight"], state["conv_img.weight"])
    assert path.stat().st_size < bundle("full.safetensors", half=False).stat().st_size


def test_equal_input_gives_equal_bytes_in_every_process(bundle: Write, tmp_path: Path) -> None:
    path = bundle()
    code = (
        "import sys; from pathlib import Path; from spade_studio.engine.weights import load_weights, save_bundle\n"
        "w = load_weights(Path(sys.argv[1])); i = w.info\n"
        "save_bundle(Path(sys.argv[2]), generator_config=i.generator, generator=w.generator, channels=i.channels,"
        " encoder_config=i.encoder, encoder=dict(reversed(w.encoder.items())), training_size=i.training_size, name=i.name, steps=i.steps,"
        " data=i.data, licence=i.licence, averaged=i.averaged)"
    )
    again = tmp_path / "again.safetensors"
    subprocess.run([sys.executable, "-c", code, str(path), str(again)], check=True)
    assert sha256_of(path) == sha256_of(again)


def test_inspection_needs_the_header_only(bundle: Write) -> None:
    path = bundle()
    size = path.stat().st_size
    info = inspect_weights(path)
    with path.open("r+b") as file:
        header = int.from_bytes(file.read(8), "little")
        file.truncate(8 + header)
        # A hole in place of the numbers: inspection must not care, loading reads zeros.
        file.truncate(size)
    assert inspect_weights(path) == info


def test_inspecting_a_bundle_does_not_import_torch(bundle: Write) -> None:
    """The window shows what the weights know before torch is loaded."""
    code = (
        "import sys; from pathlib import Path; from spade_studio.engine.weights import describe, inspect_weights\n"
        "assert 'parameters' in describe(inspect_weights(Path(sys.argv[1]))); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(bundle())], check=True)


def test_nothing_is_written_that_could_not_be_read(bundle: Write, tmp_path: Path, tiny: GeneratorConfig, build: Build) -> None:
    state = build(tiny)
    wrong: list[tuple[Mapping[str, Any], str]] = [
        ({"generator": {name: tensor for name, tensor in state.items() if "up_0" not in name}}, "missing"),
        ({"generator": state | {"conv_img.bias": torch.full((3,), torch.nan)}}, "not finite"),
        ({"encoder": None}, "without its configuration"),
        ({"encoder_config": None}, "without its configuration"),
        ({"encoder_config": EncoderConfig(base_channels=2, z_width=5)}, "encoder does not fit its generator"),
        ({"channels": LabelChannels.plain(6, unlabeled=True, edge=False)}, "6 channels of a generator with 5"),
        ({"training_size": (0, 64)}, "training size"),
        ({"steps": -1}, "steps"),
        ({"averaged": 1}, "averaged"),
        ({"data": "x" * 30_000}, "data"),
    ]
    for changes, message in wrong:
        with pytest.raises(WeightsError, match=message):
            bundle(**changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("entry", "value", "message"),
    [
        ("format_version", 2, "written by a newer SPADE Studio (format 2). Expected format 1. Update SPADE Studio"),
        ("format_version", "1", "names no format version"),
        ("generator", None, "the spade configuration is NoneType"),
        ("generator", {"kind": "stylegan"}, "kind 'stylegan'"),
        ("channels", {}, "channels"),
        ("channels", [], "channels"),
        ("training_size", [64], "training size"),
        ("training_size", [64, 1e9], "training size"),
        ("name", None, "its name is not a text"),
        ("licence", "x" * 30_000, "its licence is not a text"),
        ("steps", "many", "its steps is many"),
        ("steps", True, "its steps is True"),
        ("averaged", "yes", "its averaged is yes"),
        ("encoder", None, "tensors of no network (encoder."),
        ("encoder", {"kind": "encoder", "layers": 4}, "layers is 4"),
    ],
)
def test_a_wrong_description_is_named(entry: str, value: object, message: str, bundle: Write) -> None:
    path = bundle()
    change_description(path, lambda description: description.update({entry: value}))
    assert message in refusal(path)


def test_a_description_of_another_network_is_a_mismatch(bundle: Write, tiny: GeneratorConfig) -> None:
    path = bundle()
    change_description(path, lambda description: description["generator"].update({"base_channels": 4}))
    assert "of another shape (fc.weight [128, 4] instead of [256, 4]" in refusal(path)
    change_description(path, lambda description: description["generator"].update({"base_channels": 65536, "crop_size": 4096}))
    assert "of another shape" in refusal(path)
    pix2pixhd = Pix2PixHDConfig(tiny.semantic_channels, blocks=60_000)
    change_description(path, lambda description: description.update({"generator": pix2pixhd.to_json(), "encoder": None}))
    assert "claims 60000 residual blocks" in refusal(path)


def test_control_characters_are_not_shown(bundle: Write) -> None:
    assert inspect_weights(bundle(name="a\x1b[31mb\n c")).name == "a\N{REPLACEMENT CHARACTER}[31mb c"


def test_options_do_not_override_a_bundle(bundle: Write, tiny: GeneratorConfig) -> None:
    path = bundle()
    same = PublishedOptions(upsampling="normal", crop_size=64, aspect_ratio=1.0, unlabeled="last")
    assert load_weights(path, same).info.generator == tiny
    assert "says itself that its upsampling is 'normal'" in refusal(path, PublishedOptions(upsampling="more"))
    assert "says itself that its crop size is 64" in refusal(path, PublishedOptions(crop_size=128))
    assert "unlabeled channel is: last" in refusal(path, PublishedOptions(unlabeled="first"))


def test_a_bundle_without_label_set_takes_one_by_option(bundle: Write) -> None:
    label_set = LabelSet("Four", tuple(Label(i, f"label {i}", (i, i, i)) for i in range(1, 5)), unlabeled_id=0)
    info = load_weights(bundle(), PublishedOptions(label_set=label_set)).info
    assert info.channels == LabelChannels.from_label_set(label_set, range(1, 5), "last", edge=False)
    assert "labels of Four" in info.notes[0]
    named = bundle(channels=info.channels)
    other = replace(label_set, name="Other")
    assert inspect_weights(named, PublishedOptions(label_set=other)).channels == info.channels


def test_recognised_by_content_whatever_its_name(bundle: Write) -> None:
    assert load_weights(bundle("latest_net_G.pth")).info.file_kind == "bundle"
    assert load_weights(bundle("no suffix")).info.file_kind == "bundle"


@pytest.mark.parametrize("size", [[65536, 65536], [4097, 64], [0, 64], [64.0, 64]])
def test_training_sizes_that_nobody_can_render_are_refused(bundle: Write, size: list[object]) -> None:
    path = bundle()
    change_description(path, lambda description: description.update({"training_size": size}))
    assert "its training size is not a height and a width of 1 to 4096 pixels" in refusal(path)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8 are those of POSIX systems")
def test_names_that_are_not_utf8_do_not_matter(bundle: Write, tmp_path: Path, tiny: GeneratorConfig) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    path = bundle().rename(folder / "w.safetensors")
    assert load_weights(path).info.generator == tiny


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX systems")
def test_a_pipe_holds_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.safetensors")
    assert "not an ordinary file" in refusal(tmp_path / "w.safetensors")
