"""File name patterns for exported pictures, such as ``{layout}_{seed}``."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from spade_studio.engine.errors import EngineError

FIELDS = ("layout", "index", "variation", "seed", "size", "weights")
"""Placeholders of a pattern; ``index`` counts all pictures of an export, ``variation`` those of one layout."""
DEFAULT_PATTERN = "{layout}_{variation:04}"
_NUMBERS = ("index", "variation", "seed")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_SPEC = re.compile(r"(0?[1-9])?")
_MAX_NAME = 150

Values = Mapping[str, str | int]


class NamePattern:
    """Validated file name pattern.

    Raises:
        EngineError: The pattern is invalid.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._parts = list(string.Formatter().parse(text))
        except ValueError:
            raise EngineError(
                QCoreApplication.translate("NamePattern", "the brackets do not match"),
                QCoreApplication.translate("NamePattern", "fields such as {layout} or {seed:06}"),
            ) from None
        for literal, field, spec, conversion in self._parts:
            if found := _FORBIDDEN.search(literal):
                raise EngineError(
                    QCoreApplication.translate("NamePattern", "a name cannot hold {}").format(repr(found[0])),
                    QCoreApplication.translate("NamePattern", "names of files, not of folders"),
                )
            if field is None:
                continue
            if field not in FIELDS or conversion:
                shown = "{" + field + "}"
                raise EngineError(
                    QCoreApplication.translate("NamePattern", "there is no field {}").format(shown),
                    ", ".join("{" + name + "}" for name in FIELDS),
                )
            if spec and (field not in _NUMBERS or not _SPEC.fullmatch(spec)):
                raise EngineError(
                    QCoreApplication.translate("NamePattern", "{} cannot be written as {!r}").format(field, spec),
                    QCoreApplication.translate("NamePattern", "a number of digits, as in {index:04}"),
                )

    def fill(self, values: Values) -> str:
        """Return a picture's file name without suffix.

        Args:
            values: Value for each of :data:`FIELDS`.

        Raises:
            EngineError: The result is not a valid file name.
        """
        pieces: list[str] = []
        for literal, field, spec, _ in self._parts:
            pieces.append(literal)
            if field is not None:
                value = values[field]
                pieces.append(format(value, spec or "") if isinstance(value, int) else _FORBIDDEN.sub("_", value))
        name = "".join(pieces)
        if not name.strip(". ") or name[0] in ". " or name[-1] in ". ":
            raise EngineError(
                QCoreApplication.translate("NamePattern", "{!r} is no name for a file").format(name),
                QCoreApplication.translate("NamePattern", "one that neither begins nor ends with a dot or a space"),
            )
        if _RESERVED.fullmatch(name):
            raise EngineError(
                QCoreApplication.translate("NamePattern", "{!r} is a name that Windows keeps for itself").format(name),
                QCoreApplication.translate("NamePattern", "another name"),
            )
        if not name.isprintable():  # before counting bytes: names from the system may contain text that cannot be encoded
            raise EngineError(
                QCoreApplication.translate("NamePattern", "{!r} cannot be printed").format(name),
                QCoreApplication.translate("NamePattern", "a name of letters, numbers and signs"),
            )
        if len(name.encode()) > _MAX_NAME:
            raise EngineError(
                QCoreApplication.translate("NamePattern", "the name {}… is too long").format(name[:30]),
                QCoreApplication.translate("NamePattern", "at most {} bytes").format(_MAX_NAME),
            )
        return name
