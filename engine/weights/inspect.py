"""Inspection, loading and description of weights of all kinds."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    CRNConfig,
    DecoderConfig,
    DiscriminatorConfig,
    EncoderConfig,
    EncoderDecoderConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    SIMSConfig,
)
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.bundle import inspect_bundle, load_bundle
from spade_studio.engine.weights.info import LoadedWeights, PublishedOptions, WeightsInfo
from spade_studio.engine.weights.recognize import recognize
from spade_studio.engine.weights.shapes import parameter_count

_SHOWN_LABELS: Final = 12
_DEFAULT_NAME: Final = "landscapes.safetensors"


def default_weights_path() -> Path:
    """Return the path of the bundled weights; the model card lies beside them."""
    return Path(str(files("spade_studio.resources"))) / "weights" / _DEFAULT_NAME


def load_weights(path: Path, options: PublishedOptions | None = None) -> LoadedWeights:
    """Load weights of any kind, recognised by content.

    Args:
        path: A bundle, a ``.pth`` file, or a folder of the published code.
        options: Settings that published files leave open.

    Raises:
        WeightsError: no usable weights, damaged or hostile ones, or no generator.
        AmbiguousWeightsError: a required setting is neither in the files nor in the options.
    """
    if recognize(path) == "safetensors":
        return load_bundle(path, options or PublishedOptions())
    from spade_studio.engine.weights.published import load_published  # a window that opens with a bundle needs none of it

    return load_published(path, options or PublishedOptions())


def inspect_weights(path: Path, options: PublishedOptions | None = None) -> WeightsInfo:
    """Return the contents of weights of any kind; only the header of a bundle is read, and nothing is executed.

    Args:
        path: A bundle, a ``.pth`` file (also of an encoder or discriminator alone), or a folder of the published code.
        options: Settings that published files leave open.

    Raises:
        WeightsError: no usable weights, or damaged or hostile ones.
        AmbiguousWeightsError: a required setting is neither in the files nor in the options.
    """
    if recognize(path) == "safetensors":
        return inspect_bundle(path, options or PublishedOptions())
    from spade_studio.engine.weights.published import inspect_published

    return inspect_published(path, options or PublishedOptions())


def describe(info: WeightsInfo) -> str:
    """Return a report of several lines, for ``spade-render --inspect``."""
    lines = [info.name, ""]

    def add(title: str, text: str) -> None:
        if text:
            lines.append(f"{title + ':':<16}{text}")

    add("File", f"{printable(str(info.path))} ({'bundle of SPADE Studio' if info.file_kind == 'bundle' else 'published format'})")
    add("Generator", _generator_words(info.generator) if info.generator else "")
    add("Encoder", _encoder_words(info.encoder) if info.encoder else "")
    add("Discriminator", _discriminator_words(info.discriminator) if info.discriminator else "")
    if info.channels:
        add("Channels", info.channels.explain())
        add("Label set", _label_words(info.channels))
    if info.training_size:
        add("Trained at", f"{info.training_size[1]}x{info.training_size[0]} pixels (width x height)")
    add("Steps", "" if info.steps is None else f"{info.steps:,}")
    add("Averaged", "" if info.averaged is None else "yes" if info.averaged else "no")
    add("Trained on", info.data)
    add("Licence", info.licence)
    add("Needs", f"its memory bank, {info.path.with_suffix('.bank').name} beside it" if isinstance(info.generator, SIMSConfig) else "")
    if info.generator:
        add("Style image", "yes" if info.can_use_style_image else "no, there is no encoder" if info.can_use_noise else "no")
        add("Noise", "yes, every seed gives another picture" if info.can_use_noise else "no, a layout has one picture")
        add("Instance edges", "yes" if info.uses_edges else "no")
    else:
        lines += ["", "There is no generator here: these weights cannot render."]
    if info.notes:
        lines += ["", "Notes:", *(f"- {note}" for note in info.notes)]
    return "\n".join(lines)


def _label_words(channels: LabelChannels) -> str:
    if channels.label_set is None:
        return "not known"
    labels = [channels.label_set.by_id(number) for number in channels.known_ids]
    names = [label.name for label in labels[:_SHOWN_LABELS] if label]
    return printable(f"{channels.label_set.name}, {len(labels)} labels: {', '.join(names)}{', ...' if len(labels) > len(names) else ''}")


def _size_words(config: AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig) -> str:
    count = parameter_count(config)
    return f"{count / 1e6:.1f} million parameters" if count >= 1e5 else f"{count:,} parameters"


def _generator_words(config: AnyGeneratorConfig) -> str:
    sizes = f"{_size_words(config)}, base width {config.base_channels}"
    norms = "layer norm" if config.norm == "layer" else f"{_norm_words(config.norm)}, {_spectral_words(config.spectral_norm)}"
    if isinstance(config, DecoderConfig):
        name, inner = "SPADE's decoder with the layout concatenated at every convolution", ""
        if isinstance(config, GeneratorConfig):
            name, inner = "SPADE", _spade_words(config)
        source = "the layout" if config.style_width is None else f"a style code of {config.style_width} numbers"
        return (
            f"{name}, {sizes}, {inner}upsampling {config.upsampling!r} (stride {config.stride}), {norms}, begins with {source}"
        )
    if not isinstance(config, EncoderDecoderConfig):
        if isinstance(config, CRNConfig):
            several = f", {config.pictures} pictures of a layout" if config.pictures > 1 else ""
            return f"cascaded refinement network (CRN), {sizes}, {len(config.widths)} modules{several}, {norms}"
        return f"SIMS: completes pieces of photographs from a memory bank, {sizes}, {norms}"
    name, inner = "pix2pixHD", ""
    if isinstance(config, LayeredPix2PixHDConfig):
        name = f"pix2pixHD with {'SPADE' if config.layout == 'spade' else 'the layout concatenated in every residual block'}"
        inner = _spade_words(config) if config.layout == "spade" else ""
    return f"{name}, {sizes}, {inner}{config.downsamplings} downsamplings, {config.blocks} blocks, {norms}"


def _spade_words(config: GeneratorConfig | LayeredPix2PixHDConfig) -> str:
    return f"hidden width {config.hidden_width}, kernel {config.kernel_size}, "


def _encoder_words(config: EncoderConfig) -> str:
    return (
        f"{_size_words(config)}, base width {config.base_channels}, {config.layers} layers (sees {config.input_size}x{config.input_size}), "
        f"style codes of {config.z_width} numbers, {_spectral_words(config.spectral_norm)}"
    )


def _discriminator_words(config: DiscriminatorConfig) -> str:
    return (
        f"{_size_words(config)}, {config.semantic_channels} label channels, base width {config.base_channels}, {config.layers} layers, "
        f"{config.scales} scales, {_norm_words(config.norm)}, {_spectral_words(config.spectral_norm)}"
    )


def _norm_words(norm: str) -> str:
    return {"batch": "batch norm", "sync_batch": "synchronous batch norm", "instance": "instance norm", "none": "no norm"}[norm]


def _spectral_words(spectral: bool) -> str:
    return "spectral norm" if spectral else "no spectral norm"
