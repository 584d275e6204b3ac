"""What can stop an evaluation.

It does not know which part of it finds it.
"""

from __future__ import annotations

from spade_studio.engine.errors import EngineError


class EvaluationError(EngineError):
    """Something that was given cannot be evaluated, or not with what else was given."""
