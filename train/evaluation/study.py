"""User study (SPADE paper, table 2): HTML pages that ask which of two pictures looks more like a photograph of a layout."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.files import atomic_writer
from spade_studio.engine.labels import LabelSet, color_text
from spade_studio.engine.pictures.map_readings import read_label_map
from spade_studio.train.datasets.decoding import PHOTO_SUFFIXES, decode_photo
from spade_studio.train.evaluation.errors import EvaluationError

QUESTION: Final = "Which picture looks more like a photograph of this layout?"
PICTURES: Final = "pictures"
_LEAST_SHARE: Final = 0.005  # minimum share of a layout's pixels for a label in the legend


@dataclass(frozen=True)
class Question:
    """A layout with the pictures of two methods.

    Attributes:
        id: Identifier of the question in the study.
        layout: Name of the layout.
        methods: Indices of the two methods, the reference first.
    """

    id: str
    layout: str
    methods: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Study:
    """Methods, pictures and questions of a user study.

    Attributes:
        names: Names of the methods; the first is the reference, with which every other is compared.
        pictures: Paths of each method's pictures by name of the layout.
        layouts: Paths of the layouts by name.
        questions: Questions.
    """

    names: tuple[str, ...]
    pictures: tuple[Mapping[str, Path], ...]
    layouts: Mapping[str, Path]
    questions: tuple[Question, ...]


def draw_study(folders: Sequence[Path], names: Sequence[str], layouts: Path, *, questions: int, seed: int) -> Study:
    """Draw the questions of a study at random.

    Args:
        folders: Folders of each method's pictures, named as the layouts.
        names: Names of the methods.
        layouts: Folder of label maps.
        questions: Maximum number of questions per pair of methods; layouts are drawn without replacement.
        seed: Random seed.

    Raises:
        EvaluationError: There are fewer than two methods, no layouts, or layouts without a picture of every method.
    """
    if len(folders) < 2:
        raise EvaluationError(f"{len(folders)} folder of pictures", "two or more methods to compare", "Give A B, with the reference first")
    if len(set(names)) < len(names):
        raise EvaluationError(f"methods named {', '.join(names)}", "different names", "Rename the folders")
    maps = {path.stem: path for path in _files(layouts, "a folder of label maps") if path.suffix.lower() == ".png"}
    if not maps:
        raise EvaluationError(f"{layouts} holds no label maps", "PNG files of label ids")
    found: list[dict[str, Path]] = []
    for folder in folders:
        files = {path.stem: path for path in _files(folder, "a folder of rendered pictures") if path.suffix.lower() in PHOTO_SUFFIXES}
        found.append({stem: files[stem + end] for stem in maps for end in ("", "_0000") if stem + end in files})
    common = sorted(stem for stem in maps if all(stem in pictures for pictures in found))
    for folder, pictures in zip(folders, found, strict=True):
        if not pictures:
            found_words, expected = f"{folder} has no picture of any of the {len(maps)} layouts in {layouts}", "pictures with their names"
            raise EvaluationError(found_words, expected, "Render them (spade-render)")
    if not common:
        raise EvaluationError("no layout has a picture of every method", "the same layouts rendered by all", "Render them (spade-render)")
    random = np.random.default_rng(seed)
    drawn: list[Question] = []
    for other in range(1, len(folders)):
        places = [int(place) for place in random.permutation(len(common))[:questions]]
        drawn += [Question(f"{len(drawn) + count:04}", common[place], (0, other)) for count, place in enumerate(places)]
    return Study(tuple(names), tuple(found), maps, tuple(drawn))


def write_study(study: Study, output: Path, label_set: LabelSet, *, data: str, pages: int) -> list[Path]:
    """Write the pages of a study, with its pictures beside them under names that do not reveal the method.

    Args:
        study: Study to write.
        output: Folder, created where missing.
        label_set: Label set of the layouts.
        data: Name of the data in the answers.
        pages: Number of pages over which the questions are distributed, for raters who answer a part each.

    Returns:
        Paths of the pages.

    Raises:
        EvaluationError: A picture is unreadable, or the two pictures of a layout differ in size.
        LabelError: A layout is not a label map.
        OSError: A file cannot be written.
    """
    if pages > len(study.questions):
        raise EvaluationError(f"{pages} pages for {len(study.questions)} questions", "at least one question a page")
    (output / PICTURES).mkdir(parents=True, exist_ok=True)
    told = [(study.names, question.layout, question.methods) for question in study.questions]
    number = hashlib.sha256(repr((told, data)).encode()).hexdigest()[:12]
    entries: list[dict[str, Any]] = []
    layouts: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    pictures: dict[tuple[int, str], tuple[str, tuple[int, int]]] = {}
    for question in study.questions:
        name = question.layout
        if name not in layouts:
            layouts[name] = _write_layout(study.layouts[name], output, label_set, f"{number}-layout-{len(layouts):04}")
        shown: list[dict[str, str]] = []
        sizes: list[tuple[int, int]] = []
        for method in question.methods:
            if (method, name) not in pictures:
                place = hashlib.sha256(repr((number, method, name)).encode()).hexdigest()[:16]  # the order of files tells nothing either
                pictures[method, name] = _write_picture(study.pictures[method][name], output, place)
            file, size = pictures[method, name]
            shown.append({"method": study.names[method], "file": file})
            sizes.append(size)
        if sizes[0] != sizes[1]:
            words = [f"{study.names[m]} {width}x{height}" for m, (height, width) in zip(question.methods, sizes, strict=True)]
            raise EvaluationError(f"the pictures of {name} differ in size: {', '.join(words)}", "one size, which tells no method")
        file, labels = layouts[name]
        entries.append({"id": question.id, "name": name, "layout": file, "labels": labels, "pictures": shown})
    template = (resources.files("spade_studio.resources") / "study" / "page.html").read_text(encoding="utf-8")
    # Distributed in turn, so that every page has a share of each pair of methods.
    written: list[Path] = []
    for page in range(pages):
        content = {
            "study": number,
            "data": data,
            "reference": study.names[0],
            "page": page + 1,
            "asked": QUESTION,
            "questions": entries[page::pages],
        }
        path = output / ("study.html" if pages == 1 else f"study-{page + 1:02}.html")
        with atomic_writer(path) as file:
            file.write(template.replace("__STUDY__", _script_json(content)).encode())
        written.append(path)
    return written


def _script_json(value: object) -> str:
    """Return JSON that is safe inside an HTML script element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _files(folder: Path, what: str) -> list[Path]:
    if not folder.is_dir():
        raise EvaluationError(f"{folder} is not a folder", what)
    return sorted(path for path in folder.iterdir() if path.is_file())


def _write_layout(path: Path, output: Path, label_set: LabelSet, name: str) -> tuple[str, list[tuple[str, str]]]:
    """Write a layout in colours; return its path and the labels with colours, largest first."""
    labels = read_label_map(path, label_set)
    ids, counts = np.unique(labels, return_counts=True)
    legend = [
        (label.name, color_text(label.color))
        for place in np.argsort(-counts, kind="stable").tolist()
        if (label := label_set.by_id(int(ids[place]))) is not None and counts[place] >= _LEAST_SHARE * labels.size
    ]
    return _write_png(label_set.palette()[labels], output, name), legend


def _write_picture(path: Path, output: Path, name: str) -> tuple[str, tuple[int, int]]:
    """Write a picture without metadata; return its path and size."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read ({error.strerror})", "a picture") from error
    picture = decode_photo(content, str(path), upright=False)
    return _write_png(picture, output, name), (picture.shape[0], picture.shape[1])


def _write_png(pixels: NDArray[np.uint8], output: Path, name: str) -> str:
    place = f"{PICTURES}/{name}.png"
    with atomic_writer(output / place) as file:
        Image.fromarray(pixels).save(file, "PNG")
    return place
