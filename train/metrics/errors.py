"""What can go wrong with a measurement."""

from __future__ import annotations

from spade_studio.engine.errors import EngineError


class MetricError(EngineError):
    """A metric cannot be computed from what it was given."""
