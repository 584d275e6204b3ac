"""Report of an evaluation as a self-contained HTML file, and its summary for the terminal."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

import torch
from torch import Tensor

from spade_studio.train.evaluation.floor import RealFloor
from spade_studio.train.evaluation.merging import CandidateResult, ShownPicture
from spade_studio.train.evaluation.published import PublishedFigures
from spade_studio.train.evaluation.record import EvaluationRecord
from spade_studio.train.evaluation.report_style import STYLE
from spade_studio.train.evaluation.results import published_for

_DASH: Final = "–"
_MATRIX_CLASSES: Final = 24  # maximum number of classes in a matrix, the most frequent ones
_FEW: Final = 300  # pictures below which Fréchet distances say little


@dataclass(frozen=True)
class _Row:
    """Row of the main table."""

    title: str
    value: Callable[[CandidateResult], float | None]
    show: Callable[[float], str]
    better: Literal["more", "less"] | None = None
    published: Callable[[PublishedFigures], float] | None = None


def report_html(record: EvaluationRecord, results: Sequence[CandidateResult]) -> str:
    """Return the report as HTML."""
    names = ", ".join(result.entry.name for result in results if result.entry.kind != "photographs")
    sections = [
        f"<h1>Evaluation of {escape(names)}</h1>",
        f'<p class="soft">{escape(_about(record))}</p>',
        _main_table(record, results),
        _notes(record, results),
        _problems(results),
        _iou_table(record, results),
        _matrices(record, results),
        *(_pictures(result) for result in results if result.entry.kind != "photographs"),
        _classes(record),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>Evaluation of {escape(names)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(section for section in sections if section)
        + "\n</body>\n</html>\n"
    )


def summary_lines(record: EvaluationRecord, results: Sequence[CandidateResult]) -> list[str]:
    """Return the main table as lines of text."""
    rows = [row for row in _rows(record, results) if any(row.value(result) is not None for result in results)]
    published = published_for(record)
    header = ["", *(result.entry.name for result in results), *(f"{method} (paper)" for method in published)]
    table = [header]
    for row in rows:
        values = [row.value(result) for result in results]
        papers = [row.published(figures) if row.published else None for figures in published.values()]
        table.append([row.title, *(_DASH if value is None else row.show(value) for value in [*values, *papers])])
    widths = [max(len(line[column]) for line in table) for column in range(len(header))]
    lines = ["  ".join(f"{cell:{'<' if not column else '>'}{widths[column]}}" for column, cell in enumerate(line)) for line in table]
    return lines + [words for result in results if (words := _unknown_words(result))]


def _rows(record: EvaluationRecord, results: Sequence[CandidateResult]) -> list[_Row]:
    def percent(value: float) -> str:
        return f"{100 * value:.1f} %"

    def plain(value: float) -> str:
        return f"{value:.2f}"

    def of(name: str) -> Callable[[CandidateResult], float | None]:
        return lambda result: getattr(result.agreement, name, None)

    def distance(name: str) -> Callable[[CandidateResult], float | None]:
        return lambda result: result.frechet.get(name)

    def reality(name: str) -> Callable[[CandidateResult], float | None]:
        return lambda result: None if result.floor is None else result.floor.distances.get(name)

    floor = _floor(results)
    frechet = [
        _Row(_title(name, record), distance(name), plain, "less", (lambda figures: figures.fid) if name == "fid" else None)
        for name in record.frechet
    ]
    return [
        _Row("Mean IoU", of("mean_iou"), percent, "more", lambda figures: figures.mean_iou / 100),
        _Row("Mean IoU, common classes", of("mean_iou_common"), percent, "more"),
        _Row("Pixel accuracy", of("pixel_accuracy"), percent, "more", lambda figures: figures.pixel_accuracy / 100),
        *frechet,
        *(_Row(f"{_title(name, record)}, {floor.words}", reality(name), plain) for name in record.frechet if floor is not None),
        _Row("Diversity over styles", lambda result: result.diversity, lambda value: f"{value:.4f}", "more"),
        _Row("Style distance from photograph", lambda result: result.style_distance, lambda value: f"{value:.4f}", "less"),
        _Row("Time a picture", lambda result: result.seconds, lambda value: f"{1000 * value:.0f} ms", "less"),
        _Row("Memory at the highest", lambda result: result.memory, lambda value: f"{value / 2**20:.0f} MiB", "less"),
        _Row("Pictures", lambda result: result.measured, lambda value: f"{value:.0f}"),
    ]


def _floor(results: Sequence[CandidateResult]) -> RealFloor | None:
    return next((result.floor for result in results if result.floor is not None), None)


def _title(name: str, record: EvaluationRecord) -> str:
    return "FID" if name == "fid" else f"Frechet distance, {record.frechet[name]}"


def _about(record: EvaluationRecord) -> str:
    height, width = record.size
    told = [
        f"{record.pictures:,} pictures of {record.data} ({record.data_kind}, labels of {record.label_set})",
        f"compared at {width}x{height}",
    ]
    if record.segmenter:
        told.append(f"segmented by {record.segmenter}, {len(record.class_names)} classes")
    if any(candidate.kind == "weights" for candidate in record.candidates):
        random = record.settings.get("style") == "random"
        told.append("rendered in a random style each" if random else "rendered in its photograph's style each")
    return "; ".join(told) + "."


def _main_table(record: EvaluationRecord, results: Sequence[CandidateResult]) -> str:
    published = published_for(record)
    head = "".join(_heading(result) for result in results)
    head += "".join(f'<th class="paper">{escape(method)}<small>in the paper</small></th>' for method in published)
    body: list[str] = []
    for row in _rows(record, results):
        values = [row.value(result) for result in results]
        papers = [row.published(figures) if row.published else None for figures in published.values()]
        if all(value is None for value in values):
            continue
        rivals = [value for value, result in zip(values, results, strict=True) if result.entry.kind != "photographs" and value is not None]
        best = None if len(rivals) < 2 or row.better is None else max(rivals) if row.better == "more" else min(rivals)
        cells = "".join(
            f'<td class="best">{row.show(value)}</td>'
            if value is not None and value == best and result.entry.kind != "photographs"
            else f"<td>{_DASH if value is None else row.show(value)}</td>"
            for value, result in zip(values, results, strict=True)
        )
        cells += "".join(f'<td class="paper">{_DASH if value is None else row.show(value)}</td>' for value in papers)
        arrow = {"more": " ↑", "less": " ↓", None: ""}[row.better]
        body.append(f"<tr><th>{escape(row.title)}{arrow}</th>{cells}</tr>")
    caption = "<caption>↑ more is better, ↓ less is better; the best is bold.</caption>"
    table = f"<table>{caption}<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f'<h2>Figures</h2><div class="wide">{table}</div>'


def _heading(result: CandidateResult) -> str:
    source = {"weights": "weights", "pictures": "pictures", "photographs": "what the segmenter makes of reality"}[result.entry.kind]
    return f"<th>{escape(result.entry.name)}<small>{source}</small></th>"


def _notes(record: EvaluationRecord, results: Sequence[CandidateResult]) -> str:
    notes: list[str] = []
    if record.frechet:
        notes.append(
            "Frechet distances shrink with the number of pictures: compare only figures of as many."
            + (f" {record.pictures} are few; below {_FEW} they say little." if record.pictures < _FEW else "")
        )
        floor = _floor(results)
        if floor is not None and floor.between == "others":
            notes.append(
                f"Between {floor.words}, drawn by chance from those that nothing is measured on, the distance is what reality itself"
                " comes to."
            )
        elif floor is not None:
            notes.append(
                f"There are no other photographs to compare with: between {floor.words}, halves drawn by chance, the distance is that of"
                " fewer pictures, and so above what reality comes to with all of them."
            )
        if "fid" not in record.frechet:
            notes.append("No distance here is an FID: that is one of Inception features only.")
    if published_for(record):
        notes.append("The paper's figures are with its own segmenters: mean IoU and accuracy compare only where the segmenter is the same.")
    if any(result.memory is not None for result in results):
        device = record.settings.get("device")
        what = "what torch holds on the GPU" if device == "cuda" else "all that the process holds, the networks that judge included"
        notes.append(f"Time and memory are of rendering one picture at a time ({device}) on the machine that measured; memory is {what}.")
    notes += [words for result in results if (words := _unknown_words(result))]
    return f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>" if notes else ""


def _unknown_words(result: CandidateResult) -> str:
    if not result.unknown_share:
        return ""
    action = " Weights that do not name their labels need --label-set." if result.unknown_share > 0.5 else ""
    return f"{result.entry.name} does not know the labels of {100 * result.unknown_share:.1f} % of the layouts' pixels.{action}"


def _problems(results: Sequence[CandidateResult]) -> str:
    lines = [f"{result.entry.name}, {name}: {problem}" for result in results for name, problem in result.problems]
    if not lines:
        return ""
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines[:50])
    return f'<div class="trouble"><h2>{len(lines)} pictures could not be measured</h2><ul>{listed}</ul></div>'


def _iou_table(record: EvaluationRecord, results: Sequence[CandidateResult]) -> str:
    measured = [result for result in results if result.agreement is not None and result.confusion is not None]
    if not measured:
        return ""
    shares = _shares(measured[-1])
    order = sorted(range(len(record.class_names)), key=lambda place: -shares[place])
    rows: list[str] = []
    for place in order:
        cells = ""
        for result in measured:
            assert result.agreement is not None
            value = result.agreement.iou[place]
            cells += "<td>–</td>" if value is None else f'<td class="bar" style="--v:{value:.3f}">{100 * value:.1f} %</td>'
        rows.append(f"<tr><th>{escape(record.class_names[place])}</th><td>{100 * shares[place]:.1f} %</td>{cells}</tr>")
    head = "".join(f"<th>{escape(result.entry.name)}</th>" for result in measured)
    table = f"<table><thead><tr><th>Class</th><th>Of all pixels</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<h2>Intersection over union by class</h2><div class="wide">{table}</div>'


def _shares(result: CandidateResult) -> list[float]:
    assert result.confusion is not None
    rows = result.confusion.sum(1)
    return [float(row) / max(int(rows.sum()), 1) for row in rows]


def _matrices(record: EvaluationRecord, results: Sequence[CandidateResult]) -> str:
    shown = "".join(_matrix(record, result) for result in results)
    caption = '<p class="soft">What the pixels of every class were found to be, in per cent of its pixels.</p>'
    return f'<h2>Confusion matrices</h2>{caption}<div class="matrices">{shown}</div>' if shown else ""


def _matrix(record: EvaluationRecord, result: CandidateResult) -> str:
    if result.confusion is None:
        return ""
    shares = _shares(result)
    kept = sorted(sorted(range(len(shares)), key=lambda place: -shares[place])[:_MATRIX_CLASSES])
    kept = [place for place in kept if shares[place] > 0]
    others = [place for place in range(len(shares)) if place not in kept]
    matrix = result.confusion
    columns = [matrix[:, place] for place in kept]
    names = [record.class_names[place] for place in kept]
    if others:
        columns.append(matrix[:, others].sum(1))
        names.append("other classes")
    columns.append(matrix[:, -1])
    names.append("no class")
    shown: Tensor = torch.stack(columns, 1).double()
    rows: list[str] = []
    for place in kept:
        values = [float(count) for count in shown[place] / shown[place].sum()]
        cells = "".join(f'<td style="--v:{value:.3f}">{100 * value:.0f}</td>' for value in values)
        rows.append(f"<tr><th>{escape(record.class_names[place])}</th>{cells}</tr>")
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    caption = f"<caption>The {len(kept)} most frequent classes.</caption>" if others else ""
    table = f'<table class="matrix">{caption}<thead><tr><th>Layout</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div><h3>{escape(result.entry.name)}</h3><div class="wide">{table}</div></div>'


def _pictures(result: CandidateResult) -> str:
    parts = [
        f"<h3>{title}</h3>" + f'<div class="pictures">{"".join(_figure(shown, result.entry.name) for shown in pictures)}</div>'
        for title, pictures in (("Worst by pixel accuracy", result.worst), ("Best by pixel accuracy", result.best))
        if pictures
    ]
    if not parts:
        return ""
    return f'<h2>Pictures: {escape(result.entry.name)}</h2><p class="soft">Layout, photograph, picture.</p>{"".join(parts)}'


def _figure(shown: ShownPicture, name: str) -> str:
    images = "".join(
        f'<img alt="{escape(what)}" src="data:image/jpeg;base64,{base64.b64encode(content).decode()}">'
        for what, content in (("layout", shown.layout), ("photograph", shown.photograph), (name, shown.picture))
        if content
    )
    return (
        f'<figure><div class="three">{images}</div>'
        f"<figcaption>{escape(shown.name)}: {100 * shown.pixel_accuracy:.1f} %</figcaption></figure>"
    )


def _classes(record: EvaluationRecord) -> str:
    if not record.classes:
        return ""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(', '.join(labels))}</td><td>{escape(', '.join(found))}</td></tr>"
        for name, labels, found in zip(record.class_names, record.classes["labels"], record.classes["found"], strict=True)
    )
    table = f"<table><thead><tr><th>Class</th><th>Labels of the data</th><th>Classes of the segmenter</th></tr></thead>{rows}</table>"
    left = "".join(
        f"<p>{escape(words)} {escape(', '.join(names))}.</p>"
        for words, names in (
            ("Labels without a partner, whose pixels do not count:", record.classes["labels_left_out"]),
            ("Classes of the segmenter without a partner, which are wrong wherever they are found:", record.classes["found_left_out"]),
        )
        if names
    )
    return f'<details><summary>How labels and classes were brought together</summary><div class="wide">{table}</div>{left}</details>'
