"""Weights in the form of the published code: folders with ``latest_net_G.pth`` and its companions, or single ``.pth`` files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.config import AnyGeneratorConfig, ConvNorm, DiscriminatorConfig, EncoderConfig, SpadeNorm
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.geometry import resolve_pix2pixhd, resolve_spade
from spade_studio.engine.weights.info import LoadedWeights, PublishedOptions, WeightsInfo
from spade_studio.engine.weights.networks_of_file import networks_of_file
from spade_studio.engine.weights.options_file import OptionsFile, read_options_file
from spade_studio.engine.weights.published_sets import published_set, resolve_channels
from spade_studio.engine.weights.recognize import recognize
from spade_studio.engine.weights.strict import check_entries, check_finite, float_tensors
from spade_studio.engine.weights.structure import (
    NETWORK_NAMES,
    NetworkKind,
    SpadeFacts,
    as_weights_errors,
    infer_discriminator,
    infer_encoder,
    infer_pix2pixhd,
    infer_spade,
)
from spade_studio.engine.weights.torch_file import TorchFile, load_torch_file

__all__ = ["PublishedOptions", "examine_published", "inspect_published", "load_published", "published_files"]

_NAME: Final = re.compile(r"(latest|[0-9]{1,9})_net_([GED])\.pth")
_LETTERS: Final[Mapping[NetworkKind, str]] = {"spade": "G", "pix2pixhd": "G", "encoder": "E", "discriminator": "D"}
_NORMS: Final = re.compile(r"(spectral)?(?:spade)?(sync_?batch|batch|instance|none)(?:(\d)x\d)?")


@dataclass
class _Found:
    """The files that belong together, read as far as their tables of contents, and what was concluded from them."""

    path: Path
    opt: OptionsFile
    files: dict[str, TorchFile] = field(default_factory=dict[str, TorchFile])
    kinds: dict[str, NetworkKind] = field(default_factory=dict[str, NetworkKind])
    notes: list[str] = field(default_factory=list[str])


def inspect_published(path: Path, options: PublishedOptions) -> WeightsInfo:
    """Return the contents of a folder or file; values are read only to check that they are finite.

    Raises:
        WeightsError: no usable weights, damaged or hostile ones, or a contradiction to ``opt.txt`` or the options.
        AmbiguousWeightsError: a required setting is neither in the files nor in the options.
    """
    found = _find(path)
    info = _info(found, options)
    for letter, file in found.files.items():
        if letter != "D" or info.generator is None:
            check_finite(load_torch_file(file), file.path.name)
    return info


def examine_published(path: Path, options: PublishedOptions) -> tuple[WeightsInfo, dict[str, TorchFile]]:
    """Return the contents of a folder or file, and its files by letter (G, E, D), without reading any values.

    Raises:
        WeightsError: no usable weights, damaged or hostile ones, or a contradiction to ``opt.txt`` or the options.
        AmbiguousWeightsError: a required setting is neither in the files nor in the options.
    """
    found = _find(path)
    return _info(found, options), found.files


def published_files(path: Path) -> tuple[Path, ...]:
    """Return the files for rendering: generator and encoder, or the only one.

    Raises:
        WeightsError: no usable weights, or damaged or hostile ones.
    """
    files = _find(path).files
    return tuple(file.path for letter, file in files.items() if letter != "D" or len(files) == 1)


def load_published(path: Path, options: PublishedOptions) -> LoadedWeights:
    """Load the generator, and a compatible encoder if there is one.

    Raises:
        WeightsError: as for :func:`inspect_published`, or no generator.
        AmbiguousWeightsError: a required setting is neither in the files nor in the options.
    """
    found = _find(path)
    if "G" not in found.files:
        alone = NETWORK_NAMES[next(iter(found.kinds.values()))]
        raise WeightsError(f"{path.name} holds {alone} alone, which cannot render", "a generator", "Choose the generator's file or folder")
    info = _info(found, options)
    letters = "GE" if info.encoder is not None else "G"
    tensors = {letter: float_tensors(load_torch_file(found.files[letter]), found.files[letter].path.name) for letter in letters}
    return LoadedWeights(info, tensors["G"], tensors.get("E"), sha256_of(*(found.files[letter].path for letter in letters)))


def _find(path: Path) -> _Found:
    kind = recognize(path)
    notes: list[str] = []
    if kind == "folder":
        paths, notes = _in_folder(path)
        folder = path
    else:
        name = _NAME.fullmatch(path.name)
        folder = path.parent if name else None
        paths = {name[2] if name else "": path}
        if name and name[2] == "G":
            # Given the generator of a folder, its companions belong to it.
            beside = {letter: path.with_name(f"{name[1]}_net_{letter}.pth") for letter in "ED"}
            paths |= {letter: other for letter, other in beside.items() if other.is_file()}
    found = _Found(path, read_options_file(folder / "opt.txt") if folder else OptionsFile({}), notes=notes)
    for letter, part in paths.items():
        try:
            _read_part(found, letter, part)
        except WeightsError as error:
            if letter != "D" or len(paths) == 1:
                raise
            found.notes.append(f"the discriminator beside it is not usable: {error.found}")
    if len(found.files) > 1 and kind != "folder":
        found.notes.append(f"read with it: {', '.join(file.path.name for file in list(found.files.values())[1:])}")
    return found


def _read_part(found: _Found, letter: str, path: Path) -> None:
    content = recognize(path)
    if content not in ("torch_zip", "torch_legacy"):
        what = f"{path.name} is a {content}{' file' if content == 'safetensors' else ''}, not a torch file"
        raise WeightsError(what, "a state dict written by torch.save", "Choose the file itself, or check which files were copied where")
    networks = networks_of_file(path, zipped=content == "torch_zip")
    by_letter: dict[str, NetworkKind] = {_LETTERS[kind]: kind for kind in networks.files}
    if letter and letter not in by_letter:
        holds = NETWORK_NAMES[next(iter(networks.files))]
        raise WeightsError(f"{path.name} holds {holds}", f"{letter}, as its name says", "Check which file was copied where")
    found.notes += networks.notes
    for part, kind in by_letter.items():
        # A file beside is named for one network and goes before what another file holds of that.
        if part == letter or part not in found.files:
            found.files[part] = networks.files[kind]
            found.kinds[part] = kind


def _in_folder(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the files of the newest epoch by letter (of the generator's where there is one), with a note on the choice."""
    try:
        names = [entry.name for entry in folder.iterdir()]
        subfolders = [entry.name for entry in islice((entry for entry in folder.iterdir() if entry.is_dir()), 100)]
    except OSError as error:
        raise WeightsError(f"{folder} cannot be read ({error})", "a readable folder", "Check the permissions") from error
    matches = [match for name in names if (match := _NAME.fullmatch(name))]
    for wanted in ("G", "D", "E"):
        epochs = [match[1] for match in matches if match[2] == wanted]
        if epochs:
            newest = max(epochs, key=_age)
            notes = [f"of the epochs {', '.join(sorted(epochs, key=_age)[-5:])} the newest was taken"] if len(epochs) > 1 else []
            chosen = sorted((match for match in matches if match[1] == newest), key=lambda match: "GED".index(match[2]))
            return {match[2]: folder / match[0] for match in chosen}, notes
    inner = [name for name in sorted(subfolders) if any((folder / name).glob("*_net_G.pth"))]
    bundles = sorted(name for name in names if name.endswith(".safetensors"))
    action = "Choose the folder that the training saved its networks in"
    if inner or bundles:
        action = f"Choose {printable((inner or bundles)[0])} in it"
    what = "is empty" if not names else f"holds no weights ({len(names)} other files and folders)"
    raise WeightsError(f"the folder {folder.name} {what}", "latest_net_G.pth or <epoch>_net_G.pth", action)


