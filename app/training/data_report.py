"""Text report of ``spade-train check --json`` results, and the training speed of similar runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from spade_studio.app.model.label_names import label_text
from spade_studio.app.training.history import last_event
from spade_studio.app.ui.plain import counted, percent_text
from spade_studio.engine.errors import EngineError
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.run.directory import list_runs
from spade_studio.train.run.events import EventReader, StepLogged

_LISTED = 12
_SAME = ("geometry", "generator", "encoder", "discriminator", "losses", "compute", "batch_size", "accumulation")
_RECENT = 5  # logged steps


def report_words(output: str) -> str:
    """Return a data check report as text, most important findings first.

    Args:
        output: JSON output of the check.

    Raises:
        ValueError: The output is not a report.
    """
    data: object = json.loads(output)
    if not isinstance(data, dict) or "samples" not in data:
        raise ValueError("no report")
    return "\n".join(_lines(data))


def _lines(report: dict[str, Any]) -> Iterator[str]:
    problems = report["problems"]
    if problems:
        yield counted("DataReport", "%Ln problem(s) to put right before training:", len(problems))
        yield from (f"  {problem['message']}" for problem in problems[:_LISTED])
        if len(problems) > _LISTED:
            yield "  " + counted("DataReport", "and %Ln more", len(problems) - _LISTED)
    else:
        yield QCoreApplication.translate("DataReport", "Ready for training.")
    yield ""
    text = counted("DataReport", "%Ln photograph(s) with label maps ({kind}, labels of {label_set})", report["samples"])
    yield text.format(kind=report["kind"], label_set=report["label_set"])
    if report["with_instances"]:
        yield counted("DataReport", "%Ln has/have instance maps", report["with_instances"])
    yield report["channels"]
    if report["smallest"] and report["largest"]:
        (low, high) = report["smallest"], report["largest"]
        yield QCoreApplication.translate("DataReport", "Sizes: {smallest} to {largest}").format(
            smallest=f"{low[1]} × {low[0]}", largest=f"{high[1]} × {high[0]}"
        )
    twice, tiny, empty = report["duplicates"], report["tiny"], report["empty_labels"]
    for text, items in (
        (
            counted("DataReport", "Warning: %Ln photograph(s) that occur(s) more than once: {names}", len(twice)),
            [" = ".join(names) for names in twice],
        ),
        (counted("DataReport", "Warning: %Ln tiny photograph(s): {names}", len(tiny)), tiny),
        (
            counted("DataReport", "Warning: %Ln label(s) that no picture shows: {names}", len(empty)),
            [label_text(name) for name in empty],
        ),
    ):
        if items:
            yield text.format(names=", ".join(items[:_LISTED]) + (", …" if len(items) > _LISTED else ""))
    if report["pixels"]:
        yield QCoreApplication.translate("DataReport", "Unlabeled: {share} of all pixels").format(
            share=percent_text(report["unlabeled_pixels"] / report["pixels"], 1)
        )
        yield ""
        yield QCoreApplication.translate("DataReport", "Labels by area:")
        for label in report["labels"]:
            share = f"{percent_text(label['pixels'] / report['pixels'], 1):>7}"
            text = counted("DataReport", "  {share}  {name} (%Ln picture(s))", label["pictures"])
            yield text.format(share=share, name=label_text(label["name"]))


def pace_of_similar_runs(runs: Path, config: TrainConfig) -> float | None:
    """Return the speed, in pictures per second, of the newest run with the same networks and device; None if there is none."""
    for run in reversed(list_runs(runs)):
        try:
            if any(name.partition(".")[0] in _SAME for name in config.differences(run.config())) or last_event(run) is None:
                continue
            steps = [event for event in EventReader(run.events_path).read_new() if isinstance(event, StepLogged)][-_RECENT:]
        except (EngineError, OSError):
            continue
        seconds = sum(1 / step.images_per_second for step in steps if step.images_per_second > 0)
        if seconds:
            return len(steps) / seconds
    return None
