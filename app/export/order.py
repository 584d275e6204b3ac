"""Export order, in memory and as JSON: layouts, styles, sizes, format and file names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from PySide6.QtCore import QCoreApplication

from spade_studio.app.export.names import DEFAULT_PATTERN, NamePattern
from spade_studio.app.model.raster import InstanceArray, LabelArray, RegionArray
from spade_studio.engine.batch.plan import NameClashError, PlannedPicture, Style, plan_pictures
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import LabelSet, json_object, json_seed, json_text, json_whole
from spade_studio.engine.pictures.packing import pack_plane, pack_style, unpack_plane, unpack_style
from spade_studio.engine.pictures.picture_files import QUALITY
from spade_studio.engine.pictures.png import MAX_SIDE
from spade_studio.engine.rendering.frame_sizes import SizeWish

Size = tuple[int, int] | SizeWish | None
"""(height, width) in pixels, a :class:`SizeWish` resolved for each layout, or None for the renderer's default."""
FileFormat = Literal["png", "jpg", "webp"]
FILE_FORMATS: tuple[FileFormat, ...] = ("png", "jpg", "webp")
MAX_PICTURES = 100_000


@dataclass(frozen=True, eq=False)
class PaintedLayout:
    """Layout in memory.

    Attributes:
        name: Value of the ``{layout}`` placeholder.
        labels: Label map, uint8 ``[H, W]``; treated as immutable.
        objects: Object ids, uint16 ``[H, W]``, 0 for no object; None if there are no objects.
        texture: Noise seed.
        texture_regions: Regions with their own noise seed, uint16 ``[H, W]``, treated as immutable; None if there are none.
    """

    name: str
    labels: LabelArray
    objects: InstanceArray | None = None
    texture: int = 0
    texture_regions: RegionArray | None = None


@dataclass(frozen=True)
class FileLayout:
    """Layout in a label PNG.

    Attributes:
        name: Value of the ``{layout}`` placeholder.
        path: Path of the label PNG.
        texture: Noise seed.
    """

    name: str
    path: Path
    texture: int = 0


Layout = PaintedLayout | FileLayout


ExportPicture = PlannedPicture[Layout, Size]


@dataclass(frozen=True, eq=False)
class ExportOrder:
    """Specification of an export.

    Attributes:
        layouts: Layouts, at least one.
        label_set: Label set of the layouts; None for the weights' own.
        styles: Styles that every layout is rendered in.
        sizes: Sizes that every layout is rendered at.
        file_format: File format.
        quality: Quality of lossy formats, 1 to 100.
        pattern: File name pattern.
        weights: Value of the ``{weights}`` placeholder.

    Raises:
        EngineError: The order yields no pictures, too many, or duplicate file names.
    """

    layouts: tuple[Layout, ...]
    label_set: LabelSet | None
    styles: tuple[Style, ...]
    sizes: tuple[Size, ...] = (None,)
    file_format: FileFormat = "png"
    quality: int = QUALITY
    pattern: str = DEFAULT_PATTERN
    weights: str = ""

    def __post_init__(self) -> None:
        if not (self.layouts and self.styles and self.sizes):
            raise EngineError(QCoreApplication.translate("ExportOrder", "there is nothing to export"))
        if self.count > MAX_PICTURES:
            raise EngineError(
                QCoreApplication.translate("ExportOrder", "that makes {:,} pictures").format(self.count),
                QCoreApplication.translate("ExportOrder", "at most {:,} in one export").format(MAX_PICTURES),
            )

    @property
    def count(self) -> int:
        """Number of pictures."""
        return len(self.layouts) * len(self.styles) * len(self.sizes)

    @cached_property
    def pictures(self) -> tuple[ExportPicture, ...]:
        """All pictures in order: for each layout the sizes, for each size the styles.

        Raises:
            EngineError: A file name is duplicate or invalid.
        """
        try:
            return plan_pictures(self.layouts, self.sizes, self.styles, self._file_names())
        except NameClashError as error:
            name = error.file.removesuffix(f".{self.file_format}")
            hint = QCoreApplication.translate(
                "ExportOrder", "Add {index} or {variation} to it, or {layout} or {size} where there are several"
            )
            found = QCoreApplication.translate("ExportOrder", "the pattern gives two pictures the name {!r}").format(name)
            raise EngineError(found, "", hint) from None

    def check(self) -> None:
        """Check that every picture has a valid, unique file name.

        Raises:
            EngineError: A file name is duplicate or invalid.
        """
        assert len(self.pictures) == self.count

    def example(self) -> str:
        """Return the first picture's file name.

        Raises:
            EngineError: The pattern yields no valid name.
        """
        return self._file_names()(self.layouts[0], self.sizes[0], 0, self.styles[0], 0)

    def _file_names(self) -> Callable[[Layout, Size, int, Style, int], str]:
        pattern = NamePattern(self.pattern)

        def file_name(layout: Layout, size: Size, variation: int, style: Style, index: int) -> str:
            values = {
                "layout": layout.name,
                "index": index,
                "variation": variation,
                "seed": style if isinstance(style, int) else "style",
                "size": _describe_size(size),
                "weights": self.weights or "weights",
            }
            return f"{pattern.fill(values)}.{self.file_format}"

        return file_name

    def to_json(self) -> dict[str, Any]:
        """Return the order as JSON, including painted layouts; cached, so callers must not modify it."""
        return self._json

    @cached_property
    def _json(self) -> dict[str, Any]:
        return {
            "layouts": [_layout_to_json(layout) for layout in self.layouts],
            "label_set": None if self.label_set is None else self.label_set.to_json(),
            "styles": [style if isinstance(style, int) else pack_style(style) for style in self.styles],
            "sizes": [_size_to_json(size) for size in self.sizes],
            "format": self.file_format,
            "quality": self.quality,
            "pattern": self.pattern,
            "weights": self.weights,
        }

    @classmethod
    def from_json(cls, data: object) -> ExportOrder:
        """Parse the output of :meth:`to_json`, treated as untrusted input.

        Raises:
            EngineError: The data are not a valid order.
        """
        names = {"layouts", "label_set", "styles", "sizes", "format", "quality", "pattern", "weights"}
        entries = json_object(data, "plan", required=names, optional=set())
        layouts, styles = (_some(entries[name], name) for name in ("layouts", "styles"))
        file_format = json_text(entries["format"], "format")
        quality = json_whole(entries["quality"], "quality")
        if file_format not in FILE_FORMATS or not 1 <= quality <= 100:
            raise EngineError(f"the plan asks for {file_format[:20]!r} of quality {quality}", f"{', '.join(FILE_FORMATS)}; 1 to 100")
        return cls(
            layouts=tuple(_layout_from_json(layout) for layout in layouts),
            label_set=None if entries["label_set"] is None else LabelSet.from_json(entries["label_set"]),
            styles=tuple(_style_from_json(style) for style in styles),
            sizes=tuple(_size_from_json(size) for size in _some(entries["sizes"], "sizes")),
            file_format=cast("FileFormat", file_format),
            quality=quality,
            pattern=json_text(entries["pattern"], "pattern"),
            weights=json_text(entries["weights"], "weights"),
        )


