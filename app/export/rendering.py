"""One picture of a layout in memory, rendered as the window renders it; called on the render thread."""

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
    """Render one picture with its record.

    Args:
        renderer: The loaded weights.
        layout: Labels, objects and texture.
        source: The label set of the layout; None where its ids are the weights' own.
        size: Of the result, as :class:`~spade_studio.app.export.order.ExportOrder` has it, with the detail that suits it; or all that is
            wanted of it.
        style: A seed or a code.
        progress: Told which part of the details is done, from 0 to 1.
        should_stop: Asked within the details; GaveWayError is raised where it says yes.

    Raises:
        EngineError: these weights cannot render it.
    """
    own, labels = renderer.channels.label_set, layout.labels
    if source is not None and own is not None and source != own:
        # Before borders are drawn: labels that the weights take for one have none between them.
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
