"""The errors that the engine reports to a person: what was found, what was expected and what to do."""

from __future__ import annotations

from spade_studio.engine.printable import printable


class EngineError(Exception):
    """Base of all errors of the engine that a person can act on.

    Its texts hold nothing that a terminal would obey: names and texts from files pass :func:`~spade_studio.engine.printable.printable`.

    Args:
        found: What was found, a sentence without its full stop.
        expected: What was expected instead; empty where ``found`` says it already.
        action: What the person can do about it; empty where nothing can be done.
    """

    def __init__(self, found: str, expected: str = "", action: str = "") -> None:
        self.found, self.expected, self.action = map(printable, (found, expected, action))
        parts = [self.found, f"Expected {self.expected}" if expected else "", self.action]
        super().__init__(" ".join(_sentence(part) for part in parts if part))


def _sentence(text: str) -> str:
    return text if text.endswith(("?", "!")) else f"{text.rstrip('.')}."


class ConfigError(EngineError):
    """A configuration holds a value that no network can be built from."""


class LabelError(EngineError):
    """A label set, label map or instance map is not usable."""


class StyleError(EngineError):
    """A style image or style code is not usable with the loaded weights."""


class WeightsError(EngineError):
    """A weights file is damaged, hostile, or does not fit its configuration."""


class AmbiguousWeightsError(WeightsError):
    """A weights file is sound but does not say something that has to be known.

    Attributes:
        questions: The names of the :class:`~spade_studio.engine.weights.published.PublishedOptions`
            fields that would settle it, each with the choices that fit the file.
    """

    def __init__(self, found: str, expected: str, action: str, questions: dict[str, tuple[str, ...]]) -> None:
        super().__init__(found, expected, action)
        self.questions = questions


class BankError(EngineError):
    """A memory bank of pieces of photographs is missing, damaged, or does not fit what it is used for."""


class RenderError(EngineError):
    """A picture could not be computed (device failure, out of memory, no style or layout set)."""


class OutOfMemoryError(RenderError):
    """The device has too little memory for the asked picture."""


class GaveWayError(Exception):
    """Work that stopped between two steps because its caller asked for it; no error that a person is told of."""
