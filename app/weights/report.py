"""Report on weights and their limits, in plain language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLocale

from spade_studio.app.model.label_names import label_text
from spade_studio.app.ui.plain import counted, sentence
from spade_studio.engine.bank.photographs import bank_beside
from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    ConcatenationConfig,
    CRNConfig,
    EncoderConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    Pix2PixHDConfig,
    SIMSConfig,
)
from spade_studio.engine.weights.facts import WeightsFacts

translate = QCoreApplication.translate
_SHOWN_LABELS = 10
_SMALL_TRAINING = 128
_NEARLY_ALL = 0.9


@dataclass(frozen=True, eq=False)
class Painted:
    """Label counts of the document.

    Attributes:
        counts: Number of pixels by label id, int64 ``[256]``.
        label_set: Label set of the ids.
    """

    counts: NDArray[np.int64]
    label_set: LabelSet

    @classmethod
    def of(cls, labels: NDArray[np.uint8], label_set: LabelSet) -> Painted:
        """Count the labels of a label map, uint8 ``[H, W]``."""
        return cls(np.bincount(labels.ravel(), minlength=256), label_set)


@dataclass(frozen=True)
class Lost:
    """Label of the document that the weights do not support.

    Attributes:
        name: Displayed name.
        pixels: Number of pixels.
        share: Fraction of the document's pixels, 0 to 1.
    """

    name: str
    pixels: int
    share: float


@dataclass(frozen=True)
class Report:
    """Report on weights.

    Attributes:
        name: Name of the weights.
        summary: Short description for a list.
        rows: Properties as (title, text).
        limits: Limitations, most important first; empty if there are none.
        notes: Conclusions drawn from the files, with their basis.
        card: Text of the model card; empty if there is none.
        can_render: Whether the weights include a generator.
    """

    name: str
    summary: str
    rows: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    notes: tuple[str, ...]
    card: str
    can_render: bool


def make_report(facts: WeightsFacts, painted: Painted) -> Report:
    """Return the report on weights for a document."""
    info = facts.info
    lost = lost_labels(painted, info.channels) if info.channels else []
    return Report(
        info.name or info.path.name,
        _summary(facts),
        tuple((title, text) for title, text in _rows(facts, painted, lost) if text),
        tuple(_limits(facts, lost)),
        # The part after a semicolon names the command line option.
        tuple(_sentence(note.split("; --")[0]) for note in info.notes),
        facts.card,
        info.generator is not None,
    )


def lost_labels(painted: Painted, channels: LabelChannels) -> list[Lost]:
    """Return the document's labels without a counterpart of the same name in the weights, those with the most pixels first."""
    own = channels.label_set
    transfer = LabelTransfer(None if own is None or painted.label_set == own else painted.label_set, channels)
    present = np.flatnonzero(painted.counts)
    _, unknown = transfer.apply(present.astype(np.uint8)[None])
    total = int(painted.counts.sum())
    found: list[Lost] = []
    for label_id in unknown:
        label = painted.label_set.by_id(label_id)
        pixels = int(painted.counts[label_id])
        name = label_text(label) if label else translate("WeightsReport", "id {id}").format(id=label_id)
        found.append(Lost(name, pixels, pixels / total))
    return sorted(found, key=lambda lost: -lost.pixels)


def byte_words(size: int) -> str:
    """Return a size in bytes as text, such as ``36.8 MB``."""
    return QLocale().formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def _summary(facts: WeightsFacts) -> str:
    info = facts.info
    if info.generator is None:
        return translate("WeightsReport", "No generator")
    parts = [_kind(info.generator)]
    if info.channels is not None:
        parts.append(counted("WeightsReport", "%Ln label(s)", len(info.channels.known_ids)))
    if info.training_size:
        parts.append(f"{info.training_size[1]} × {info.training_size[0]}")
    return ", ".join(parts)


