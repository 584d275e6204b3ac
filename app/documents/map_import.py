"""What becomes of an imported map in the label set of the document."""

from __future__ import annotations

from spade_studio.app.model.label_names import label_text
from spade_studio.app.model.raster import LabelArray
from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer


def carry_over(labels: LabelArray, source: LabelSet, target: LabelSet) -> tuple[LabelArray, dict[str, int]]:
    """Carry a map over to another label set by the names of its labels.

    Returns:
        The map, uint8 ``[H, W]``, and the labels that the target does not have, with their pixels, the largest first: they become
        unlabeled.
    """
    if source == target:
        return labels, {}
    channels = LabelChannels.from_label_set(target, [label.id for label in target.labels], None, edge=False)
    carried, unknown = LabelTransfer(source, channels).apply(labels)

    def name(label_id: int) -> str:
        label = source.by_id(label_id)
        return label_text(label) if label else f"id {label_id}"

    return carried, {name(label_id): count for label_id, count in sorted(unknown.items(), key=lambda item: -item[1])}
