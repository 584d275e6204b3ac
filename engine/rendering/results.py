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
    """

    labels: NDArray[np.uint8]
    instances: NDArray[np.uint16] | None
    unknown: dict[int, int]


def set_result_layout(
    renderer: Renderer, labels: NDArray[np.uint8], instances: NDArray[np.integer] | None, plan: ResultPlan
) -> BaseLayout:
    """Cut, resize and pad a layout as a plan says, and set it.

    Args:
        renderer: The loaded weights.
        labels: Ids of the weights' set, uint8 [H, W].
        instances: Instance ids [H, W] from 0 to 65535, or None.
        plan: For layouts of this size, from :meth:`Renderer.plan`.

    Raises:
        EngineError: not such a layout, or a size that these weights cannot render.
    """
    if instances is not None and instances.shape != labels.shape:
        raise RenderError(f"instances of shape {instances.shape} for labels of {labels.shape}", "the same shape")
    renderer.check_size(*plan.rendered)
    top, left, height, width = plan.part
    part = slice(top, top + height), slice(left, left + width)
    unknown = renderer.channels.unknown_ids(labels[part])
    base = resize_nearest(labels[part], *plan.base)
    base_instances = None if instances is None else resize_nearest(instances[part], *plan.base)
    renderer.set_layout(plan.padded(base), None if base_instances is None else plan.padded(base_instances), plan.rendered)
    return BaseLayout(base, None if base_instances is None else base_instances.astype(np.uint16), unknown)


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