def _rows(facts: WeightsFacts, painted: Painted, lost: Sequence[Lost]) -> list[tuple[str, str]]:
    info = facts.info
    yes, no = translate("WeightsReport", "yes"), translate("WeightsReport", "no")
    kind = (
        translate("WeightsReport", "bundle of SPADE Studio")
        if info.file_kind == "bundle"
        else translate("WeightsReport", "published SPADE format")
    )
    files = ", ".join(path.name for path, _ in facts.files)
    rows = [(translate("WeightsReport", "Kind"), kind)]
    if info.generator is not None:
        rows.append((translate("WeightsReport", "Generator"), _generator_words(info.generator, facts.generator_parameters or 0)))
    if info.channels is not None:
        rows.append((translate("WeightsReport", "Labels"), _label_words(info.channels)))
        rows.append((translate("WeightsReport", "Your layout"), _lost_words(painted, lost, info.channels)))
    if info.training_size is not None:
        size = translate("WeightsReport", "{width} × {height} pixels")
        rows.append((translate("WeightsReport", "Trained at"), size.format(width=info.training_size[1], height=info.training_size[0])))
    if info.generator is not None:
        noise = (
            translate("WeightsReport", "every seed gives another picture")
            if info.can_use_noise
            else translate("WeightsReport", "one picture a layout")
        )
        rows.append((translate("WeightsReport", "Styles"), noise))
        edges = translate("WeightsReport", "objects are told apart (edge channel)") if info.uses_edges else no
        rows.append((translate("WeightsReport", "Object borders"), edges))
    if isinstance(info.generator, SIMSConfig):
        needed = translate("WeightsReport", "its memory bank, {name}, beside it").format(name=bank_beside(info.path).name)
        rows.append((translate("WeightsReport", "Needs"), needed))
    if info.encoder is not None:
        rows.append((translate("WeightsReport", "Encoder"), _encoder_words(info.encoder, facts.encoder_parameters or 0)))
    if info.discriminator is not None:
        rows.append((translate("WeightsReport", "Discriminator"), translate("WeightsReport", "there is one; only training needs it")))
    rows += [
        (translate("WeightsReport", "Precision"), _number_words(facts)),
        (
            translate("WeightsReport", "Files"),
            translate("WeightsReport", "{size} ({names})").format(size=byte_words(facts.bytes), names=files),
        ),
        (translate("WeightsReport", "Place"), str(info.path)),
        (translate("WeightsReport", "Steps"), "" if info.steps is None else QLocale().toString(info.steps)),
        (translate("WeightsReport", "Averaged"), "" if info.averaged is None else yes if info.averaged else no),
        (translate("WeightsReport", "Trained on"), info.data),
        (translate("WeightsReport", "Licence"), info.licence or translate("WeightsReport", "the file does not tell")),
    ]
    return rows


def _limits(facts: WeightsFacts, lost: Sequence[Lost]) -> list[str]:
    info = facts.info
    generator, channels = info.generator, info.channels
    if generator is None or channels is None:
        what = translate("WeightsReport", "a style encoder") if info.encoder is not None else translate("WeightsReport", "a discriminator")
        text = translate(
            "WeightsReport", "These files hold {what} only, which cannot render. Choose the generator's file or folder (latest_net_G.pth)."
        )
        return [text.format(what=what)]
    limits: list[str] = []
    if lost:
        share = sum(label.share for label in lost)
        text = translate("WeightsReport", "{share} of your layout has labels that these weights do not know: it renders as unlabeled.")
        limits.append(text.format(share=_percent(share)))
    if channels.label_set is None:
        limits.append(translate("WeightsReport", "The labels have no names: an id in the layout is taken as the number of a label."))
    if not info.can_use_noise:
        limits.append(translate("WeightsReport", "Styles, seeds and variations have no effect."))
    if not info.can_use_style_image:
        limits.append(translate("WeightsReport", "A reference picture cannot give the style: there is no encoder."))
    if not info.uses_edges:
        limits.append(translate("WeightsReport", "Objects of one label that touch are not told apart."))
    if info.training_size is not None and max(info.training_size) <= _SMALL_TRAINING:
        text = translate("WeightsReport", "Trained on small pictures: far larger ones lose detail.")
        limits.append(text)
    return limits


