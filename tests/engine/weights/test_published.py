"""Published folders and files: what is found, what shapes tell, what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.weights import PublishedOptions, inspect_weights, load_weights

StateDict = dict[str, Tensor]
Build = Callable[[AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig], StateDict]
Publish = Callable[..., Path]
ANSWERS = PublishedOptions(upsampling="normal", crop_size=64, aspect_ratio=1.0)
OPT = {"num_upsampling_layers": "normal", "crop_size": 64, "aspect_ratio": 1.0}
GENERATORS: list[AnyGeneratorConfig] = [
    GeneratorConfig(5, base_channels=2, hidden_width=3, norm="batch", crop_size=64),
    GeneratorConfig(7, 4, hidden_width=2, norm="instance", kernel_size=5, spectral_norm=False, upsampling="most", crop_size=128),
    GeneratorConfig(3, base_channels=2, hidden_width=5, kernel_size=1, upsampling="more", crop_size=128, aspect_ratio=2.0),
    GeneratorConfig(4, base_channels=2, hidden_width=3, norm="batch", input="noise", z_width=6, crop_size=96, aspect_ratio=1.5),
    Pix2PixHDConfig(6, base_channels=2, downsamplings=2, blocks=3, crop_size=64),
    Pix2PixHDConfig(3, base_channels=3, downsamplings=1, blocks=1, kernel_size=5, initial_kernel_size=5, norm="sync_batch", crop_size=32),
    Pix2PixHDConfig(3, base_channels=3, downsamplings=3, blocks=2, norm="none", spectral_norm=False, crop_size=32, aspect_ratio=2.0),
]


def opt_for(config: AnyGeneratorConfig) -> dict[str, object]:
    opt: dict[str, object] = {"netG": config.kind, "ngf": config.base_channels, "name": "a: name"}
    opt |= {"crop_size": config.crop_size, "aspect_ratio": config.aspect_ratio}
    opt |= {"label_nc": config.semantic_channels, "contain_dontcare_label": False, "no_instance": True}
    spectral, norm = "spectral" if config.spectral_norm else "", config.norm.replace("_", "")
    if isinstance(config, GeneratorConfig):
        opt |= {"num_upsampling_layers": config.upsampling, "use_vae": config.input == "noise", "z_dim": config.z_width}
        return opt | {"norm_G": f"{spectral}spade{norm}{config.kernel_size}x{config.kernel_size}"}
    return opt | {"norm_G": spectral + norm}


def refusal(path: Path, options: PublishedOptions | None = None) -> str:
    with pytest.raises(WeightsError) as caught:
        load_weights(path, options)
    return str(caught.value)


@pytest.mark.parametrize("config", GENERATORS, ids=lambda config: f"{config.kind}-{config.semantic_channels}-{config.norm}")
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "older format"])
def test_a_generator_is_known_by_its_shapes_and_opt_txt(config: AnyGeneratorConfig, legacy: bool, build: Build, published: Publish) -> None:
    state = build(config)
    folder = published(opt_for(config), latest_net_G=state, legacy=legacy)
    loaded = load_weights(folder)
    assert loaded.info.generator == config
    assert inspect_weights(folder).generator == config
    assert loaded.info.training_size == config.picture_size
    assert loaded.info.name == "a: name"
    assert loaded.info.file_kind == "published"
    assert loaded.sha256 == sha256_of(folder / "latest_net_G.pth")
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            assert name not in loaded.generator
        else:
            assert torch.equal(loaded.generator[name], tensor), name
    build_generator(config).load_state_dict(loaded.generator)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "older format"])
def test_encoder_and_discriminator_beside_the_generator(
    legacy: bool, tiny: GeneratorConfig, tiny_encoder: EncoderConfig, build: Build, published: Publish
) -> None:
    discriminator = DiscriminatorConfig(5, base_channels=2, layers=3, scales=3, spectral_norm=False, norm="batch")
    parts = {"latest_net_G": build(tiny), "latest_net_E": build(tiny_encoder), "latest_net_D": build(discriminator)}
    folder = published(OPT, legacy=legacy, **parts)
    (folder / "opt.pkl").write_bytes(b"\x80\x02c__builtin__\nexit\n)R.")
    loaded = load_weights(folder)
    assert (loaded.info.generator, loaded.info.encoder, loaded.info.discriminator) == (tiny, tiny_encoder, discriminator)
    assert loaded.info.can_use_style_image
    assert loaded.info.can_use_noise
    assert loaded.encoder is not None
    Encoder(tiny_encoder).load_state_dict(loaded.encoder)
    assert loaded.sha256 == sha256_of(folder / "latest_net_G.pth", folder / "latest_net_E.pth")
    # The generator's file, given alone, finds its companions and says so.
    single = inspect_weights(folder / "latest_net_G.pth")
    assert replace(single, path=folder, notes=()) == replace(loaded.info, notes=())
    assert any("latest_net_E.pth" in note for note in single.notes)


@pytest.mark.parametrize("layers", [5, 6])
@pytest.mark.parametrize("spectral", [True, False])
def test_an_encoder_alone_is_reported_but_cannot_render(layers: int, spectral: bool, build: Build, tmp_path: Path) -> None:
    config = EncoderConfig(base_channels=3, layers=6 if layers == 6 else 5, z_width=9, spectral_norm=spectral)
    torch.save(build(config), tmp_path / "some name.pth")
    info = inspect_weights(tmp_path / "some name.pth")
    assert (info.encoder, info.generator, info.name) == (config, None, "some name")
    assert not info.can_use_style_image
    assert "style encoder alone, which cannot render" in refusal(tmp_path / "some name.pth")


@pytest.mark.parametrize("norm", ["none", "batch", "instance"])
def test_a_discriminator_alone_is_reported_but_cannot_render(norm: str, build: Build, published: Publish) -> None:
    config = DiscriminatorConfig.from_json({"semantic_channels": 4, "base_channels": 2, "layers": 4, "scales": 2, "norm": norm})
    folder = published(latest_net_D=build(config))
    for path in (folder, folder / "latest_net_D.pth"):
        assert inspect_weights(path).discriminator == config
        assert "discriminator alone, which cannot render" in refusal(path)


def test_the_newest_epoch_is_taken_by_number(tiny: GeneratorConfig, tiny_encoder: EncoderConfig, build: Build, published: Publish) -> None:
    state = build(tiny)
    newer = state | {"conv_img.bias": torch.tensor([1.0, 2.0, 3.0])}
    folder = published(OPT, epoch_9_net_G=state, epoch_10_net_G=newer, epoch_9_net_E=build(tiny_encoder))
    loaded = load_weights(folder)
    assert torch.equal(loaded.generator["conv_img.bias"], newer["conv_img.bias"])
    assert loaded.encoder is None
    assert any("9, 10" in note for note in loaded.info.notes)
    published(latest_net_G=state)
    assert torch.equal(load_weights(folder).generator["conv_img.bias"], state["conv_img.bias"])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_types_become_float32(dtype: torch.dtype, tiny: GeneratorConfig, build: Build, published: Publish) -> None:
    state = {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in build(tiny).items()}
    loaded = load_weights(published(OPT, latest_net_G=state))
    assert {tensor.dtype for tensor in loaded.generator.values()} == {torch.float32}
    assert torch.equal(loaded.generator["fc.weight"], state["fc.weight"].float())


def test_loaded_tensors_let_go_of_the_file(tiny: GeneratorConfig, build: Build, published: Publish) -> None:
    folder = published(OPT, latest_net_G=build(tiny))
    loaded = load_weights(folder)
    before = loaded.generator["fc.weight"].clone()
    with (folder / "latest_net_G.pth").open("r+b") as file:
        file.write(b"\xff" * 200_000)
    assert torch.equal(loaded.generator["fc.weight"], before)


def test_names_saved_from_data_parallel(tiny: GeneratorConfig, build: Build, published: Publish) -> None:
    state = build(tiny)
    info = load_weights(published(OPT, latest_net_G={f"module.{name}": tensor for name, tensor in state.items()})).info
    assert info.generator == tiny
    assert any("DataParallel" in note for note in info.notes)


@pytest.mark.parametrize("prefix", ["_orig_mod.", "netG.", "module._orig_mod.", "pix2pix_model.netG.", "generator.module."])
@pytest.mark.parametrize("legacy", [False, True])
def test_names_that_wrappers_write_before_entries_are_taken_off(
    prefix: str, legacy: bool, tiny: GeneratorConfig, build: Build, tmp_path: Path
) -> None:
    path, state = tmp_path / "file.pth", build(tiny)
    torch.save({f"{prefix}{name}": tensor for name, tensor in state.items()}, path, _use_new_zipfile_serialization=not legacy)
    loaded = load_weights(path, ANSWERS)
    assert loaded.info.generator == tiny
    assert any(repr(prefix) in note for note in loaded.info.notes)
    assert torch.equal(loaded.generator["conv_img.weight"], state["conv_img.weight"])


def saved_by_a_training(form: str, state: StateDict) -> object:
    other = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
    parameter = torch.nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.Adam([parameter])
    parameter.sum().backward()
    optimizer.step()
    wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
    return {
        "state_dict": {"epoch": 3, "state_dict": state, "optimizer": optimizer.state_dict()},
        "g_ema": {"g": other, "g_ema": state, "d": {"discriminator_0.x": torch.zeros(2)}, "iteration": 100_000, "lr": 2e-4},
        "nested": {"model": {"netG": wrapped}, "args": {"name": "a", "betas": (0.0, 0.9)}},
        "flat": {f"netG.{name}": tensor for name, tensor in state.items()} | {"netD.discriminator_0.model0.0.weight": torch.zeros(2, 6)},
    }[form]


@pytest.mark.parametrize("form", ["state_dict", "g_ema", "nested", "flat"])
@pytest.mark.parametrize("legacy", [False, True])
def test_the_generator_is_found_in_what_a_training_saved(
    form: str, legacy: bool, tiny: GeneratorConfig, build: Build, tmp_path: Path
) -> None:
    path, state = tmp_path / "file.pth", build(tiny)
    torch.save(saved_by_a_training(form, state), path, _use_new_zipfile_serialization=not legacy)
    loaded = load_weights(path, ANSWERS)
    assert loaded.info.generator == tiny
    assert torch.equal(loaded.generator["conv_img.weight"], state["conv_img.weight"])
    assert any("netG" in note or "was taken out" in note for note in loaded.info.notes)


def test_generator_and_encoder_of_one_file(tiny: GeneratorConfig, tiny_encoder: EncoderConfig, build: Build, tmp_path: Path) -> None:
    torch.save({"netG": build(tiny), "netE": build(tiny_encoder), "step": 3}, tmp_path / "file.pth")
    loaded = load_weights(tmp_path / "file.pth", ANSWERS)
    assert (loaded.info.generator, loaded.info.encoder) == (tiny, tiny_encoder)
    assert loaded.encoder is not None


def test_parameters_and_strided_tensors_load(tiny: GeneratorConfig, build: Build, published: Publish) -> None:
    state = build(tiny)
    state["up_0.conv_0.weight_orig"] = state["up_0.conv_0.weight_orig"].contiguous(memory_format=torch.channels_last)
    state["fc.weight"] = torch.nn.Parameter(state["fc.weight"])
    loaded = load_weights(published(OPT, latest_net_G=state))
    assert torch.equal(loaded.generator["up_0.conv_0.weight_orig"], state["up_0.conv_0.weight_orig"])
    assert loaded.generator["up_0.conv_0.weight_orig"].is_contiguous()
    assert not loaded.generator["fc.weight"].requires_grad


def change(state: StateDict, how: str) -> StateDict:
    names = [name for name in state if "G_middle" in name and not name.endswith("num_batches_tracked")]
    if how == "missing":
        return {name: tensor for name, tensor in state.items() if name not in names}
    if how == "not expected":
        return state | {f"head_0.extra_{i}": torch.zeros(2) for i in range(7)}
    if how == "of another shape":
        return state | {name: torch.zeros(1, *state[name].shape) for name in names}
    return state | {name: torch.zeros(state[name].shape, dtype=torch.int32) for name in names}


@pytest.mark.parametrize("how", ["missing", "not expected", "of another shape", "not floating-point"])
def test_a_mismatch_names_the_first_five_entries_and_counts_them(how: str, tiny: GeneratorConfig, build: Build, published: Publish) -> None:
    state = build(tiny)
    changed = change(state, how)
    names = [name for name in (changed if how == "not expected" else state) if ("extra" if how == "not expected" else "G_middle") in name]
    names = [name for name in names if not name.endswith("num_batches_tracked")]
    found = refusal(published(OPT, latest_net_G=changed))
    assert f"{len(names)} {how} (" in found
    assert sum(bool(re.search(rf"{re.escape(name)}(?![\w.])", found)) for name in names) == 5


def test_statistics_counters_are_optional(tiny: GeneratorConfig, build: Build, published: Publish) -> None:
    state = {name: tensor for name, tensor in build(tiny).items() if not name.endswith("num_batches_tracked")}
    assert load_weights(published(OPT, latest_net_G=state)).info.generator == tiny


def test_other_contents_of_a_torch_file_are_explained(tiny: GeneratorConfig, build: Build, tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    contents: list[tuple[object, str]] = [
        ({"epoch": 3, "state_dict": {"a": build(tiny), "b": 3}, "g": build(tiny)}, "a SPADE generator 2 times: g, state_dict.a"),
        ({"epoch": 3, "weights": [build(tiny)]}, "entries that are not tensors: epoch, weights"),
        ({"epoch": 3, "lr": 0.1}, "entries that are not tensors: epoch, lr"),
        ([torch.zeros(3)], "holds an empty list|holds a list"),
        (torch.zeros(3), "holds one tensor"),
        ({}, "holds an empty dict"),
        ({"conv1.weight": torch.zeros(3, 3), "fc.weight": torch.zeros(2)}, "not of SPADE; its entries begin conv1.weight, fc.weight"),
    ]
    for legacy in (False, True):
        for content, message in contents:
            torch.save(content, path, _use_new_zipfile_serialization=not legacy)
            with pytest.raises(WeightsError, match=message):
                inspect_weights(path)


def test_files_in_each_others_place(tiny: GeneratorConfig, tiny_encoder: EncoderConfig, build: Build, published: Publish) -> None:
    folder = published(OPT, latest_net_G=build(tiny_encoder))
    assert "latest_net_G.pth holds a style encoder" in refusal(folder)
    folder = published(OPT, latest_net_G=build(tiny), latest_net_E=build(replace(tiny_encoder, z_width=8)))
    assert "style codes of 8 numbers, the generator takes 4" in refusal(folder)


def test_companions_that_do_not_serve_are_notes(tiny_encoder: EncoderConfig, build: Build, published: Publish) -> None:
    layout_input = GENERATORS[0]
    folder = published(OPT, latest_net_G=build(layout_input), latest_net_E=build(tiny_encoder), latest_net_D=build(tiny_encoder))
    loaded = load_weights(folder)
    assert loaded.encoder is None
    assert loaded.info.encoder is None
    assert any("takes no style code" in note for note in loaded.info.notes)
    assert any("discriminator beside it is not usable" in note for note in loaded.info.notes)


def test_opt_txt_that_contradicts_the_tensors(tiny: GeneratorConfig, build: Build, published: Publish) -> None:
    wrong: dict[str, object] = {"ngf": 64, "use_vae": False, "z_dim": 256, "norm_G": "spadeinstance5x5", "netG": "pix2pixhd"}
    folder = published(opt_for(tiny) | wrong, latest_net_G=build(tiny))
    found = refusal(folder)
    parts = ["ngf is 2 and not 64", "use_vae is True", "z_dim is 4", "spectral norm is", "norm is batch", "SPADE is 3", "netG is spade"]
    assert [part for part in parts if part not in found] == []
    published(opt_for(tiny) | {"label_nc": 6})
    assert "opt.txt says 6 labels, no unlabeled channel and no edge channel, but the generator has 5" in refusal(folder)
    published(opt_for(tiny) | {"crop_size": "wide"})
    assert "opt.txt says crop_size: wide. Expected a whole number" in refusal(folder)


def test_folders_without_weights_say_what_is_in_them(
    tiny: GeneratorConfig, build: Build, published: Publish, bundle: Publish, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "the folder empty is empty" in refusal(empty)
    published(OPT, latest_net_G=build(tiny))
    assert "Choose checkpoint in it" in refusal(tmp_path)
    (empty / "tiny.safetensors").write_bytes(bundle().read_bytes())
    assert "holds no weights (1 other" in refusal(empty)
    assert "Choose tiny.safetensors in it" in refusal(empty)


def test_options_win_over_opt_txt_unless_shapes_say_otherwise(build: Build, published: Publish) -> None:
    config = GENERATORS[0]
    folder = published(OPT, latest_net_G=build(config))
    options = PublishedOptions(upsampling="more", crop_size=128, aspect_ratio=2.0)
    assert inspect_weights(folder, options).generator == replace(config, upsampling="more", crop_size=128, aspect_ratio=2.0)
    assert "lacks the block up_4, but upsampling 'most' was given" in refusal(folder, PublishedOptions(upsampling="most"))
