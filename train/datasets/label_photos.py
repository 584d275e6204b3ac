"""Labelling of photographs with a segmentation model of Hugging Face ``transformers`` (``spade-train label``)."""

from __future__ import annotations

import colorsys
import importlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.errors import LabelError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.labels import Label, LabelSet, built_in_label_sets, load_label_set
from spade_studio.train.datasets.decoding import KNOWN_SUFFIXES, PHOTO_SUFFIXES, decode_photo
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.folder import LABEL_SET_FILE
from spade_studio.train.datasets.pairs import Problem, files_by_key
from spade_studio.train.datasets.sources import FolderSource

_ENOUGH: Final = 0.9
"""Minimum fraction of a model's classes in a built-in label set for maps in its ids."""
_UNLABELED: Final = 255


class PhotoClassifier(Protocol):
    """Interface of per-pixel classifiers."""

    @property
    def class_names(self) -> Mapping[int, str]:
        """Class names by number."""
        ...

    def classes(self, photo: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the class of each pixel, int64 [H, W], of a photograph, uint8 [H, W, 3]."""
        ...


class Segmenter:
    """A semantic segmentation model.

    Args:
        model: Folder of a model, or its name on the Hugging Face hub.
        device: Device to compute on.

    Raises:
        DataError: ``transformers`` is not installed, or the model cannot be loaded.
    """

    def __init__(self, model: str, device: torch.device) -> None:
        transformers = _transformers()
        self.device = device
        kinds = ("AutoModelForSemanticSegmentation", "AutoModelForUniversalSegmentation")
        try:
            self._processor: Any = transformers.AutoImageProcessor.from_pretrained(model)
            self._model: Any = self._first_that_loads([getattr(transformers, kind) for kind in kinds], model)
        except (OSError, ValueError, ImportError, KeyError) as error:
            reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
            raise DataError(
                f"the segmentation model {model!r} cannot be loaded ({reason})",
                "a folder or a hub name of a transformers segmentation model",
            ) from error
        names: Mapping[Any, Any] = self._model.config.id2label
        self.class_names: Mapping[int, str] = {int(number): str(name) for number, name in names.items()}

    def _first_that_loads(self, kinds: list[Any], model: str) -> Any:
        for place, kind in enumerate(kinds):
            try:
                return kind.from_pretrained(model).eval().to(self.device)
            except ValueError:  # transformers' word for a model of another kind
                if place == len(kinds) - 1:
                    raise
        raise AssertionError

    def classes(self, photo: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the class of each pixel, int64 [H, W], of a photograph, uint8 [H, W, 3]."""
        inputs = self._processor(images=Image.fromarray(photo), return_tensors="pt").to(self.device)
        with torch.inference_mode():
            outputs = self._model(**inputs)
        (found,) = self._processor.post_process_semantic_segmentation(outputs, target_sizes=[photo.shape[:2]])
        return found.to("cpu", torch.int64).numpy()


@dataclass(frozen=True)
class ClassMapping:
    """The mapping from a model's classes to file values.

    Attributes:
        label_set: Label set of the values.
        id_of_class: Value of each class number; 255 or the set's unlabeled value for classes that the set lacks.
        unknown: Names of these classes.
    """

    label_set: LabelSet
    id_of_class: Mapping[int, int]
    unknown: tuple[str, ...]

    def apply(self, classes: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Map classes to file values, uint8 of the same shape."""
        table = np.full(max(self.id_of_class) + 1, self._unlabeled, np.uint8)
        for number, value in self.id_of_class.items():
            table[number] = value
        inside = (classes >= 0) & (classes < len(table))
        return np.where(inside, table[np.where(inside, classes, 0)], np.uint8(self._unlabeled))

    @property
    def _unlabeled(self) -> int:
        return _UNLABELED if self.label_set.unlabeled_id is None else self.label_set.unlabeled_id


@dataclass(frozen=True)
class LabelingReport:
    """The outcome of :func:`label_photos`.

    Attributes:
        folder: Folder of the label maps.
        written: Number of maps written.
        kept: Number of maps that existed.
        unknown_classes: Number of pixels of each class that the label set lacks; they are unlabeled.
        problems: Photographs that could not be read.
    """

    folder: Path
    written: int
    kept: int
    unknown_classes: Mapping[str, int]
    problems: tuple[Problem, ...]


def map_classes(class_names: Mapping[int, str], label_set: LabelSet | Literal["auto", "model"] = "auto") -> ClassMapping:
    """Map the classes of a model to file values by name.

    Compound names, such as ``building;edifice`` or ``sky-other-merged``, match by any of their parts.

    Args:
        class_names: Class names of the model.
        label_set: Label set of the maps; ``model`` for the model's own classes; ``auto`` for the built-in set with at least nine tenths of
            them, else the model's own.

    Raises:
        DataError: the model has more classes than a label map can hold.
    """
    if not isinstance(label_set, str):
        return _by_name(class_names, label_set)
    if label_set == "auto":
        tried = [_by_name(class_names, load_label_set(name)) for name in built_in_label_sets()]
        best = min(tried, key=lambda mapping: len(mapping.unknown))
        if len(best.unknown) <= (1 - _ENOUGH) * len(class_names):
            return best
    return _own_set(class_names)


def label_photos(
    photos: Path,
    segmenter: PhotoClassifier,
    *,
    output: Path | None = None,
    label_set: LabelSet | Literal["auto", "model"] = "auto",
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> LabelingReport:
    """Write a label map for each photograph, for training.

    Args:
        photos: Folder of photographs, or one with such a folder named ``images``; their EXIF orientation is applied.
        segmenter: The model.
        output: Folder of the maps, with ``label_set.json`` beside it for values other than COCO-Stuff's; ``labels`` beside the photographs
            where None.
        label_set: See :func:`map_classes`.
        overwrite: Whether to replace existing maps; otherwise an interrupted command resumes.
        progress: Callback with the number of photographs done and the total number.

    Raises:
        DataError: no photographs, or existing maps of another label set.
        OSError: a map cannot be written.
    """
    if not photos.is_dir():
        raise DataError(f"{photos} is not a folder", "a folder of photographs")
    images = photos / "images" if (photos / "images").is_dir() else photos
    target = output or (images.parent if images.name == "images" else images) / "labels"
    source = FolderSource(images)
    inside = target.relative_to(images).as_posix() if target.is_relative_to(images) else ""
    found = {
        key: names[0]
        for key, names in files_by_key(source.names(), "", KNOWN_SUFFIXES).items()
        if not inside or not key.startswith(f"{inside}/")
    }
    if not found:
        raise DataError(f"{images} has no photograph", ", ".join(PHOTO_SUFFIXES), kind="no image")
    mapping = map_classes(segmenter.class_names, label_set)
    waiting = {key: name for key, name in found.items() if overwrite or not (target / f"{key}.png").exists()}
    _write_label_set(mapping.label_set, target.parent / LABEL_SET_FILE, others_kept=len(waiting) < len(found))
    unknown: Counter[str] = Counter()
    problems: list[Problem] = []
    for done, (key, name) in enumerate(waiting.items(), 1):
        try:
            classes = segmenter.classes(decode_photo(source.read(name), name, upright=True))
        except DataError as error:
            problems.append(Problem(error.kind, name, str(error)))
        else:
            values, counts = np.unique(classes, return_counts=True)
            for value, count in zip(values.tolist(), counts.tolist(), strict=True):
                class_name = segmenter.class_names.get(value)
                if class_name is None or class_name in mapping.unknown:
                    unknown[class_name or f"class {value}"] += count
            path = target / f"{key}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_writer(path) as file:
                Image.fromarray(mapping.apply(classes)).save(file, "PNG")
        if progress:
            progress(done, len(waiting))
    return LabelingReport(target, len(waiting) - len(problems), len(found) - len(waiting), dict(unknown), tuple(problems))


def _transformers() -> Any:
    try:
        return importlib.import_module("transformers")
    except ImportError as error:
        raise DataError(
            f"labelling needs the package transformers, which cannot be imported ({error})",
            "transformers beside torch",
            "Install it with: pip install transformers",
        ) from error


def _names_of(class_name: str) -> list[str]:
    """Return what a class may be called in a label set: as it is, each of its synonyms, and without COCO's ``-merged``."""
    names = [class_name, *class_name.replace(",", ";").split(";")]
    return [name.strip() for name in names] + [name.strip().removesuffix("-merged").removesuffix("-stuff") for name in names]


def _by_name(class_names: Mapping[int, str], label_set: LabelSet) -> ClassMapping:
    unlabeled = _UNLABELED if label_set.unlabeled_id is None else label_set.unlabeled_id
    ids: dict[int, int] = {}
    unknown: list[str] = []
    for number, class_name in class_names.items():
        label = next((label for name in _names_of(class_name) if (label := label_set.by_name(name))), None)
        ids[number] = unlabeled if label is None else label.id
        if label is None:
            unknown.append(class_name)
    return ClassMapping(label_set, ids, tuple(unknown))


def _own_set(class_names: Mapping[int, str]) -> ClassMapping:
    """Number the model's classes as it does, with colours spread over the hues."""
    labels: list[Label] = []
    taken: set[str] = set()
    try:
        for place, (number, class_name) in enumerate(sorted(class_names.items())):
            first, *others = [part.strip()[:80] for part in class_name.split(";") if part.strip()] or [f"class {number}"]
            name = first if first.casefold() not in taken else f"{first} ({number})"
            taken.add(name.casefold())
            red, green, blue = colorsys.hsv_to_rgb(place * 0.381966 % 1, 0.5 + place * 7 % 5 / 10, 0.6 + place * 11 % 4 / 10)
            color = (round(255 * red), round(255 * green), round(255 * blue))
            labels.append(Label(number, name, color, synonyms=tuple(others[:32])))
        return ClassMapping(LabelSet("Labels of the model", tuple(labels), _UNLABELED), {number: number for number in class_names}, ())
    except LabelError as error:
        raise DataError(f"the model's classes make no label set: {error.found}", error.expected, "Choose a label set") from error


def _write_label_set(label_set: LabelSet, path: Path, *, others_kept: bool) -> None:
    """Tell beside the maps what they mean; COCO-Stuff needs no telling."""
    needed = None if label_set == load_label_set("coco_stuff") else label_set
    present = load_label_set(path) if path.exists() else None
    if others_kept and present != needed:
        raise DataError(
            f"{path.parent} has label maps of {present.name if present else 'COCO-Stuff'} from before",
            f"maps of {label_set.name}",
            "Make them all again (overwrite), or choose another output folder",
        )
    if needed is None:
        path.unlink(missing_ok=True)
    elif present != needed:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(path) as file:
            file.write(json.dumps(needed.to_json(), indent=1).encode())
