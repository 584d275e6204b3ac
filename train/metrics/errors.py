"""Errors of measurements."""

from __future__ import annotations

from spade_studio.engine.errors import EngineError


class MetricError(EngineError):
    """A metric cannot be computed from its inputs."""
