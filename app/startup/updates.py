"""Looks for a newer version where a person has asked for it: one small JSON file is read, nothing is sent."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec
from packaging.version import Version

from spade_studio.engine.errors import EngineError

MAX_BYTES = 64 << 10
SECONDS = 10.0
"""An answer that takes longer is not waited for."""
_MAX_NOTES = 500
_LOCAL = ("localhost", "127.0.0.1", "::1")


class UpdateError(EngineError):
    """The file that tells of versions cannot be read."""


@dataclass(frozen=True)
class Release:
    """A version that can be had.

    Attributes:
        version: Such as ``1.2.0``.
        page: Where it is, an https address; empty where the file names none.
        notes: What is new, plain text of one line.
    """

    version: str
    page: str = ""
    notes: str = ""


def check_address(address: str) -> str:
    """Return the address of the file of versions, without spaces around it.

    Raises:
        UpdateError: It is no https address.
    """
    address = address.strip()
    try:
        parts = urlsplit(address)
        is_good = bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL))
    except ValueError:
        is_good = False
    if not is_good:
        raise UpdateError(f"the address {address!r}", "an address that begins with https://", "Correct it in the settings")
    return address


def newer_release(data: bytes, installed: str) -> Release | None:
    """Read the file: a JSON object with ``version``, and ``page`` and ``notes`` where wanted.

    Args:
        data: Its bytes.
        installed: The version that runs.

    Returns:
        The release, or None where it is not newer.

    Raises:
        UpdateError: It is no such file.
    """
    wrong = UpdateError("the file of versions is not readable", 'a JSON object such as {"version": "1.2.0"}')
    try:
        found = msgspec.json.decode(data, type=Release)
        if Version(found.version) <= Version(installed):
            return None
        page = check_address(found.page) if found.page else ""
    except (ValueError, RecursionError, UpdateError):
        raise wrong from None
    notes = " ".join("".join(c if c.isprintable() else " " for c in found.notes).split())[:_MAX_NOTES]
    return Release(str(Version(found.version)), page, notes)


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Follows a redirection to https addresses only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> urllib.request.Request | None:
        check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(address: str, installed: str) -> Release | None:
    """Read the file at an address; see :func:`newer_release`.

    Raises:
        UpdateError: There is no such file, or it cannot be reached.
    """
    request = urllib.request.Request(check_address(address), headers={"User-Agent": "spade-studio", "Accept": "application/json"})
    try:
        with urllib.request.build_opener(_OnlyHttps).open(request, timeout=SECONDS) as answer:
            data = answer.read(MAX_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise UpdateError(f"the file of versions cannot be reached: {error}", "", "Check the address and the network") from error
    if len(data) > MAX_BYTES:
        raise UpdateError("the file of versions is too large", f"at most {MAX_BYTES >> 10} kB")
    return newer_release(data, installed)
