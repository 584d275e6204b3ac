"""Errors of evaluations."""

from __future__ import annotations

from spade_studio.engine.errors import EngineError


class EvaluationError(EngineError):
    """Unusable or inconsistent input of an evaluation."""