def _array(data: object, name: str) -> list[object]:
    if not isinstance(data, list):
        raise EngineError(f"{name} is no list")
    return data


def _some(data: object, name: str) -> Sequence[object]:
    items = _array(data, name)
    if not 1 <= len(items) <= MAX_PICTURES:
        raise EngineError(f"{name} has {len(items)} entries", f"1 to {MAX_PICTURES}")
    return items


def _layout_to_json(layout: Layout) -> dict[str, Any]:
    if isinstance(layout, FileLayout):
        return {"name": layout.name, "path": str(layout.path), "texture": layout.texture}
    height, width = layout.labels.shape
    objects, regions = (None if plane is None else pack_plane(plane) for plane in (layout.objects, layout.texture_regions))
    texture = {"texture": layout.texture, "texture_regions": regions}
    return {"name": layout.name, "width": width, "height": height, "labels": pack_plane(layout.labels), "objects": objects, **texture}


def _layout_from_json(data: object) -> Layout:
    planes = {"width", "height", "labels", "objects"}
    entries = json_object(data, "layout", required={"name"}, optional={"path", "texture", "texture_regions", *planes})
    name, texture = json_text(entries["name"], "name"), json_seed(entries.get("texture", 0), "texture")
    if "path" in entries:
        path = json_text(entries["path"], "path")
        if not path or "\0" in path:
            raise EngineError("a layout has no usable path")
        return FileLayout(name, Path(path), texture)
    entries = json_object(data, "layout", required={"name", *planes}, optional={"texture", "texture_regions"})
    width, height = (json_whole(entries[side], side) for side in ("width", "height"))
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise EngineError(f"a layout has {width} x {height} pixels", f"1 to {MAX_SIDE} on each side")
    labels = unpack_plane(json_text(entries["labels"], "labels"), "u1", height, width).astype(np.uint8)
    objects, regions = (
        None if entries.get(plane) is None else unpack_plane(json_text(entries[plane], plane), "<u2", height, width).astype(np.uint16)
        for plane in ("objects", "texture_regions")
    )
    return PaintedLayout(name, labels, objects, texture, regions)


def _style_from_json(data: object) -> Style:
    if isinstance(data, str):
        return unpack_style(data)
    return json_seed(data, "a style's seed")


def _describe_size(size: Size) -> str:
    if isinstance(size, SizeWish):
        return str(size.longer_side) if size.kind == "side" else "auto"
    return "auto" if size is None else f"{size[1]}x{size[0]}"


def _size_to_json(size: Size) -> object:
    if isinstance(size, SizeWish):
        return {"kind": size.kind, "longer_side": size.longer_side}
    return None if size is None else [size[1], size[0]]


def _size_from_json(data: object) -> Size:
    if data is None:
        return None
    if isinstance(data, dict):
        entries = json_object(cast("object", data), "size", required={"kind", "longer_side"}, optional=set())
        kind, side = json_text(entries["kind"], "kind"), json_whole(entries["longer_side"], "longer_side")
        if kind not in ("training", "automatic", "layout", "side") or not (1 if kind == "side" else 0) <= side <= MAX_SIDE:
            raise EngineError(f"the size {kind[:20]!r} {side}", f"training, automatic, layout, or side with 1 to {MAX_SIDE}")
        return SizeWish(cast("Any", kind), side)
    sides = [json_whole(side, "size") for side in _array(data, "size")]
    if len(sides) != 2 or not all(1 <= side <= MAX_SIDE for side in sides):
        raise EngineError(f"the size {sides[:2]}", f"width and height from 1 to {MAX_SIDE}")
    return sides[1], sides[0]