def _age(epoch: str) -> float:
    return float("inf") if epoch == "latest" else int(epoch)


def _info(found: _Found, options: PublishedOptions) -> WeightsInfo:
    notes = list(found.notes)
    generator: AnyGeneratorConfig | None = None
    channels: LabelChannels | None = None
    encoder: EncoderConfig | None = None
    discriminator: DiscriminatorConfig | None = None
    if file := found.files.get("G"):
        if not found.opt:
            notes.append("there is no opt.txt with it")
        generator, channels, more = _generator(file, found.kinds["G"], found.opt, options)
        notes += more
    if file := found.files.get("E"):
        encoder = infer_encoder(file.entries, file.path.name)
        check_entries(file.entries, encoder, file.path.name)
        if generator is not None:
            encoder = _matching_encoder(encoder, generator, file.path.name, notes)
    if file := found.files.get("D"):
        try:
            discriminator = infer_discriminator(file.entries, file.path.name)
            check_entries(file.entries, discriminator, file.path.name)
        except WeightsError as error:
            # Rendering does not need it.
            if len(found.files) == 1:
                raise
            notes.append(f"the discriminator beside it is not usable: {error.found}")
    single = found.path.stem if found.path.is_file() and not _NAME.fullmatch(found.path.name) else ""
    return WeightsInfo(
        path=found.path,
        file_kind="published",
        generator=generator,
        encoder=encoder,
        discriminator=discriminator,
        channels=channels,
        training_size=generator.picture_size if generator else None,
        name=printable((found.opt.text("name") or single or _folder_name(found.path))[:200]),
        notes=tuple(notes),
    )


