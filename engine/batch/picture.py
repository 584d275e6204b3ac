"""One picture of a batch: a layout carried over to what the weights know, rendered in one style, with the record of both.

It knows no files; whoever wants many pictures calls it as often, on the thread that owns the renderer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.networks.layout import resize_nearest
from spade_studio.engine.pictures.provenance import Provenance
from spade_studio.engine.pictures.record import describe_picture
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.style import StyleCode


@dataclass(frozen=True, eq=False)
class PreparedLayout:
    """A layout at the size that is rendered: no less exact than a larger one, and small beside it in a PNG.

    Attributes:
        labels: Ids of the weights' set, uint8 [H, W].
        instances: uint16 [H, W], or None.
        unknown: Source ids that the weights do not know, with their pixels.
    """

    labels: NDArray[np.uint8]
    instances: NDArray[np.uint16] | None
    unknown: dict[int, int]


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
    size: tuple[int, int] | None,
    transfer: LabelTransfer,
) -> PreparedLayout:
    """Carry a layout over, bring it to the picture's size and set it.

    Args:
        renderer: The loaded weights.
        labels: Ids of the transfer's source set, uint8 [H, W].
        instances: Instance ids [H, W] from 0 to 65535, or None.
        size: (height, width); the renderer's default size for the map where None.
        transfer: From the map's ids to the weights' ids.

    Raises:
        EngineError: not such a layout, or a size that these weights cannot render.
    """
    carried, unknown = transfer.apply(labels)
    height, width = size or renderer.default_size(*labels.shape)
    renderer.check_size(height, width)
    small = resize_nearest(carried, height, width)
    small_instances = None if instances is None else resize_nearest(instances, height, width)
    renderer.set_layout(small, small_instances, (height, width))
    return PreparedLayout(small, None if small_instances is None else small_instances.astype(np.uint16), unknown)


def render_described(
    renderer: Renderer,
    labels: NDArray[np.uint8],
    instances: NDArray[np.integer] | None,
    source: LabelSet | None,
    size: tuple[int, int] | SizeWish | None,
    style: int | StyleCode,
) -> DescribedPicture:
    """Render one picture exactly.

    Args:
        renderer: The loaded weights.
        labels: Ids of ``source``, uint8 [H, W].
        instances: As :func:`prepare_layout`.
        source: The label set that the layout was painted in; None where the ids are the weights' own.
        size: (height, width), or what is wanted of it; the renderer's default size for the map where None.
        style: A seed, or a style code [z]; without effect on weights that take none.

    Raises:
        EngineError: not such a layout, style or size, or the device failed.
    """
    if isinstance(size, SizeWish):
        size = size.size((labels.shape[0], labels.shape[1]), renderer.training_size, renderer.nearest_size)
    own = renderer.channels.label_set
    transfer = LabelTransfer(None if own is None or source is None or source == own else source, renderer.channels)
    prepared = prepare_layout(renderer, labels, instances, size, transfer)
    seed = style if isinstance(style, int) else None
    code = None
    if renderer.z_width is None:
        seed = None
    else:
        code = renderer.style_from_seed(style) if isinstance(style, int) else style
    renderer.set_style(code)
    image = renderer.render()[0]
    about = describe_picture(renderer, prepared.labels, prepared.instances, code, (seed, 1.0))
    return DescribedPicture(image, about, prepared.unknown)
