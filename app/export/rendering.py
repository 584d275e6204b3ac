"""One picture of a layout in memory, rendered as the window renders it; called on the render thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spade_studio.app.export.plan import PaintedLayout, Size, Style
from spade_studio.app.model.surroundings import filled
from spade_studio.app.rendering import loading
from spade_studio.app.rendering.live_renderer import object_borders
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.rendering.renderer import Renderer


def render_layout(renderer: Renderer, layout: PaintedLayout, source: LabelSet | None, size: Size, style: Style) -> DescribedPicture:
    """Render one picture with its record.

    Args:
        renderer: The loaded weights.
        layout: Labels and objects.
        source: The label set of the layout; None where its ids are the weights' own.
        size: As :class:`~spade_studio.app.export.plan.ExportPlan` has it.
        style: A seed or a code.

    Raises:
        EngineError: these weights cannot render it.
    """
    own, labels = renderer.channels.label_set, layout.labels
    if source is not None and own is not None and source != own:
        # Before borders are drawn: labels that the weights take for one have none between them.
        labels, _ = LabelTransfer(source, renderer.channels).apply(labels)
    unlabeled = 255 if source is None or source.unlabeled_id is None else source.unlabeled_id
    if own is not None and source is not None and source != own:
        unlabeled = 255 if own.unlabeled_id is None else own.unlabeled_id
    if (hole := labels == unlabeled).any():
        labels = filled(labels, hole, unlabeled)
    instances = None if layout.objects is None else object_borders(labels, layout.objects)
    return loading.render_described(renderer, labels, instances, None, size, style)
