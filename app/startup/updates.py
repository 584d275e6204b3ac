"""The opt-in update check, which reads one small JSON file and sends no data."""

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
"""Timeout in seconds."""
_MAX_NOTES = 500
_LOCAL = ("localhost", "127.0.0.1", "::1")


class UpdateError(EngineError):
    """The update file cannot be fetched or read."""


@dataclass(frozen=True)
class Release:
    """A released version.

    Attributes:
        version: Version number, such as ``1.2.0``.
        page: https address of the download page; empty where the file has none.
        notes: Release notes, one line of plain text.
    """

    version: str
    page: str = ""
    notes: str = ""


def check_address(address: str) -> str:
    """Return the address of the update file, stripped of surrounding whitespace.

    Raises:
        UpdateError: The address is neither an https address nor an http address of this machine.
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
    """Parse the update file: a JSON object with ``version`` and, optionally, ``page`` and ``notes``.

    Args:
        data: Content of the file.
        installed: The running version.

    Returns:
        The release; None where it is not newer.

    Raises:
        UpdateError: The file is not a valid update file.
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
    """Follows redirects to https addresses only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> urllib.request.Request | None:
        check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(address: str, installed: str) -> Release | None:
    """Fetch and parse the update file at an address; see :func:`newer_release`.

    Raises:
        UpdateError: The file cannot be reached or is not valid.
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
