"""The reader of ``opt.txt``, which the published training writes beside its weights."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import open_regular
from spade_studio.engine.printable import printable

_MAX_BYTES: Final = 1 << 18
_LINE: Final = re.compile(r"\s*([A-Za-z_]\w*)\s*:(.*)")
_DEFAULT: Final = re.compile(r"\s*\[default:[^\n]*\]\s*$")


@dataclass(frozen=True)
class OptionsFile:
    """The entries of an ``opt.txt``; empty without a file."""

    values: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.values)

    def text(self, key: str) -> str | None:
        """Return a value, or None where it is missing."""
        return self.values.get(key)

    def whole(self, key: str) -> int | None:
        """Return a value as an integer, or None where it is missing.

        Raises:
            WeightsError: not an integer.
        """
        value = self.values.get(key)
        if value is not None and not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise _wrong(key, value, "a whole number")
        return None if value is None else int(value)

    def number(self, key: str) -> float | None:
        """Return a value as a float, or None where it is missing.

        Raises:
            WeightsError: not a finite number.
        """
        value = self.values.get(key)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise _wrong(key, value, "a number")
        return number

    def truth(self, key: str) -> bool | None:
        """Return a value as a bool, or None where it is missing.

        Raises:
            WeightsError: not a boolean.
        """
        value = self.values.get(key)
        if value is None:
            return None
        if value not in ("True", "False"):
            raise _wrong(key, value, "True or False")
        return value == "True"


def _wrong(key: str, value: str, expected: str) -> WeightsError:
    return WeightsError(f"opt.txt says {key}: {printable(value[:60])}", expected, "Correct opt.txt, or move it away and give the options")


def read_options_file(path: Path) -> OptionsFile:
    """Read an ``opt.txt``; lines other than ``key: value`` are ignored, and a missing file has no entries.

    Raises:
        WeightsError: the file cannot be read, or is too large.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # reading from a pipe would never end
            raise WeightsError(f"{path.name} is not an ordinary file", "the opt.txt that the training wrote", "Move it away")
        with open_regular(path) as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return OptionsFile({})
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read ({error})", "a readable opt.txt", "Check the permissions") from error
    if len(content) > _MAX_BYTES:
        raise WeightsError(f"{path.name} has over {_MAX_BYTES:,} bytes", "the opt.txt that the training wrote", "Move it away")
    values: dict[str, str] = {}
    for line in content.decode("utf-8", errors="replace").splitlines():
        if match := _LINE.fullmatch(line):
            values[match[1]] = _DEFAULT.sub("", match[2]).strip()
    return OptionsFile(values)
