"""Rendering of a layout on the render thread, with the same result as in the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from spade_studio.app.export.order import PaintedLayout, Size
from spade_studio.app.model.surroundings import filled
from spade_studio.app.rendering import loading
from spade_studio.app.rendering.live_renderer import object_borders
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.labels.label_set import UNLABELED, LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.rendering.result_plan import ResultWish

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.rendering.renderer import Renderer


def render_layout(
    renderer: Renderer,
    layout: PaintedLayout,
    source: LabelSet | None,
    size: Size | ResultWish,
    style: Style,
    *,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> DescribedPicture:
    """Render one picture with its provenance record.

    Args:
        renderer: Renderer with loaded weights.
        layout: Labels, objects and texture.
        source: Label set of the layout; None for the weights' own.
        size: Size as in :class:`~spade_studio.app.export.order.ExportOrder`, with the automatic level of detail; or a full specification
            of size and detail.
        style: Seed or style code.
        progress: Callback with the progress of detail rendering, 0 to 1.
        should_stop: Callback polled during detail rendering; True aborts with GaveWayError.

    Raises:
        EngineError: The weights cannot render the layout.
    """
    own, labels = renderer.channels.label_set, layout.labels
    if source is not None and own is not None and source != own:
        # Before drawing borders: labels mapped to the same channel have no border between them.
        labels, _ = LabelTransfer(source, renderer.channels).apply(labels)
    unlabeled = UNLABELED if source is None else source.unlabeled_value
    if own is not None and source is not None and source != own:
        unlabeled = own.unlabeled_value
    if (hole := labels == unlabeled).any():
        labels = filled(labels, hole, unlabeled)
    instances = None if layout.objects is None else object_borders(labels, layout.objects)
    wish = size if isinstance(size, ResultWish) else ResultWish(size, "auto")
    texture, regions = layout.texture, layout.texture_regions
    return loading.render_described(
        renderer, labels, instances, None, wish, style, texture=texture, texture_regions=regions, progress=progress, should_stop=should_stop
    )
