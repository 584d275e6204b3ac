"""The engine's errors: what was found, what was expected, and what to do."""

from __future__ import annotations

from spade_studio.engine.printable import printable


class EngineError(Exception):
    """Base class of the engine's errors that users can act on.

    All texts pass :func:`~spade_studio.engine.printable.printable`, so they hold no control sequences.

    Args:
        found: What was found, a sentence without full stop.
        expected: What was expected; empty where ``found`` implies it.
        action: Remedy; empty where there is none.
    """

    def __init__(self, found: str, expected: str = "", action: str = "") -> None:
        self.found, self.expected, self.action = map(printable, (found, expected, action))
        parts = [self.found, f"Expected {self.expected}" if expected else "", self.action]
        super().__init__(" ".join(_sentence(part) for part in parts if part))


def _sentence(text: str) -> str:
    return text if text.endswith(("?", "!")) else f"{text.rstrip('.')}."


class ConfigError(EngineError):
    """An invalid network configuration."""


class LabelError(EngineError):
    """An invalid label set, label map or instance map."""


class StyleError(EngineError):
    """A style image or style code that the loaded weights cannot use."""


class WeightsError(EngineError):
    """A weights file that is damaged, hostile, or inconsistent with its configuration."""


class AmbiguousWeightsError(WeightsError):
    """A valid weights file that leaves a required setting open.

    Attributes:
        questions: Fields of :class:`~spade_studio.engine.weights.info.PublishedOptions` that would settle it, each with the choices that
            fit the file.
    """

    def __init__(self, found: str, expected: str, action: str, questions: dict[str, tuple[str, ...]]) -> None:
        super().__init__(found, expected, action)
        self.questions = questions


class BankError(EngineError):
    """A memory bank that is missing, damaged, or incompatible with the weights or data."""


class RenderError(EngineError):
    """A picture that could not be computed (device failure, exhausted memory, no style or layout set)."""


class OutOfMemoryError(RenderError):
    """Too little memory on the device for the requested picture."""


class GaveWayError(Exception):
    """Raised where a computation stopped at its caller's request; never shown to users."""
