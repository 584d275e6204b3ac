"""One picture of a batch: a layout transferred to the labels of the weights and rendered in one style, with its provenance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import GaveWayError
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.pictures.provenance import Provenance
from spade_studio.engine.pictures.record import describe_picture
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.result_plan import ResultPlan, ResultWish, raw_plan
from spade_studio.engine.rendering.results import BaseLayout, render_result, set_result_layout
from spade_studio.engine.style import StyleCode


@dataclass(frozen=True, eq=False)
class DescribedPicture:
    """A picture and its provenance.

    Attributes:
        image: RGB, uint8 [H, W, 3].
        about: Provenance for its file; ``labels`` and ``z`` are those rendered.
        unknown: Number of pixels by source id, for ids that the weights lack.
    """

    image: NDArray[np.uint8]
    about: Provenance
    unknown: dict[int, int]


def prepare_layout(
    renderer: Renderer,
    labels: NDArray[np.uint8],
    instances: NDArray[np.integer] | None,
    plan: ResultPlan,
    transfer: LabelTransfer,
    texture: int = 0,
    texture_regions: NDArray[np.uint16] | None = None,
) -> BaseLayout:
    """Transfer a layout to the labels of the weights, resize it for the generator and set it.

    Args:
        renderer: The loaded weights.
        labels: Ids of the transfer's source set, uint8 [H, W].
        instances: Instance ids [H, W] from 0 to 65535, or None.
        plan: Plan for layouts of this size.
        transfer: Transfer from the map's ids to the weights' ids.
        texture: Seed of the noise.
        texture_regions: See :func:`~spade_studio.engine.rendering.results.set_result_layout`.

    Returns:
        The layout as set; its unknown ids are source ids.

    Raises:
        EngineError: an invalid layout, or a size that these weights cannot render.
    """
    carried, unknown = transfer.apply(labels)
    return replace(set_result_layout(renderer, carried, instances, plan, texture, texture_regions), unknown=unknown)


def plan_picture(renderer: Renderer, layout: Size, size: Size | SizeWish | ResultWish | None) -> ResultPlan:
    """Plan a picture of a layout of (height, width).

    Args:
        renderer: The loaded weights.
        layout: (height, width) of the layout.
        size: A :class:`ResultWish`, or the size at which the generator renders; its default size for the layout where None.
    """
    if isinstance(size, ResultWish):
        return renderer.plan(layout, size)
    if isinstance(size, SizeWish):
        size = size.size(layout, renderer.training_size, renderer.nearest_size)
    return raw_plan(layout, size or renderer.default_size(*layout))


def render_described(
    renderer: Renderer,
    labels: NDArray[np.uint8],
    instances: NDArray[np.integer] | None,
    source: LabelSet | None,
    size: Size | SizeWish | ResultWish | None,
    style: int | StyleCode,
    *,
    texture: int = 0,
    texture_regions: NDArray[np.uint16] | None = None,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> DescribedPicture:
    """Render one picture exactly.

    Args:
        renderer: The loaded weights.
        labels: Ids of ``source``, uint8 [H, W].
        instances: Instance ids [H, W] from 0 to 65535, or None.
        source: Label set of the layout; None where the ids are the weights' own.
        size: See :func:`plan_picture`.
        style: A seed or a style code [z]; ignored by weights without a style input.
        texture: Seed of the noise, for weights with textures.
        texture_regions: Regions with seeds of their own, uint16 [H, W], see :meth:`Renderer.set_texture`; None for none.
        progress: Callback with the completed fraction of the upscaling, from 0 to 1.
        should_stop: Callback, polled within the upscalers.

    Raises:
        EngineError: an invalid layout, style or size, or the device failed.
        GaveWayError: ``should_stop`` returned true.
    """
    plan = plan_picture(renderer, (labels.shape[0], labels.shape[1]), size)
    own = renderer.channels.label_set
    transfer = LabelTransfer(None if own is None or source is None or source == own else source, renderer.channels)
    prepared = prepare_layout(renderer, labels, instances, plan, transfer, texture, texture_regions)
    seed = style if isinstance(style, int) else None
    code = None
    if renderer.z_width is None:
        seed = None
    else:
        code = renderer.style_from_seed(style) if isinstance(style, int) else style
    renderer.set_style(code)
    image = render_result(renderer, plan, progress=progress, should_stop=should_stop)
    if image is None:
        raise GaveWayError
    about = describe_picture(renderer, prepared.labels, prepared.instances, code, (seed, 1.0), plan, prepared.texture_regions)
    return DescribedPicture(image, about, prepared.unknown)
