"""Pictures of any size: a layout set as a plan says, rendered near the trained size, and finished."""

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
    """A layout at the size of the generator's picture: no less exact than a larger one, and small beside it in a PNG.

    Attributes:
        labels: Ids of the weights' set, uint8 [H, W].
        instances: uint16 [H, W], or None.
        unknown: Ids that the weights do not know, with their pixels in the layout.
        texture_regions: Where the noise has other seeds, uint16 [H, W], or None.
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
    """Cut, resize and pad a layout as a plan says, and set it and its texture.

    Args:
        renderer: The loaded weights.
        labels: Ids of the weights' set, uint8 [H, W].
        instances: Instance ids [H, W] from 0 to 65535, or None.
        plan: For layouts of this size, from :meth:`Renderer.plan`.
        texture: The seed of the noise.
        texture_regions: Where it has other seeds, uint16 [H, W], or None; see :meth:`Renderer.set_texture`.

    Raises:
        EngineError: not such a layout, or a size that these weights cannot render.
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
    """Render the layout that was set for a plan, in the first style that is set.

    Args:
        renderer: The loaded weights.
        plan: As for :func:`set_result_layout`.
        progress: Told which part of the details is done, from 0 to 1.
        should_stop: Asked within the networks of the details.

    Returns:
        uint8 [H, W, 3] of the result's size, or None when ``should_stop`` said yes.

    Raises:
        EngineError: with what to do.
    """
    base = plan.cropped(renderer.render()[0])
    return renderer.finisher.finish_bytes(
        base, plan.result, plan.detail, plan.upscaler, progress=progress, should_stop=should_stop
    )


def render_result_float(renderer: Renderer, plan: ResultPlan) -> NDArray[np.float32]:
    """Return the picture as float32 [3, H, W] in [-1, 1]; see :func:`render_result`."""
    (top, left), (height, width) = plan.place, plan.base
    base = renderer.render_float()[0, :, top : top + height, left : left + width]
    if plan.is_plain:
        return np.ascontiguousarray(base)
    made = renderer.finisher.finish(base * np.float32(0.5) + np.float32(0.5), plan.result, plan.detail, plan.upscaler)
    assert made is not None
    return made * 2 - 1
