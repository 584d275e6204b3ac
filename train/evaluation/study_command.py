"""``spade-eval study``: writes the pages of a user study, or evaluates its answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Final

from spade_studio.engine.files import atomic_writer
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.printable import write_line
from spade_studio.train.evaluation.cli_options import Study
from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.evaluation.names import unique_names
from spade_studio.train.evaluation.published import PUBLISHED_PREFERENCES
from spade_studio.train.evaluation.study import PICTURES, draw_study, write_study
from spade_studio.train.evaluation.study_answers import Answers, Preference, preferences, read_answers

_DATA_NAMES: Final = {"coco_stuff": "COCO-Stuff", "ade20k": "ADE20K", "ade20k_outdoor": "ADE20K-outdoor", "cityscapes": "Cityscapes"}


def run_study(options: Study) -> int:
    """Run the command.

    Returns:
        Exit code, 0.

    Raises:
        EngineError, OSError: The command failed.
    """
    return _collect(options) if options.collect else _write(options)


def _write(options: Study) -> int:
    if options.layouts is None or options.output is None:
        raise EvaluationError(
            "no layouts or no output folder", "both", "Give A B --layouts DIR --output DIR, or --collect FILE ... to count answers"
        )
    names = options.names or tuple(unique_names(options.pictures))
    if len(names) != len(options.pictures):
        raise EvaluationError(f"{len(names)} names for {len(options.pictures)} folders", "one for each, in their order")
    study = draw_study(options.pictures, names, options.layouts, questions=options.questions, seed=options.seed)
    data = options.data or options.layouts.absolute().name
    pages = write_study(study, options.output, load_label_set(options.label_set), data=data, pages=options.pages)
    pairs = ", ".join(f"{study.names[0]} against {name}" for name in study.names[1:])
    dealt = ", dealt among the pages" if len(pages) > 1 else ""
    write_line(sys.stdout, f"{len(study.questions)} questions ({pairs}) for each person to answer{dealt}")
    for page in pages:
        write_line(sys.stdout, str(page))
    collect = "spade-eval study --collect answers-*.json"
    write_line(sys.stdout, f"Give people the folder, page and {PICTURES}/; collect what they download: {collect}")
    return 0


def _collect(options: Study) -> int:
    answers = read_answers(options.collect)
    found = preferences(answers)
    for line in report_lines(answers, found):
        write_line(sys.stdout, line)
    if options.output is not None:
        content = {"study": answers.study, "data": answers.data, "preferences": [preference.to_json() for preference in found]}
        options.output.mkdir(parents=True, exist_ok=True)
        with atomic_writer(options.output / "study.json") as file:
            file.write(json.dumps(content, indent=1, ensure_ascii=False).encode())
        write_line(sys.stdout, str(options.output / "study.json"))
    return 0


def report_lines(answers: Answers, found: Sequence[Preference]) -> list[str]:
    """Return the preferences as lines of a table, with the paper's figures for methods of the same name."""

    def percent(value: float | None) -> str:
        return "–" if value is None else f"{100 * value:.1f} %"

    columns = ["share", "95 % interval", "questions", "answers", "raters", "raters agree", "alpha", "left side"]
    table = [["favour " + answers.reference, *columns]]
    for item in found:
        interval = f"{100 * item.low:.1f} to {100 * item.high:.1f} %"
        alpha = "–" if item.alpha is None else f"{item.alpha:.2f}"
        counts = [str(item.questions), str(item.answers), str(item.raters)]
        table.append([f"against {item.other}", percent(item.share), interval, *counts, percent(item.agreement), alpha, percent(item.left)])
    lines = [f"Study {answers.study}" + (f" of {answers.data}" if answers.data else ""), *_aligned(table)]
    published = [
        [_DATA_NAMES[data], *(f"{shares[method]:.2f} %" if method in shares else "–" for method in ("CRN", "pix2pixHD", "SIMS"))]
        for data, shares in PUBLISHED_PREFERENCES.items()
    ]
    return [*lines, "", "The paper's shares that favour SPADE:", *_aligned([["", "CRN", "pix2pixHD", "SIMS"], *published])]


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    return ["  ".join(f"{cell:{'<' if not place else '>'}{widths[place]}}" for place, cell in enumerate(line)) for line in table]
