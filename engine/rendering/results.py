"""Pictures of any size: a layout rendered near the training size, then upscaled as its plan says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import RenderError
from spade_studio.engine.networks.layout import resize_nearest
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.result_plan import ResultPlan


@dataclass(frozen=True, eq=False)
class BaseLayout:
    """A layout at the size of the generator's picture.

    Attributes:
        labels: Ids of the weights' set, uint8 [H, W].
        instances: Instance ids, uint16 [H, W], or None.
        unknown: Number of pixels of the layout by id, for ids that the weights lack.
        texture_regions: Regions with noise seeds of their own, uint16 [H, W], or None.
    """

    labels: NDArray[np.uint8]
    instances: NDArray[np.uint16] | None
    unknown: dict[int, int]
    texture_regions: NDArray[np.uint16] | None = None


def set_result_layout(
    renderer: Renderer,
    labels: NDArray[np.uint8],
    instances: NDArray[np.integer] | None,
    plan: ResultPlan,
    texture: int = 0,
    texture_regions: NDArray[np.uint16] | None = None,
) -> BaseLayout:
    """Crop, resize and pad a layout as a plan says, and set it and its texture.

    Args:
        renderer: The loaded weights.
        labels: Ids of the weights' set, uint8 [H, W].
        instances: Instance ids [H, W] from 0 to 65535, or None.
        plan: Plan for layouts of this size, from :meth:`Renderer.plan`.
        texture: Seed of the noise.
        texture_regions: Regions with seeds of their own, uint16 [H, W], or None; see :meth:`Renderer.set_texture`.

    Raises:
        EngineError: an invalid layout, or a size that these weights cannot render.
    """
    for name, plane in (("instances", instances), ("texture regions", texture_regions)):
        if plane is not None and plane.shape != labels.shape:
            raise RenderError(f"{name} of shape {plane.shape} for labels of {labels.shape}", "the same shape")
    renderer.check_size(*plan.rendered)
    top, left, height, width = plan.part
    part = slice(top, top + height), slice(left, left + width)
    unknown = renderer.channels.unknown_ids(labels[part])
    base = resize_nearest(labels[part], *plan.base)
    base_instances, base_regions = (
        None if plane is None else resize_nearest(plane[part], *plan.base).astype(np.uint16) for plane in (instances, texture_regions)
    )
    renderer.set_layout(plan.padded(base), None if base_instances is None else plan.padded(base_instances), plan.rendered)
    renderer.set_texture(texture, None if base_regions is None else plan.padded(base_regions))
    return BaseLayout(base, base_instances, unknown, base_regions)


def render_result(
    renderer: Renderer,
    plan: ResultPlan,
    *,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> NDArray[np.uint8] | None:
    """Render the layout set for a plan, in the first style set.

    Args:
        renderer: The loaded weights.
        plan: Plan given to :func:`set_result_layout`.
        progress: Callback with the completed fraction of the upscaling, from 0 to 1.
        should_stop: Callback, polled within the upscalers.

    Returns:
        The result, uint8 [H, W, 3], or None where ``should_stop`` returned true.

    Raises:
        EngineError: a device failure or an unusable upscaler.
    """
    base = plan.cropped(renderer.render()[0])
    return renderer.finisher.finish_bytes(
        base, plan.result, plan.detail, plan.upscaler, progress=progress, should_stop=should_stop
    )


def render_result_float(renderer: Renderer, plan: ResultPlan) -> NDArray[np.float32]:
    """As :func:`render_result`, float32 [3, H, W] in [-1, 1]."""
    (top, left), (height, width) = plan.place, plan.base
    base = renderer.render_float()[0, :, top : top + height, left : left + width]
    if plan.is_plain:
        return np.ascontiguousarray(base)
    made = renderer.finisher.finish(base * np.float32(0.5) + np.float32(0.5), plan.result, plan.detail, plan.upscaler)
    assert made is not None
    return made * 2 - 1
