"""The commands ``spade-eval run`` and ``spade-eval merge``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from spade_studio.engine.batch.shares import Process
from spade_studio.engine.cli.torchrun import report_done
from spade_studio.engine.device import choose_device
from spade_studio.engine.errors import AmbiguousWeightsError, EngineError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.printable import write_line
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights import PublishedOptions, inspect_weights
from spade_studio.train.datasets import PairDataset
from spade_studio.train.evaluation.candidates import (
    OTHERS,
    PHOTOGRAPHS,
    Candidate,
    OtherPhotographs,
    Photographs,
    RenderedPictures,
    RenderingWeights,
)
from spade_studio.train.evaluation.classes import LANDSCAPE, MeasuredClasses, classes_by_name, classes_of_groups, read_groups
from spade_studio.train.evaluation.cli_options import Merge, Run
from spade_studio.train.evaluation.data import open_data
from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.evaluation.measuring import Judges, measure_part
from spade_studio.train.evaluation.merging import CandidateResult, merge_parts
from spade_studio.train.evaluation.names import unique_names
from spade_studio.train.evaluation.networks import open_feature_networks, open_perceptual, perceptual_digest
from spade_studio.train.evaluation.parts import Part
from spade_studio.train.evaluation.record import CandidateEntry, EvaluationRecord, missing_parts, part_folder
from spade_studio.train.evaluation.report import report_html, summary_lines
from spade_studio.train.evaluation.results import result_json
from spade_studio.train.evaluation.segmenters import GraphSegmenter, Segmenter, open_segmenter

RESULT_FILE, REPORT_FILE = "result.json", "report.html"


@dataclass(frozen=True, eq=False)
class _Measured:
    """What is measured, where it comes from, on which samples, by what."""

    candidate: Candidate
    source: str
    dataset: PairDataset
    judges: Judges


def run(command: Run | Merge, environment: Mapping[str, str] = os.environ) -> int:
    """Run a command.

    Returns:
        Exit code: 1 where pictures could not be measured.

    Raises:
        EngineError, OSError: the command failed.
    """
    if isinstance(command, Merge):
        return _merge(EvaluationRecord.read(command.folder), (command.folder, *command.more))
    try:
        failed = _measure(command, Process.from_environment(environment))
    except (EngineError, OSError):
        report_done(environment, failed=True)
        raise
    report_done(environment, failed=failed != 0)
    return failed


def _measure(options: Run, process: Process) -> int:
    if not options.weights and not options.pictures:
        raise EvaluationError("neither weights nor pictures are given", "something to measure", "Give WEIGHTS, or --pictures DIR")
    share = options.shard.split(process.share)
    tell = _teller(quiet=options.quiet, prefix=f"[{share.index}/{share.count}] " if share.count > 1 else "")
    device = choose_device(process.device(options.device, torch.cuda.device_count()))
    dataset, others = open_data(options)
    segmenter = open_segmenter(options.segmenter, device) if options.segmenter else None
    classes = None if segmenter is None else _classes(options.groups, dataset, segmenter)
    if classes is not None and share.index == 0:
        tell(f"{len(classes.names)} classes are measured:")
        for line in classes.describe():
            tell(line)
    candidates, size = _candidates(options, dataset, device)
    perceptual = open_perceptual(options.perceptual, device) if options.perceptual else None
    judges = Judges(
        size, segmenter, classes, open_feature_networks(options.features, device), perceptual, thumbnails=not options.no_thumbnails
    )
    sources = [*map(str, options.weights), *map(str, options.pictures), str(options.data)]
    measured = [_Measured(candidate, source, dataset, judges) for candidate, source in zip(candidates, sources, strict=True)]
    if judges.features and others is not None:
        names = [others.name(number) for number in range(len(others))]
        only_features = replace(judges, segmenter=None, classes=None, perceptual=None, thumbnails=False)
        measured.append(_Measured(OtherPhotographs(size, names), str(options.data), others, only_features))
    record = _record(options, dataset, measured, judges, device.type)
    options.output.mkdir(parents=True, exist_ok=True)
    record.write(options.output)
    for item, entry in zip(measured, record.candidates, strict=True):
        mine = share.slice_of(record.parts)
        for done, part in enumerate(mine, 1):
            path = record.part_path(options.output, entry, part)
            if Part.read(path) is not None:
                continue
            measure_part(item.candidate, item.dataset, record.numbers_of(part), item.judges).write(path)
            tell(f"{item.candidate.name}: part {done} of {len(mine)}")
    if missing := missing_parts(record, [options.output]):
        tell(f"This share is done; {missing} parts of other shares are missing. The last share writes the result.")
        return 0
    return _merge(record, [options.output], quiet=options.quiet)


def _merge(record: EvaluationRecord, folders: Sequence[Path], *, quiet: bool = False) -> int:
    results = merge_parts(record, folders)
    target = folders[0]
    for name, content in (
        (RESULT_FILE, json.dumps(result_json(record, results), indent=1, ensure_ascii=False)),
        (REPORT_FILE, report_html(record, results)),
    ):
        with atomic_writer(target / name) as file:
            file.write(content.encode())
    for line in summary_lines(record, results):
        write_line(sys.stdout, line)
    if not quiet:
        write_line(sys.stdout, f"{target / REPORT_FILE}")
    return _complain_of_problems(results)


def _complain_of_problems(results: Sequence[CandidateResult]) -> int:
    for result in results:
        if result.problems:
            write_line(sys.stderr, f"{result.entry.name}: {len(result.problems)} pictures could not be measured:")
            for name, problem in result.problems[:5]:
                write_line(sys.stderr, f"  {name}: {problem}")
    return 1 if any(result.problems for result in results) else 0


def _classes(groups: str, dataset: PairDataset, segmenter: Segmenter) -> MeasuredClasses:
    if groups == "auto":
        landscape = isinstance(segmenter, GraphSegmenter) and dataset.label_set.name == load_label_set("coco_stuff").name
        groups = "landscape" if landscape else "names"
    if groups == "names":
        return classes_by_name(dataset.label_set, segmenter.class_names)
    return classes_of_groups(dataset.label_set, segmenter.class_names, LANDSCAPE if groups == "landscape" else read_groups(Path(groups)))


def _candidates(options: Run, dataset: PairDataset, device: torch.device) -> tuple[list[Candidate], tuple[int, int]]:
    """Open all that is measured, the photographs last, and find the size at which it is compared."""
    names = unique_names([*options.weights, *options.pictures])
    if taken := {PHOTOGRAPHS, OTHERS}.intersection(names):
        raise EvaluationError(f"something is called {min(taken)!r}", "another name")
    rendering = [
        RenderingWeights(
            Renderer.load(path, device=str(device), options=_published(path, options.label_set)),
            name,
            dataset.label_set,
            size=options.render_size,
            style=options.style,
            styles=options.styles if options.perceptual else 0,
            seed=options.seed,
            reconstructs=bool(options.perceptual),
        )
        for path, name in zip(options.weights, names, strict=False)
    ]
    ready = [RenderedPictures(path, name, dataset) for path, name in zip(options.pictures, names[len(rendering) :], strict=True)]
    if options.size is not None:
        size = options.size
    elif rendering:
        size = rendering[0].size
    else:
        height, width = ready[0].show(dataset.read(0), 0).picture.shape[:2]
        size = height, width
    return [*rendering, *ready, Photographs(size)], size


def _published(path: Path, label_set: str) -> PublishedOptions | None:
    """Return the label set for weights that do not say what their channels mean; the others are believed."""
    if not label_set:
        return None
    try:
        channels = inspect_weights(path).channels
        needed = channels is not None and channels.label_set is None
    except AmbiguousWeightsError as error:
        needed = "label_set" in error.questions
    return PublishedOptions(label_set=load_label_set(label_set)) if needed else None


def _record(options: Run, dataset: PairDataset, measured: Sequence[_Measured], judges: Judges, device: str) -> EvaluationRecord:
    record = EvaluationRecord(
        data=str(options.data),
        data_kind=dataset.kind,
        label_set=dataset.label_set.name,
        pictures=len(dataset),
        size=judges.size,
        segmenter="" if judges.segmenter is None else judges.segmenter.name,
        classes={} if judges.classes is None else judges.classes.to_json(),
        frechet={network.distance: network.kind for network in judges.features},
        perceptual="" if judges.perceptual is None else judges.perceptual.features.kind,
        settings={"split": options.split, "style": options.style, "styles": options.styles, "seed": options.seed, "device": device},
    )
    told = (
        [dataset.name(number) for number in range(len(dataset))],
        str(options.data.resolve()),
        dataset.kind,
        judges.size,
        None if judges.segmenter is None else judges.segmenter.digest,
        None if judges.classes is None else (record.classes, judges.classes.of_label),
        [(network.distance, network.digest) for network in judges.features],
        None if judges.perceptual is None else perceptual_digest(judges.perceptual),
        judges.thumbnails,
    )
    entries = [
        CandidateEntry(item.candidate.name, item.candidate.kind, item.source, part_folder(item.candidate.name, item.candidate.digest, told))
        for item in measured
    ]
    return replace(record, candidates=tuple(entries))


def _teller(*, quiet: bool, prefix: str) -> Callable[[str], None]:
    def tell(text: str) -> None:
        if not quiet:
            write_line(sys.stderr, f"{prefix}{text}")  # one piece: processes share a pipe

    return tell
