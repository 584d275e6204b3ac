"""The mapping from label ids to channels of a generator's one-hot layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels.label_set import LabelSet, json_object, json_whole, load_label_set

MAX_CHANNELS: Final = 32767  # what an int16 lookup can hold

UnlabeledPlace = Literal["first", "last"]


@dataclass(frozen=True)
class LabelChannels:
    """The channels of a one-hot layout.

    Attributes:
        label_set: Label set of the ids; None where unknown (an id is then a channel number).
        channel_of_id: Channel that each of the 256 ids sets; -1 for none.
        unlabeled_channel: Channel of pixels without a known label; None where they set no channel.
        edge_channel: Channel of instance edges, always the last one, or None.
        semantic_channels: Total number of channels S.
    """

    label_set: LabelSet | None
    channel_of_id: tuple[int, ...]
    unlabeled_channel: int | None
    edge_channel: int | None
    semantic_channels: int

    def __post_init__(self) -> None:
        total = self.semantic_channels
        if not 1 <= total <= MAX_CHANNELS:
            raise LabelError(f"a layout of {total} channels", f"1 to {MAX_CHANNELS}")
        if len(self.channel_of_id) != 256:
            raise LabelError(f"channels for {len(self.channel_of_id)} ids", "256")
        if self.edge_channel is not None and self.edge_channel != total - 1:
            raise LabelError(f"the edge channel is {self.edge_channel} of {total}", f"the last one, {total - 1}")
        for name, channel in [("an id", max(self.channel_of_id)), ("unlabeled", self.unlabeled_channel)]:
            if channel is not None and channel >= total - (self.edge_channel is not None):
                raise LabelError(f"{name} sets channel {channel}", f"a channel from 0 to {total - 1 - (self.edge_channel is not None)}")
        if min(self.channel_of_id) < -1 or (self.unlabeled_channel is not None and self.unlabeled_channel < 0):
            raise LabelError("a channel number is negative", "0 and up, or -1 for an id without a channel")
        if not self.known_ids:
            raise LabelError("no id sets a channel", "at least one label")

    @property
    def known_ids(self) -> tuple[int, ...]:
        """Ids with a channel other than unlabeled, ordered by channel."""
        channels = self.channel_of_id
        return tuple(sorted((i for i in range(256) if channels[i] not in (-1, self.unlabeled_channel)), key=lambda i: (channels[i], i)))

    def lookup(self) -> NDArray[np.int16]:
        """Return the channel of each id, int16 ``[256]``; ids without one have the unlabeled channel, or -1 where there is none."""
        table = np.array(self.channel_of_id, np.int16)
        if self.unlabeled_channel is not None:
            table[table < 0] = self.unlabeled_channel
        return table

    def unknown_ids(self, label_map: NDArray[np.uint8]) -> dict[int, int]:
        """Count the pixels of ids that are neither known nor unlabeled.

        Args:
            label_map: uint8 ``[H, W]``.

        Returns:
            Number of pixels by id, in order of ids; empty where all ids are known.
        """
        counts = np.bincount(label_map.ravel(), minlength=256)
        unlabeled = self.label_set.unlabeled_id if self.label_set else None
        return {i: int(counts[i]) for i in range(256) if counts[i] and self.channel_of_id[i] < 0 and i != unlabeled}

    def explain(self) -> str:
        """Return a description, like ``36 channels: 34 Cityscapes labels (0..33), 1 unused (34), instance edges (35)``."""
        used = {self.channel_of_id[i] for i in self.known_ids}
        labels = f"{self.label_set.name} label" if self.label_set else "label"

        def role(channel: int) -> str:
            if channel == self.edge_channel:
                return "instance edges"
            if channel == self.unlabeled_channel:
                return "unlabeled"
            # Without a label set more channels than ids are possible; the rest has no id but may have been trained.
            return "label" if channel in used else "unused"

        parts: list[str] = []
        start = 0
        for channel in range(1, self.semantic_channels + 1):
            kind = role(start)
            if channel < self.semantic_channels and role(channel) == kind:
                continue
            count = channel - start
            place = f"({start})" if count == 1 else f"({start}..{channel - 1})"
            if kind == "label":
                kind = f"{count} {labels}{'' if count == 1 else 's'}{'' if self.label_set else ' without names'}"
            elif kind == "unused":
                kind = f"{count} unused"
            parts.append(f"{kind} {place}")
            start = channel
        return f"{self.semantic_channels} channel{'' if self.semantic_channels == 1 else 's'}: {', '.join(parts)}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict, the inverse of :meth:`from_json`."""
        return {
            "label_set": self.label_set.to_json() if self.label_set else None,
            "semantic_channels": self.semantic_channels,
            "unlabeled_channel": self.unlabeled_channel,
            "edge_channel": self.edge_channel,
            "channel_of_id": {str(i): channel for i, channel in enumerate(self.channel_of_id) if channel >= 0},
        }

    @classmethod
    def from_json(cls, data: object) -> LabelChannels:
        """Build from parsed, untrusted JSON.

        Raises:
            LabelError: an entry is missing, unknown, of a wrong type or out of range.
        """
        names = {"label_set", "semantic_channels", "unlabeled_channel", "edge_channel", "channel_of_id"}
        entries = json_object(data, "the label channels", required=names, optional=set())
        table = entries["channel_of_id"]
        if not isinstance(table, Mapping):
            raise LabelError("channel_of_id is not a JSON object", "ids as names with their channels")
        channels = [-1] * 256
        for key, value in cast("Mapping[object, object]", table).items():
            text = str(key)
            if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 255):
                raise LabelError(f"channel_of_id has the id {text[:40]!r}", "0 to 255")
            channels[int(text)] = json_whole(value, f"the channel of id {text}")
        unlabeled, edge, label_set = entries["unlabeled_channel"], entries["edge_channel"], entries["label_set"]
        return cls(
            label_set=None if label_set is None else LabelSet.from_json(label_set),
            channel_of_id=tuple(channels),
            unlabeled_channel=None if unlabeled is None else json_whole(unlabeled, "unlabeled_channel"),
            edge_channel=None if edge is None else json_whole(edge, "edge_channel"),
            semantic_channels=json_whole(entries["semantic_channels"], "semantic_channels"),
        )

    @classmethod
    def coco_stuff(cls) -> LabelChannels:
        """Return the 184 channels of published COCO-Stuff weights: ids 0..181, unlabeled (255 in files) 182, edges 183."""
        return cls.from_label_set(load_label_set("coco_stuff"), range(182), "last", edge=True)

    @classmethod
    def ade20k(cls, unlabeled: UnlabeledPlace = "first") -> LabelChannels:
        """Return the 151 channels of ADE20K weights (files hold 1..150, 0 is unlabeled); the published ones have unlabeled first."""
        return cls.from_label_set(load_label_set("ade20k"), range(1, 151), unlabeled, edge=False)

    @classmethod
    def cityscapes(cls) -> LabelChannels:
        """Return the 36 channels of published Cityscapes weights: ids 0..33, 34 unused, edges 35; other ids set no channel."""
        label_set = load_label_set("cityscapes")
        channels = [i if i < len(label_set.labels) else -1 for i in range(256)]
        return cls(label_set, tuple(channels), None, 35, 36)

    @classmethod
    def plain(cls, semantic_channels: int, unlabeled: bool, edge: bool) -> LabelChannels:
        """Return the channels of weights without label names: each id is its channel, and 255 is unlabeled if there is such a channel.

        The edge channel comes last, after the unlabeled channel.

        Raises:
            LabelError: no channel is left for labels.
        """
        label_channels = semantic_channels - unlabeled - edge
        if label_channels < 1:
            raise LabelError(f"{semantic_channels} channels, unlabeled and edge channel included", f"at least {1 + unlabeled + edge}")
        # The unlabeled channel's own number means unlabeled too.
        channels = [i if i < label_channels + unlabeled else -1 for i in range(256)]
        if unlabeled:
            channels[255] = label_channels
        return cls(None, tuple(channels), label_channels if unlabeled else None, semantic_channels - 1 if edge else None, semantic_channels)

    @classmethod
    def from_label_set(cls, label_set: LabelSet, ids: Sequence[int], unlabeled: UnlabeledPlace | None, edge: bool) -> LabelChannels:
        """Return one channel for each of ``ids``, in order, with an unlabeled channel before or after them and an edge channel last.

        Raises:
            LabelError: an id is not in the set, or given twice.
        """
        channels = [-1] * 256
        first = 1 if unlabeled == "first" else 0
        for channel, number in enumerate(ids, first):
            if label_set.by_id(number) is None:
                raise LabelError(f"id {number} is not of label set {label_set.name}", "ids of the set")
            if channels[number] >= 0:
                raise LabelError(f"id {number} is given two channels", "each id once")
            channels[number] = channel
        unlabeled_channel = None if unlabeled is None else 0 if first else len(ids)
        if unlabeled_channel is not None and label_set.unlabeled_id is not None:
            channels[label_set.unlabeled_id] = unlabeled_channel
        total = len(ids) + (unlabeled is not None) + edge
        return cls(label_set, tuple(channels), unlabeled_channel, total - 1 if edge else None, total)