def _folder_name(path: Path) -> str:
    folder = path if path.is_dir() else path.parent
    return folder.resolve().name


def _matching_encoder(encoder: EncoderConfig, generator: AnyGeneratorConfig, where: str, notes: list[str]) -> EncoderConfig | None:
    if generator.style_width is None:
        notes.append(f"{where} is not used: the generator takes no style code")
        return None
    if encoder.z_width != generator.style_width:
        raise WeightsError(
            f"{where} makes style codes of {encoder.z_width} numbers, the generator takes {generator.style_width}",
            "an encoder that was trained with the generator",
            "Check which files were copied where",
        )
    return encoder


def _generator(
    file: TorchFile, kind: NetworkKind, opt: OptionsFile, options: PublishedOptions
) -> tuple[AnyGeneratorConfig, LabelChannels, list[str]]:
    where = file.path.name
    if kind == "pix2pixhd":
        plain = infer_pix2pixhd(file.entries, where)
        check_entries(file.entries, plain, where)
        named = _check_opt(opt, kind, plain.base_channels, plain.spectral_norm, plain.norm, None, where)
        plain = replace(plain, norm="sync_batch") if plain.norm == "batch" and named == "sync_batch" else plain
        known = published_set(plain.semantic_channels, opt)
        config, notes = resolve_pix2pixhd(plain, opt, options, known, where)
    else:
        facts = infer_spade(file.entries, where)
        with as_weights_errors(where):
            check_entries(file.entries, facts.any_config(), where)
        named = _check_opt(opt, kind, facts.base_channels, facts.spectral_norm, "batch" if facts.batch_norm else "instance", facts, where)
        norm: SpadeNorm = "instance" if not facts.batch_norm else "sync_batch" if named == "sync_batch" else "batch"
        known = published_set(facts.semantic_channels, opt)
        config, notes = resolve_spade(facts, norm, opt, options, known, where)
    if config.norm == "batch" and named is None:
        notes.append("batch norm may have been synchronous in training; renders are the same")
    with as_weights_errors(where):
        channels, more = resolve_channels(config.semantic_channels, opt, options)
    return config, channels, notes + more


def _check_opt(
    opt: OptionsFile, kind: NetworkKind, base: int, spectral: bool, norm: ConvNorm, facts: SpadeFacts | None, where: str
) -> str | None:
    """Check ``opt.txt`` against the shapes; return the norm that it names (``sync_batch``, ``batch`` ...), or None."""
    wrong: list[str] = []

    def compare(key: str, said: object, have: object) -> None:
        if said is not None and said != have:
            wrong.append(f"{key} is {have} and not {said}")

    net = (opt.text("netG") or "").lower()
    compare("netG", net if net in ("spade", "pix2pixhd") else None, kind)
    compare("ngf", opt.whole("ngf"), base)
    named = None
    if match := _NORMS.fullmatch((opt.text("norm_G") or "").lower()):
        named = "sync_batch" if match[2].startswith("sync") else match[2]
        compare("spectral norm", bool(match[1]), spectral)
        compare("the norm", "batch" if named == "sync_batch" else named, norm)
        if facts is not None:
            compare("the kernel inside SPADE", int(match[3]) if match[3] else None, facts.kernel_size)
    if facts is not None:
        compare("use_vae", opt.truth("use_vae"), facts.z_width is not None)
        if facts.z_width is not None:
            compare("z_dim", opt.whole("z_dim"), facts.z_width)
    if wrong:
        raise WeightsError(
            f"{where} is not what its opt.txt describes: {'; '.join(wrong)}",
            "an opt.txt that belongs to the weights",
            "Move opt.txt away and give the options, or find the right one",
        )
    return named