def _kind(config: AnyGeneratorConfig) -> str:
    match config:
        case GeneratorConfig():
            return "SPADE"
        case ConcatenationConfig():
            return translate("WeightsReport", "SPADE's decoder, layout concatenated")
        case Pix2PixHDConfig():
            return "pix2pixHD"
        case CRNConfig():
            return translate("WeightsReport", "cascaded refinement network (CRN)")
        case SIMSConfig():
            return translate("WeightsReport", "SIMS, completes pieces of photographs")
        case LayeredPix2PixHDConfig() if config.layout == "spade":
            return translate("WeightsReport", "pix2pixHD with SPADE")
        case _:
            return translate("WeightsReport", "pix2pixHD, layout concatenated")


def _generator_words(config: AnyGeneratorConfig, parameters: int) -> str:
    text = translate("WeightsReport", "{kind}, {size}, base width {width}, sides in steps of {stride} pixels")
    return text.format(kind=_kind(config), size=_parameter_words(parameters), width=config.base_channels, stride=config.stride)


def _encoder_words(config: EncoderConfig, parameters: int) -> str:
    text = translate("WeightsReport", "takes the style from a picture, {size}, style codes of {width} numbers")
    return text.format(size=_parameter_words(parameters), width=config.z_width)


def _parameter_words(count: int) -> str:
    if count >= 100_000:
        return translate("WeightsReport", "{count} million parameters").format(count=QLocale().toString(count / 1e6, "f", 1))
    return counted("WeightsReport", "%Ln parameter(s)", count)


def _label_words(channels: LabelChannels) -> str:
    known = channels.known_ids
    if channels.label_set is None:
        return translate("WeightsReport", "{count} without names").format(count=len(known))
    names = [label_text(label) for label_id in known[:_SHOWN_LABELS] if (label := channels.label_set.by_id(label_id))]
    listed = ", ".join(names) + (", …" if len(known) > len(names) else "")
    text = translate("WeightsReport", "{count} of {set}: {names}")
    return text.format(count=len(known), set=channels.label_set.name, names=listed)


def _lost_words(painted: Painted, lost: Sequence[Lost], channels: LabelChannels) -> str:
    if not lost:
        if channels.label_set is None:
            return translate("WeightsReport", "all its ids have a channel")
        return translate("WeightsReport", "all its labels are known")
    parts = [
        counted("WeightsReport", "{name} (%Ln pixel(s), {share})", x.pixels).format(name=x.name, share=_percent(x.share))
        for x in lost[:_SHOWN_LABELS]
    ]
    listed = ", ".join(parts) + (", …" if len(lost) > len(parts) else "")
    return translate("WeightsReport", "not known: {labels}").format(labels=listed)


def _number_words(facts: WeightsFacts) -> str:
    names = {
        "F64": translate("WeightsReport", "double precision (float64)"),
        "F32": translate("WeightsReport", "full precision (float32)"),
        "F16": translate("WeightsReport", "half precision (float16)"),
        "BF16": translate("WeightsReport", "half precision (bfloat16)"),
    }
    total = sum(facts.numbers.values())
    parts = [(names.get(kind, kind), count / total) for kind, count in facts.numbers.items() if count]
    if len(parts) == 1:
        return parts[0][0]
    if parts[0][1] >= _NEARLY_ALL:
        return translate("WeightsReport", "mostly {precision}").format(precision=parts[0][0])
    return ", ".join(f"{_percent(share)} {name}" for name, share in parts)


def _percent(share: float) -> str:
    return translate("WeightsReport", "{number} %").format(number="<1" if 0 < share < 0.01 else f"{100 * share:.0f}")


def _sentence(text: str) -> str:
    return sentence(text) + ("" if text.endswith(".") else ".")
