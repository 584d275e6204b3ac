"""Looking at weights by their headers alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spade_studio.engine.errors import AmbiguousWeightsError, WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, GeneratorConfig
from spade_studio.engine.weights import PublishedOptions, deciding_files, examine_weights, fingerprint, inspect_weights, load_weights
from spade_studio.engine.weights.shapes import parameter_count

Build = Callable[[AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig], dict[str, torch.Tensor]]
Write = Callable[..., Path]
OPT = {"num_upsampling_layers": "normal", "crop_size": 64, "aspect_ratio": 1.0}


def test_a_bundle_is_described_with_its_numbers_and_card(bundle: Write, tiny: GeneratorConfig, tiny_encoder: EncoderConfig) -> None:
    path = bundle()
    path.with_suffix(".md").write_text("# Card\x1b[2J\n", encoding="utf-8")
    facts = examine_weights(path)
    assert facts.info == inspect_weights(path)
    assert (facts.generator_parameters, facts.encoder_parameters) == (parameter_count(tiny), parameter_count(tiny_encoder))
    assert facts.files == ((path, path.stat().st_size),)
    assert facts.numbers["F16"] > facts.numbers["F32"] > 0
    assert facts.card == "# Card\N{REPLACEMENT CHARACTER}[2J"
    assert set(examine_weights(bundle("full.safetensors", half=False)).numbers) == {"F32"}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "older format"])
def test_a_folder_is_described_without_reading_numbers(
    legacy: bool, tiny: GeneratorConfig, tiny_encoder: EncoderConfig, build: Build, published: Write
) -> None:
    broken = build(tiny) | {"conv_img.bias": torch.tensor([torch.nan, 0.0, 0.0])}
    parts = {"latest_net_G": broken, "latest_net_E": build(tiny_encoder), "latest_net_D": build(DiscriminatorConfig(5, base_channels=2))}
    folder = published(OPT, legacy=legacy, **parts)
    (folder / "README.md").write_text("where it comes from", encoding="utf-8")
    facts = examine_weights(folder)
    assert facts.info.generator == tiny
    assert facts.info.encoder == tiny_encoder
    assert [path.name for path, _ in facts.files] == ["latest_net_G.pth", "latest_net_E.pth", "latest_net_D.pth"]
    assert facts.bytes == sum((folder / f"{name}.pth").stat().st_size for name in parts)
    used = (tensor.numel() for name in parts if name != "latest_net_D" for key, tensor in parts[name].items() if "num_batches" not in key)
    assert facts.numbers == {"F32": sum(used)}
    assert facts.card == "where it comes from"
    with pytest.raises(WeightsError, match="not finite"):
        load_weights(folder)


def test_what_is_open_is_asked_and_answers_count(tiny: GeneratorConfig, build: Build, published: Write) -> None:
    folder = published(latest_net_G=build(tiny))
    with pytest.raises(AmbiguousWeightsError) as caught:
        examine_weights(folder)
    assert "upsampling" in caught.value.questions
    assert examine_weights(folder, PublishedOptions(upsampling="normal", crop_size=64, aspect_ratio=1.0)).info.generator == tiny


def test_the_fingerprint_is_the_hash_that_loading_gives(
    tiny: GeneratorConfig, tiny_encoder: EncoderConfig, build: Build, published: Write, bundle: Write
) -> None:
    parts: dict[str, Any] = {"latest_net_D": build(DiscriminatorConfig(5, base_channels=2))}
    folder = published(OPT, latest_net_G=build(tiny), latest_net_E=build(tiny_encoder), **parts)
    told: list[tuple[int, int]] = []
    for path in (folder, bundle()):
        files = deciding_files(path)
        told.clear()
        assert fingerprint(files, lambda done, total: told.append((done, total))) == load_weights(path).sha256 == sha256_of(*files)
        assert told[-1][0] == told[-1][1] == sum(file.stat().st_size for file in files)

    def stop(_done: int, _total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fingerprint(deciding_files(folder), stop)


def test_our_own_files_that_are_no_weights_are_named(tmp_path: Path, build: Build, bundle: Write) -> None:
    import safetensors.torch

    path = tmp_path / "step_3.pt"
    torch.save({"format_version": 1, "step": 3, "config": {}, "parts": {"generator": {"a": torch.zeros(2)}}}, path)
    with pytest.raises(WeightsError, match=r"checkpoint of a training of SPADE Studio.*weights\.safetensors"):
        examine_weights(path)
    beside = tmp_path / "weights.discriminator.safetensors"
    safetensors.torch.save_file(build(DiscriminatorConfig(5, base_channels=2)), beside, {"spade-studio-discriminator": "{}"})
    with pytest.raises(WeightsError, match="discriminator of a training alone"):
        examine_weights(beside)


@pytest.mark.parametrize("content", [b"<!DOCTYPE html>", b"\xef\xbb\xbf\r\n<HTML>", b"<?xml version='1.0'?>", b"  <head>"])
def test_pages_in_place_of_files_are_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "latest_net_G.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"web page.*Download it again"):
        examine_weights(path)


def test_looking_at_a_folder_does_not_import_torch(tiny: GeneratorConfig, build: Build, published: Write) -> None:
    folder = published(OPT, latest_net_G=build(tiny))
    code = "import sys; from pathlib import Path; from spade_studio.engine.weights import examine_weights as look; "
    code += "look(Path(sys.argv[1])); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False, timeout=60).returncode == 0
