"""One picture of a batch: a layout carried over to what the weights know, rendered in one style, with the record of both."""

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
    """A picture and how it came about.

    Attributes:
        image: uint8 [H, W, 3].
        about: What a file with it should say; its ``labels`` and ``z`` are what was rendered.
        unknown: Source ids that the weights do not know, with their pixels.
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
    """Carry a layout over, bring it to the size of the generator's picture and set it.

    Args:
        renderer: The loaded weights.
        labels: Ids of the transfer's source set, uint8 [H, W].
        instances: Instance ids [H, W] from 0 to 65535, or None.
        plan: For layouts of this size.
        transfer: From the map's ids to the weights' ids.
        texture: The seed of the noise.
        texture_regions: As :func:`set_result_layout`.

    Returns:
        The layout; its unknown ids are those of the source.

    Raises:
        EngineError: not such a layout, or a size that these weights cannot render.
    """
    carried, unknown = transfer.apply(labels)
    return replace(set_result_layout(renderer, carried, instances, plan, texture, texture_regions), unknown=unknown)


def plan_picture(renderer: Renderer, layout: Size, size: Size | SizeWish | ResultWish | None) -> ResultPlan:
    """Plan a picture of a layout of (height, width).

    Args:
        renderer: The loaded weights.
        layout: (height, width) of the layout.
        size: A :class:`ResultWish`; anything else is the size that the generator itself renders at, its default for the layout where None.
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
        instances: As :func:`prepare_layout`.
        source: The label set that the layout was painted in; None where the ids are the weights' own.
        size: As :func:`plan_picture`.
        style: A seed, or a style code [z]; without effect on weights that take none.
        texture: The seed of the noise, for weights with textures.
        texture_regions: Where it has other seeds, uint16 [H, W], see :meth:`Renderer.set_texture`; None for nowhere.
        progress: Told which part of the details is done, from 0 to 1.
        should_stop: Asked within the networks of the details.

    Raises:
        EngineError: not such a layout, style or size, or the device failed.
        GaveWayError: ``should_stop`` said yes.
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
