"""Conversion of an imported map to the label set of the document."""

from __future__ import annotations

from spade_studio.app.model.label_names import label_text
from spade_studio.app.model.raster import LabelArray
from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer


def carry_over(labels: LabelArray, source: LabelSet, target: LabelSet) -> tuple[LabelArray, dict[str, int]]:
    """Convert a map, uint8 ``[H, W]``, to another label set by label names.

    Returns:
        The converted map, uint8 ``[H, W]``, and the display names of labels without a counterpart, which become unlabeled, with their
        numbers of pixels in descending order.
    """
    if source == target:
        return labels, {}
    channels = LabelChannels.from_label_set(target, [label.id for label in target.labels], None, edge=False)
    carried, unknown = LabelTransfer(source, channels).apply(labels)

    ordered = sorted(unknown.items(), key=lambda item: -item[1])
    # ids without a label were unlabeled before
    return carried, {label_text(label): count for label_id, count in ordered if (label := source.by_id(label_id)) is not None}
