"""What can stop an evaluation."""

from __future__ import annotations

from spade_studio.engine.errors import EngineError


class EvaluationError(EngineError):
    """Something that was given cannot be evaluated, or not with what else was given."""
