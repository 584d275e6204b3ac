"""Results of an evaluation as JSON, with the paper's figures for the same data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from spade_studio.train.evaluation.merging import CandidateResult
from spade_studio.train.evaluation.published import PUBLISHED, PublishedFigures
from spade_studio.train.evaluation.record import EvaluationRecord


def published_for(record: EvaluationRecord) -> Mapping[str, PublishedFigures]:
    """Return the paper's figures by method; empty for data other than the validation set of one of its data sets."""
    return PUBLISHED.get(record.data_kind, {}) if record.settings.get("split") == "validation" else {}


def result_json(record: EvaluationRecord, results: Sequence[CandidateResult]) -> dict[str, Any]:
    """Return all figures as a JSON-compatible dict."""
    floor = next((result.floor for result in results if result.floor is not None), None)
    return {
        "version": version("spade-studio"),
        "data": record.data,
        "data_kind": record.data_kind,
        "label_set": record.label_set,
        "pictures": record.pictures,
        "size": {"height": record.size[0], "width": record.size[1]},
        "segmenter": record.segmenter or None,
        "classes": record.classes or None,
        "frechet_networks": dict(record.frechet),
        "perceptual_network": record.perceptual or None,
        "settings": dict(record.settings),
        "frechet_between_real_photographs": None if floor is None else floor.to_json(),
        "candidates": [result.to_json(record.class_names) for result in results],
        "published_in_per_cent": {method: asdict(figures) for method, figures in published_for(record).items()},
    }
