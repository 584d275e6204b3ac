"""``spade-render --from``: a picture rendered again from its provenance, and compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.cli.console import Console
from spade_studio.engine.device import choose_device, choose_dtype
from spade_studio.engine.errors import RenderError, WeightsError
from spade_studio.engine.labels.label_set import Label, LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer, UnknownLabels
from spade_studio.engine.pictures.picture_files import PictureFormat, is_whole, write_picture
from spade_studio.engine.pictures.provenance import Provenance, pack_layout, pack_settings, read_provenance
from spade_studio.engine.pictures.record import describe_picture, differences
from spade_studio.engine.rendering.renderer import Modulation, Renderer
from spade_studio.engine.rendering.result_plan import ResultPlan, rendered_size
from spade_studio.engine.rendering.results import render_result, render_result_float, set_result_layout
from spade_studio.engine.style import StyleCode
from spade_studio.engine.weights import PublishedOptions


@dataclass(frozen=True)
class AgainOptions:
    """Options that override the picture's provenance; None keeps it.

    Attributes:
        published: Settings that published weights leave open.
        weights: Weights file or folder; the default weights where None.
        bank: Memory bank of the weights; that beside them where None.
        device: Device, as for Renderer.load.
        dtype: Compute type, as for Renderer.load.
        modulation: Modulation path, as for Renderer.load.
        format: Format of the new file.
        overwrite: Whether to replace an existing file.
        upscaler: Upscaler file in place of that of the picture's level of detail.
    """

    published: PublishedOptions
    weights: Path | None = None
    bank: Path | None = None
    device: str | None = None
    dtype: str | None = None
    modulation: Modulation | None = None
    format: PictureFormat = "png"
    overwrite: bool = False
    upscaler: Path | None = None


def render_again(source: Path, output: Path, options: AgainOptions, console: Console) -> None:
    """Render a picture again and report differences.

    Args:
        source: PNG with provenance.
        output: Folder of the new picture, which gets the same name.
        options: Overriding options.
        console: Console for remarks.

    Raises:
        EngineError: a PNG without provenance, or weights that cannot render it.
        OSError: the new picture cannot be written.
    """
    recorded, old_pixels = read_provenance(source)
    target = output / f"{source.stem}.{options.format}"
    if is_whole(target) and not options.overwrite:
        console.summary(f"{target} exists already; --overwrite renders it again.")
        return
    renderer = _load(recorded, options)
    labels = _carry_labels(recorded, renderer, console)
    for difference in differences(recorded, renderer, options.upscaler):
        console.note(f"Not as it was: {difference}.")
    rendered = rendered_size(recorded.size, renderer.nearest_size, renderer.stride)
    part = 0, 0, *recorded.size
    plan = ResultPlan(part, recorded.size, rendered, recorded.picture_size, recorded.detail, 1.0, options.upscaler)
    regions = recorded.texture_regions
    set_result_layout(renderer, labels, recorded.instances, plan, recorded.texture, regions)
    z, drawn = _style(recorded, renderer, console)
    renderer.set_style(z)
    if options.format == "npy":
        write_picture(target, render_result_float(renderer, plan), "npy")
        console.summary(f"Rendered {target}.")
        return
    picture = render_result(renderer, plan)
    assert picture is not None
    texts = None
    if options.format == "png":
        about = describe_picture(renderer, labels, recorded.instances, z, drawn, plan, regions)
        texts = {**pack_settings(about), **pack_layout(labels, recorded.instances, about.texture_regions)}
    write_picture(target, picture, options.format, texts)
    console.summary(f"Rendered {target}: {_compare(old_pixels, picture)}.")


def _load(recorded: Provenance, options: AgainOptions) -> Renderer:
    """Load weights on the device and in the compute type of the picture, as far as this machine has them."""
    device = options.device
    if device is None:
        device = recorded.device
        try:
            choose_device(device)
        except RenderError:
            device = device.partition(":")[0]
            try:
                choose_device(device)
            except RenderError:
                device = "auto"
    dtype = options.dtype
    if dtype is None:
        dtype = recorded.dtype
        try:
            choose_dtype(dtype, choose_device(device))
        except RenderError:
            dtype = "auto"
    given, known = options.published, recorded.options
    published = PublishedOptions(
        upsampling=given.upsampling or known.upsampling,
        crop_size=given.crop_size or known.crop_size,
        aspect_ratio=given.aspect_ratio or known.aspect_ratio,
        unlabeled=given.unlabeled or known.unlabeled,
        label_set=known.label_set,
    )
    modulation = options.modulation or recorded.modulation
    load = partial(Renderer.load, options.weights, device=device, dtype=dtype, modulation=modulation, bank=options.bank)
    try:
        return load(options=published)
    except WeightsError:
        # What was true of the weights it was rendered with may be wrong for those that are given now.
        if published == given:
            raise
        return load(options=given)


def _style(recorded: Provenance, renderer: Renderer, console: Console) -> tuple[StyleCode | None, tuple[int | None, float]]:
    """Return the style code, and the (seed, truncation) it was made with; other weights may lack a style input, or have one."""
    if recorded.z is None and renderer.z_width is not None:
        console.note("The picture has no style, but these weights take one: it is drawn with seed 0.")
        return renderer.style_from_seed(0), (0, 1.0)
    if recorded.z is not None and renderer.z_width is None:
        console.note("These weights take no style: that of the picture is left out.")
        return None, (None, 1.0)
    return recorded.z, (recorded.seed, recorded.truncation)


def _carry_labels(recorded: Provenance, renderer: Renderer, console: Console) -> NDArray[np.uint8]:
    """Carry the layout over by names where other weights give the ids another meaning."""
    if recorded.weights_sha256 == renderer.weights_sha256:
        return recorded.labels
    target = renderer.channels.label_set
    painted_in = None
    if recorded.label_names and (target is None or recorded.label_set != target.name):
        labels = tuple(Label(id_, name, (0, 0, 0)) for id_, name in recorded.label_names.items())
        painted_in = LabelSet(recorded.label_set or "other labels", labels, unlabeled_id=None)
    carried, missing = LabelTransfer(painted_in, renderer.channels).apply(recorded.labels)
    unknown = UnknownLabels()
    unknown.add({id_: pixels for id_, pixels in missing.items() if id_ in recorded.label_names}, carried.size)
    for line in unknown.report(painted_in or target, renderer.channels):
        console.note(line)
    return carried


def _compare(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> str:
    if old.shape != new.shape:
        return "of another size than before"
    difference = np.abs(old.astype(np.int16) - new)
    if not difference.any():
        return "the same picture, bit for bit"
    return f"differs from the old picture by {difference.mean():.3f} levels of 255 on average, {difference.max()} at most"
