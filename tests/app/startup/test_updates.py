"""Looking for a newer version: off by default, one small file, nothing believed that it should not say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import cast

import pytest

from spade_studio.app.startup import updates
from spade_studio.app.startup.updates import Release, UpdateError, check_address, fetch, newer_release


class Site(HTTPServer):
    """Answers every request alike, and keeps what was asked."""

    def __init__(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.body, self.status, self.headers = body, status, headers
        self.asked: list[tuple[str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/latest.json"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site = cast("Site", self.server)
        site.asked.append((self.path, dict(self.headers)))
        self.send_response(site.status)
        for name, value in site.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(site.body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Write nothing."""


@contextmanager
def site(body: bytes, status: int = 200, **headers: str) -> Iterator[Site]:
    server = Site(body, status, **headers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_newer_version_is_found_and_the_request_says_nothing_of_the_person() -> None:
    with site(json.dumps({"version": "2.0.0", "page": "https://example.org/2", "notes": "Faster"}).encode()) as server:
        assert fetch(f"  {server.address} ", "1.9.9") == Release("2.0.0", "https://example.org/2", "Faster")
    [(path, headers)] = server.asked
    assert path == "/latest.json"
    assert set(headers) <= {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
    assert headers["User-Agent"] == "spade-studio"


@pytest.mark.parametrize(("found", "newer"), [("1.0.1", True), ("1.0", False), ("0.9", False), ("1.10", True), ("1.0.0rc1", False)])
def test_versions_are_compared_as_versions(found: str, newer: bool) -> None:
    assert (newer_release(json.dumps({"version": found}).encode(), "1.0.0") is not None) == newer


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"[]", b"{}", b'{"version": 2}', b'{"version": "newest"}', b'{"version": "2", "page": ["x"]}', b"[" * 100_000,
        b'{"version": "2", "page": "javascript:alert(1)"}', b'{"version": "2", "page": "file:///etc/passwd"}',
        b'{"version": "2", "notes": {}}', b'{"version": "' + b"9" * 70_000 + b'"}',
    ],
)  # fmt: skip
def test_a_file_that_says_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(UpdateError):
        newer_release(data, "1.0.0")


def test_notes_are_one_short_line_without_control_characters() -> None:
    release = newer_release(json.dumps({"version": "2", "notes": "a\x1b[31m\n\nb " + "c" * 9999}).encode(), "1")
    assert release is not None
    assert release.notes.startswith("a [31m b c")
    assert len(release.notes) == 500


@pytest.mark.parametrize("address", ["", "latest.json", "ftp://example.org/x", "http://example.org/x", "https://", "file:///x", "https://["])
def test_only_https_addresses_are_read(address: str) -> None:
    with pytest.raises(UpdateError, match="https"):
        check_address(address)


def test_what_is_too_large_elsewhere_or_gone_is_an_error() -> None:
    with site(b" " * (updates.MAX_BYTES + 1)) as server, pytest.raises(UpdateError, match="too large"):
        fetch(server.address, "1")
    with site(b"{}", 404) as server, pytest.raises(UpdateError, match="404"):
        fetch(server.address, "1")
    with site(b"", 302, Location="file:///etc/passwd") as server, pytest.raises(UpdateError):
        fetch(server.address, "1")
    with pytest.raises(UpdateError, match="reached"):
        fetch(server.address, "1")  # nobody listens there any more


def test_nothing_is_looked_up_unless_a_person_has_turned_it_on(window, settings, monkeypatch):
    looked: list[str] = []
    monkeypatch.setattr("spade_studio.app.shell.desktop.fetch", lambda address, _version: looked.append(address))
    window.desktop.greet()
    assert looked == []
    settings.looks_for_updates, settings.update_address = True, "https://example.org/latest.json"
    window.desktop.greet()
    window.desktop._updates.wait()
    assert looked == ["https://example.org/latest.json"]


def test_a_newer_version_is_told_once_and_a_failure_is_not(window, settings, qtbot, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr("spade_studio.app.shell.desktop.QDesktopServices.openUrl", lambda url: opened.append(url.toString()))
    with site(json.dumps({"version": "99.0", "page": "https://example.org/99", "notes": "<img src=x>"}).encode()) as server:
        settings.update_address = server.address
        window.desktop._version = "1.0.0"  # tests have another
        window.desktop.look_for_updates()
        qtbot.waitUntil(lambda: "99.0" in window.desktop.notice.text)
    assert "<img src=x>" in window.desktop.notice.text
    window.desktop.notice.buttons[0].click()
    assert opened == ["https://example.org/99"]
    window.desktop.notice.hide()
    window.desktop.look_for_updates()
    window.desktop._updates.wait()
    assert window.desktop.notice.isHidden()


def test_a_newer_version_does_not_hide_what_is_told_of_a_crash(window):
    window.desktop.notice.tell("It ended unexpectedly", [])
    window.desktop._on_looked(Release("99.0", "https://example.org/99", ""))
    assert window.desktop.notice.text == "It ended unexpectedly"
    assert "99.0" in window.statusBar().currentMessage()
    window.desktop.notice.hide()
