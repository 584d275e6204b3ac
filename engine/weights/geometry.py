"""Resolution of the generator settings that shapes leave open: upsampling, and the size of the training pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeVar, cast, get_args

from spade_studio.engine.errors import AmbiguousWeightsError, WeightsError
from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.base_config import MAX_TRAINING_SIDE
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    GeneratorConfig,
    Pix2PixHDConfig,
    SpadeNorm,
    Upsampling,
)
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import PublishedOptions
from spade_studio.engine.weights.options_file import OptionsFile
from spade_studio.engine.weights.published_sets import PublishedSet
from spade_studio.engine.weights.structure import SpadeFacts, as_weights_errors

_STRIDES: Final[dict[Upsampling, int]] = {"normal": 32, "more": 64, "most": 128}
_USUAL_CROPS: Final = (128, 256, 512, 1024)
_USUAL_ASPECTS: Final = (1.0, 2.0)
_MAX_ASPECT: Final = 8.0
_FLAGS: Final = {"upsampling": "--upsampling", "crop_size": "--crop-size", "aspect_ratio": "--aspect-ratio"}

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class _Size:
    """One way to build the generator; ``aspect_ratio`` is width / height."""

    upsampling: Upsampling
    crop_size: int
    aspect_ratio: float


@dataclass
class _Known:
    """What is settled so far; None where nobody said."""

    upsampling: Upsampling | None = None
    crop_size: int | None = None
    aspect_ratio: float | None = None


def resolve_spade(
    facts: SpadeFacts, norm: SpadeNorm, opt: OptionsFile, options: PublishedOptions, known_set: PublishedSet | None, where: str
) -> tuple[GeneratorConfig, list[str]]:
    """Return the configuration of a SPADE generator, with notes on settings that neither shapes nor ``opt.txt`` give.

    In order of precedence: options, ``opt.txt``, the size of the first grid, the published table.

    Raises:
        WeightsError: an option or ``opt.txt`` contradicts the shapes, or is invalid.
        AmbiguousWeightsError: a setting is still open.
    """
    known = _stated(opt, options)
    possible: tuple[Upsampling, ...] = ("most",) if facts.most else ("normal", "more")
    if known.upsampling is not None and known.upsampling not in possible:
        found = f"{where} {'has' if facts.most else 'lacks'} the block up_4, but upsampling {known.upsampling!r} was given"
        raise WeightsError(found, " or ".join(map(repr, possible)), "Correct the option --upsampling or opt.txt")
    notes: list[str] = []
    if facts.most:
        known.upsampling = "most"
    sizes = [size for size in _sizes(facts, known, possible) if _fits(size, known)]
    if not sizes:
        raise WeightsError(
            f"{where} has a first grid of {facts.cells} cells, which does not agree with {_said(known)}",
            "width / stride times height / stride cells",
            "Correct the options or opt.txt",
        )
    if len(sizes) > 1 and known_set is not None:
        published = _Size(known_set.upsampling, known_set.crop_size, known_set.aspect_ratio)
        filled = [size for size in sizes if size == _fill(known, published)]
        if filled:
            sizes = filled
            notes.append(_taken(known, sizes[0], f"the published {known_set.name} weights"))
    elif known.upsampling is None or known.crop_size is None or known.aspect_ratio is None:
        notes.append(_taken(known, sizes[0], "the first grid's size"))
    if len(sizes) != 1:
        raise _ambiguous(known, sizes, where)
    size = sizes[0]
    crop = _whole_cells(known.crop_size or size.crop_size, _STRIDES[size.upsampling], notes)
    with as_weights_errors(where):
        return facts.config(norm, size.upsampling, crop, size.aspect_ratio), notes


def resolve_pix2pixhd(
    config: Pix2PixHDConfig, opt: OptionsFile, options: PublishedOptions, known_set: PublishedSet | None, where: str
) -> tuple[Pix2PixHDConfig, list[str]]:
    """Return the configuration with the size of its training pictures; the upsampling in ``opt.txt`` is ignored.

    Raises:
        WeightsError: an invalid option.
        AmbiguousWeightsError: the size is still open.
    """
    if options.upsampling is not None:
        raise WeightsError(f"{where} is a pix2pixHD generator, which has no kinds of upsampling", "", "Leave the option --upsampling out")
    known = _stated(opt, options)
    known.upsampling = "normal"
    notes: list[str] = []
    crops, aspects = _or(known.crop_size, _USUAL_CROPS), _or(known.aspect_ratio, _USUAL_ASPECTS)
    sizes = [_Size("normal", crop, aspect) for crop in crops for aspect in aspects]
    if len(sizes) > 1 and known_set is not None:
        sizes = [_fill(known, _Size("normal", known_set.crop_size, known_set.aspect_ratio))]
        notes.append(_taken(known, sizes[0], f"the published {known_set.name} weights"))
    if len(sizes) != 1:
        raise _ambiguous(known, sizes, where)
    crop = _whole_cells(sizes[0].crop_size, config.stride, notes)
    with as_weights_errors(where):
        return replace(config, crop_size=crop, aspect_ratio=sizes[0].aspect_ratio), notes


def check_options_of_bundle(config: AnyGeneratorConfig, channels: LabelChannels, options: PublishedOptions, where: str) -> None:
    """Check that options do not contradict a complete file.

    Raises:
        WeightsError: they do.
    """
    for field, flag in _FLAGS.items():
        given, own = getattr(options, field), getattr(config, field, None)
        if given is not None and given != own:
            found = f"{where} says itself that its {field.replace('_', ' ')} is {own!r}, but {given!r} was given"
            raise WeightsError(found, "", f"Leave the option {flag} out")
    place = {None: "nowhere", 0: "first"}.get(channels.unlabeled_channel, "last")
    if options.unlabeled not in (None, place):
        found = f"{where} says itself where its unlabeled channel is: {place}"
        raise WeightsError(found, "", "Leave the option --unlabeled out")


def _stated(opt: OptionsFile, options: PublishedOptions) -> _Known:
    upsampling, crop, aspect = options.upsampling, options.crop_size, options.aspect_ratio
    if upsampling is None and (text := opt.text("num_upsampling_layers")) is not None:
        if text not in get_args(Upsampling):
            raise WeightsError(f"opt.txt says num_upsampling_layers: {printable(text[:60])}", "normal, more or most", "Correct opt.txt")
        upsampling = cast("Upsampling", text)
    crop = opt.whole("crop_size") if crop is None else crop
    aspect = opt.number("aspect_ratio") if aspect is None else aspect
    if crop is not None and not 1 <= crop <= MAX_TRAINING_SIDE:
        raise WeightsError(f"the crop size is {crop}", f"1 to {MAX_TRAINING_SIDE}", "Correct the option --crop-size or opt.txt")
    if aspect is not None and not 1 / _MAX_ASPECT <= aspect <= _MAX_ASPECT:
        limits = f"1/{_MAX_ASPECT:g} to {_MAX_ASPECT:g}"
        raise WeightsError(f"the aspect ratio is {aspect}", limits, "Correct the option --aspect-ratio or opt.txt")
    return _Known(upsampling, crop, aspect)


def _whole_cells(crop: int, stride: int, notes: list[str]) -> int:
    """Return the crop size rounded down to whole cells of the first grid, as the published code does."""
    whole = crop // stride * stride
    if whole == 0:
        raise WeightsError(f"the crop size is {crop}", f"at least {stride}", "Correct the option --crop-size or opt.txt")
    if whole != crop:
        notes.append(f"a crop size of {crop} gives pictures {whole} wide, a multiple of {stride}")
    return whole


def _sizes(facts: SpadeFacts, known: _Known, possible: tuple[Upsampling, ...]) -> list[_Size]:
    """Return the ways to build the generator that its shapes allow; with layout input only usual sizes where nothing is known."""
    if facts.cells is None:
        return [
            _Size(upsampling, crop, aspect)
            for upsampling in possible
            for crop in _or(known.crop_size, _USUAL_CROPS)
            for aspect in _or(known.aspect_ratio, _USUAL_ASPECTS)
            if crop >= _STRIDES[upsampling]
        ]
    sizes: list[_Size] = []
    for width in (width for width in range(1, facts.cells + 1) if facts.cells % width == 0):
        height = facts.cells // width
        aspect = width / height if known.aspect_ratio is None else known.aspect_ratio
        if round(width / aspect) == height and 1 / _MAX_ASPECT <= aspect <= _MAX_ASPECT:
            sizes += [_Size(upsampling, width * _STRIDES[upsampling], aspect) for upsampling in possible]
    return sizes


def _fits(size: _Size, known: _Known) -> bool:
    crop = known.crop_size
    stride = _STRIDES[size.upsampling]
    return known.upsampling in (None, size.upsampling) and (crop is None or crop // stride * stride == size.crop_size // stride * stride)


def _fill(known: _Known, size: _Size) -> _Size:
    return _Size(known.upsampling or size.upsampling, known.crop_size or size.crop_size, known.aspect_ratio or size.aspect_ratio)


def _or(value: ValueT | None, usual: tuple[ValueT, ...]) -> tuple[ValueT, ...]:
    return usual if value is None else (value,)


def _said(known: _Known) -> str:
    parts = [f"{name.replace('_', ' ')} {getattr(known, name)}" for name in _FLAGS if getattr(known, name) is not None]
    return ", ".join(parts) or f"any aspect ratio up to {_MAX_ASPECT:g}"


def _taken(known: _Known, size: _Size, source: str) -> str:
    parts = [f"{name.replace('_', ' ')} {getattr(size, name)}" for name in _FLAGS if getattr(known, name) is None]
    return f"{', '.join(parts)}: taken from {source}, the files do not say"


def _ambiguous(known: _Known, sizes: list[_Size], where: str) -> AmbiguousWeightsError:
    questions: dict[str, tuple[str, ...]] = {}
    for name in _FLAGS:
        choices = sorted({getattr(size, name) for size in sizes}, key=str if name == "upsampling" else float)
        if getattr(known, name) is None and len(choices) > 1:
            questions[name] = tuple(f"{choice:g}" if isinstance(choice, float) else str(choice) for choice in choices)
    asked = "; ".join(f"{_FLAGS[name]} ({', '.join(choices)})" for name, choices in questions.items())
    return AmbiguousWeightsError(
        f"{where} does not say its {', '.join(name.replace('_', ' ') for name in questions)}, and there is no opt.txt that does",
        "answers from the person who has the weights",
        f"Give {asked}, or put the training's opt.txt beside the file",
        questions,
    )
