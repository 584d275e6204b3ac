"""What ``spade-train check --json`` found, in words for the form; and how long a training will take, told by runs like it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from spade_studio.app.model.label_names import label_text
from spade_studio.app.training.history import last_event
from spade_studio.engine.errors import EngineError
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.run.directory import list_runs
from spade_studio.train.run.events import EventReader, StepLogged

_LISTED = 12
_SAME = ("geometry", "generator", "encoder", "discriminator", "losses", "compute", "batch_size", "accumulation")
_RECENT = 5  # logged steps


def report_words(output: str) -> str:
    """Return a report in words, most important first.

    Args:
        output: JSON.

    Raises:
        ValueError: That is no report.
    """
    data: object = json.loads(output)
    if not isinstance(data, dict) or "samples" not in data:
        raise ValueError("no report")
    return "\n".join(_lines(data))


def _lines(report: dict[str, Any]) -> Iterator[str]:
    problems = report["problems"]
    if problems:
        if len(problems) == 1:
            yield QCoreApplication.translate("DataReport", "1 problem to put right before training:")
        else:
            yield QCoreApplication.translate("DataReport", "{count:,} problems to put right before training:").format(count=len(problems))
        yield from (f"  {problem['message']}" for problem in problems[:_LISTED])
        if len(problems) > _LISTED:
            yield "  " + QCoreApplication.translate("DataReport", "and {count:,} more").format(count=len(problems) - _LISTED)
    else:
        yield QCoreApplication.translate("DataReport", "Ready for training.")
    yield ""
    yield QCoreApplication.translate("DataReport", "{count:,} photographs with label maps ({kind}, labels of {label_set})").format(
        count=report["samples"], kind=report["kind"], label_set=report["label_set"]
    )
    if report["with_instances"]:
        yield QCoreApplication.translate("DataReport", "{count:,} have instance maps").format(count=report["with_instances"])
    yield report["channels"]
    if report["smallest"] and report["largest"]:
        (low, high) = report["smallest"], report["largest"]
        yield QCoreApplication.translate("DataReport", "Sizes: {smallest} to {largest}").format(
            smallest=f"{low[1]} × {low[0]}", largest=f"{high[1]} × {high[0]}"
        )
    for what, items in (
        (
            QCoreApplication.translate("DataReport", "photographs that occur more than once"),
            [" = ".join(names) for names in report["duplicates"]],
        ),
        (QCoreApplication.translate("DataReport", "tiny photographs"), report["tiny"]),
        (QCoreApplication.translate("DataReport", "labels that no picture shows"), [label_text(name) for name in report["empty_labels"]]),
    ):
        if items:
            names = ", ".join(items[:_LISTED]) + (", …" if len(items) > _LISTED else "")
            yield QCoreApplication.translate("DataReport", "Warning: {count:,} {what}: {names}").format(
                count=len(items), what=what, names=names
            )
    if report["pixels"]:
        yield QCoreApplication.translate("DataReport", "Unlabeled: {share:.1%} of all pixels").format(
            share=report["unlabeled_pixels"] / report["pixels"]
        )
        yield ""
        yield QCoreApplication.translate("DataReport", "Labels by area:")
        for label in report["labels"]:
            share = f"{label['pixels'] / report['pixels']:6.1%}"
            yield QCoreApplication.translate("DataReport", "  {share}  {name} ({count:,} pictures)").format(
                share=share, name=label_text(label["name"]), count=label["pictures"]
            )


def pace_of_similar_runs(runs: Path, config: TrainConfig) -> float | None:
    """Return how many pictures a second the newest run with the same networks on the same device trained on; None for no such run."""
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
