"""The three published data sets, identified by the number of channels, and their channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.engine.networks.config import Upsampling
from spade_studio.engine.weights.info import PublishedOptions
from spade_studio.engine.weights.options_file import OptionsFile

Place = Literal["first", "last"]


@dataclass(frozen=True)
class PublishedSet:
    """The training settings of the published weights of one data set.

    Attributes:
        name: Name of the label set.
        label_channels: Number of label channels.
        unlabeled: Whether there is a channel for unlabeled pixels.
        edges: Whether the last channel marks instance edges.
        upsampling: Upsampling of the generator.
        crop_size: Width in pixels of the training pictures.
        aspect_ratio: Width / height of the training pictures.
    """

    name: str
    label_channels: int
    unlabeled: bool
    edges: bool
    upsampling: Upsampling
    crop_size: int
    aspect_ratio: float


_SETS = (
    PublishedSet("COCO-Stuff", 182, True, True, "normal", 256, 1.0),
    PublishedSet("ADE20K", 150, True, False, "normal", 256, 1.0),
    PublishedSet("Cityscapes", 35, False, True, "more", 512, 2.0),
)


def published_set(semantic_channels: int, opt: OptionsFile) -> PublishedSet | None:
    """Return the data set whose published weights have the given number of channels, unless ``opt.txt`` divides them differently."""
    for known in _SETS:
        if known.label_channels + known.unlabeled + known.edges == semantic_channels:
            labels, unlabeled, edges = channel_counts(opt)
            same = labels in (None, known.label_channels) and unlabeled in (None, known.unlabeled) and edges in (None, known.edges)
            return known if same else None
    return None


def channel_counts(opt: OptionsFile) -> tuple[int | None, bool | None, bool | None]:
    """Return (number of label channels, whether one more is for unlabeled, whether the last is for edges) from ``opt.txt``."""
    no_edges = opt.truth("no_instance")
    return opt.whole("label_nc"), opt.truth("contain_dontcare_label"), None if no_edges is None else not no_edges


def resolve_channels(semantic_channels: int, opt: OptionsFile, options: PublishedOptions) -> tuple[LabelChannels, list[str]]:
    """Return the channels of published weights, with a note for each inferred setting.

    Raises:
        WeightsError: ``opt.txt`` or the options contradict the number of channels.
    """
    labels, unlabeled, edges = channel_counts(opt)
    if labels is not None and unlabeled is not None and edges is not None and labels + unlabeled + edges != semantic_channels:
        raise WeightsError(
            f"opt.txt says {labels} labels, {'an' if unlabeled else 'no'} unlabeled channel and {'an' if edges else 'no'} edge channel, "
            f"but the generator has {semantic_channels} channels",
            "an opt.txt that belongs to the weights",
            "Move opt.txt away and give the options, or find the right one",
        )
    if unlabeled is False and options.unlabeled is not None:
        raise _contradiction("opt.txt says that there is no unlabeled channel")
    if options.label_set is not None:
        return _from_label_set(semantic_channels, options.label_set, unlabeled, edges, options.unlabeled)
    if known := published_set(semantic_channels, opt):
        return _from_published_set(known, options.unlabeled)
    return _plain(semantic_channels, unlabeled, edges, options.unlabeled)


def name_channels(channels: LabelChannels, label_set: LabelSet) -> tuple[LabelChannels, list[str]]:
    """Return channels without a label set with the labels of ``label_set``, in its order.

    Raises:
        WeightsError: the set has another number of labels.
    """
    place: Place | None = None
    if channels.unlabeled_channel is not None:
        place = "first" if channels.unlabeled_channel == 0 else "last"
    edges = channels.edge_channel is not None
    return _from_label_set(channels.semantic_channels, label_set, place is not None, edges, place)


def _contradiction(found: str) -> WeightsError:
    return WeightsError(f"{found}, but its place was given", "no place of an unlabeled channel", "Leave the option --unlabeled out")


def _from_published_set(known: PublishedSet, place: Place | None) -> tuple[LabelChannels, list[str]]:
    total = known.label_channels + known.unlabeled + known.edges
    notes = [f"the channels are taken to be those of the published {known.name} weights, by their number ({total})"]
    if known.name == "Cityscapes":
        if place is not None:
            raise _contradiction("Cityscapes weights have no unlabeled channel")
        return LabelChannels.cityscapes(), notes
    if known.name == "ADE20K":
        if place is None:
            notes.append("the unlabeled channel is taken to be the first, as in the published ADE20K weights; --unlabeled changes that")
        return LabelChannels.ade20k(place or "first"), notes
    channels = LabelChannels.coco_stuff()
    if place == "first" and channels.label_set is not None:
        channels = LabelChannels.from_label_set(channels.label_set, range(known.label_channels), "first", edge=True)
    return channels, notes


def _from_label_set(
    total: int, label_set: LabelSet, unlabeled: bool | None, edges: bool | None, place: Place | None
) -> tuple[LabelChannels, list[str]]:
    ids = [label.id for label in label_set.labels if label.id != label_set.unlabeled_id]
    notes = [f"the channels are taken to be the labels of {label_set.name}, in their order, as given by option"]
    if total == 36 and label_set.name == "Cityscapes":
        # The published weights have a channel more than the set has labels.
        return LabelChannels.cityscapes(), notes
    extra = total - len(ids)
    ways = [(u, e) for u in (True, False) for e in (False, True) if u + e == extra and unlabeled in (None, u) and edges in (None, e)]
    if place is not None:
        ways = [(u, e) for u, e in ways if u]
    if not ways:
        raise WeightsError(
            f"{label_set.name} has {len(ids)} labels, the generator {total} channels",
            f"a set of {total - 2} to {total} labels; one channel for unlabeled and one for instance edges may be more",
            "Choose the label set that the weights were trained with",
        )
    unlabeled, edges = ways[0] if label_set.unlabeled_id is not None else ways[-1]
    if len(ways) > 1:
        notes.append(f"the one channel more than labels is taken to be {'unlabeled' if unlabeled else 'instance edges'}")
    if unlabeled and place is None:
        place = "first" if label_set.name == "ADE20K" else "last"
        notes.append(f"the unlabeled channel is taken to be the {place}; --unlabeled changes that")
    return LabelChannels.from_label_set(label_set, ids, place if unlabeled else None, edges), notes


def _plain(total: int, unlabeled: bool | None, edges: bool | None, place: Place | None) -> tuple[LabelChannels, list[str]]:
    notes = ["the label set is not known: a value of a label map is the number of a channel"]
    if unlabeled is None and place is None:
        notes.append("whether a channel is for unlabeled is not known: none is taken to be")
    if edges is None:
        notes.append("whether the last channel is for instance edges is not known: it is taken to be a label")
    unlabeled, edges = bool(unlabeled or place), bool(edges)
    if total - unlabeled - edges < 1:
        raise WeightsError(f"{total} channels leave none for labels", "at least one label", "Correct opt.txt or the options")
    if place == "first":
        channels = tuple(0 if value == 255 else value if value < total - edges else -1 for value in range(256))
        return LabelChannels(None, channels, 0, total - 1 if edges else None, total), notes
    return LabelChannels.plain(total, unlabeled, edges), notes
