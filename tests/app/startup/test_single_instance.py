"""Hand-over between two starts: what is accepted, what is refused, and what the window does with it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spade_studio.app.documents import samples
from spade_studio.app.startup import single_instance
from spade_studio.app.startup.single_instance import MAX_BYTES, MAX_FILES, Listener, Message, address

pytest.importorskip("PySide6.QtNetwork", exc_type=ImportError)
posix = pytest.mark.skipif(sys.platform == "win32", reason="sockets in the file system")


@pytest.fixture
def listener(tmp_path, qtbot):
    place = address(tmp_path / "state")
    if place is None:
        pytest.skip("there is no private folder for a socket here")
    listener = Listener(place)
    assert listener.listen()
    yield listener
    listener.close()


def send(listener: Listener, data: bytes) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    client.connect(listener._place)
    client.sendall(data)
    return client


def is_closed(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(10) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_messages_come_back_as_they_were(tmp_path):
    message = Message((tmp_path / "lake ü.ora", tmp_path / "line\nbreak.png"), "token-1")
    assert message.encode().count(b"\n") == 1
    assert Message.decode(message.encode()) == message


GOOD = {"version": 1, "files": [], "token": ""}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"[" * 20_000,
        b"null",
        json.dumps({**GOOD, "version": 2}).encode(),
        json.dumps({**GOOD, "files": "all"}).encode(),
        json.dumps({**GOOD, "files": [3]}).encode(),
        json.dumps({**GOOD, "files": ["relative.ora"]}).encode(),
        json.dumps({**GOOD, "files": [str(Path.cwd() / "a\0b")]}).encode(),
        json.dumps({**GOOD, "files": [str(Path.cwd() / ("x" * 5000))]}).encode(),
        json.dumps({**GOOD, "files": [str(Path.cwd())] * (MAX_FILES + 1)}).encode(),
        json.dumps({**GOOD, "token": "x" * 600}).encode(),
        json.dumps({**GOOD, "token": "a\nLD_PRELOAD=x"}).encode(),
        b"\xff\xfe{}",
        b" " * (MAX_BYTES + 1),
    ],
)
def test_other_messages_are_refused(data):
    with pytest.raises(ValueError, match=r"."):
        Message.decode(data)


@given(st.binary(max_size=300))
def test_no_bytes_do_harm(data):
    with suppress(ValueError):
        assert isinstance(Message.decode(data), Message)


@posix
def test_hostile_connections_are_dropped_and_good_ones_still_heard(listener, qtbot, tmp_path):
    heard: list[Message] = []
    listener.asked.connect(heard.append)
    bad = send(listener, b"GET / HTTP/1.1\r\n\r\n")
    qtbot.waitUntil(lambda: is_closed(bad))
    flood = send(listener, b"x" * (MAX_BYTES // 2))
    with suppress(OSError):
        for _ in range(200):
            flood.sendall(b"x" * MAX_BYTES)
            _process_events()
        pytest.fail("no end is put to the flood")
    good = send(listener, Message((tmp_path / "a.ora",)).encode())
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [Message((tmp_path / "a.ora",))]
    good.setblocking(True)
    good.settimeout(10)
    assert good.recv(10) == b"ok\n"
    for client in (bad, flood, good):
        client.close()


@posix
def test_silent_connections_are_few_and_end(listener, qtbot, monkeypatch):
    heard: list[Message] = []
    listener.asked.connect(heard.append)
    silent = [send(listener, b"{") for _ in range(single_instance.MAX_CONNECTIONS)]
    qtbot.waitUntil(lambda: len(listener._waiting) == single_instance.MAX_CONNECTIONS)
    surplus = send(listener, Message().encode())
    qtbot.waitUntil(lambda: is_closed(surplus))
    assert heard == []
    qtbot.waitUntil(lambda: not listener._waiting)  # their time is over
    last = send(listener, Message().encode())
    qtbot.waitUntil(lambda: heard == [Message()])
    for client in (*silent, surplus, last):
        client.close()


@posix
def test_only_the_user_reaches_the_socket(listener):
    mode = Path(listener._place).stat().st_mode
    assert not mode & 0o077


@posix
def test_a_folder_that_others_may_write_is_not_used(tmp_path, monkeypatch):
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_folder))
    place = address(tmp_path / "state")
    assert place is None or Path(place).parent == tmp_path / "state"


def test_two_state_folders_do_not_meet(tmp_path):
    assert address(tmp_path / "a") != address(tmp_path / "b")


def test_a_second_listener_does_not_take_the_place(listener):
    # The first one answers from the queue of the operating system: it need not be in its event loop.
    other = Listener(listener._place)
    assert not other.listen()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_window_opens_what_is_handed_over_and_comes_to_the_front(window, qtbot, tmp_path):
    path = tmp_path / "map.png"
    samples.write_labels(path, np.full((40, 50), 156, np.uint8), window.document.label_set)
    window.showMinimized()
    window.desktop.on_asked(Message((path,)))
    assert not window.isMinimized()
    assert window.document.name == "map"


@posix
@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_pipe_or_device_that_is_handed_over_is_refused_and_holds_nothing(window, listener, qtbot, tmp_path, monkeypatch, kind):
    from PySide6.QtWidgets import QMessageBox

    path = tmp_path / "map.png"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: told.append(f"{box.text()} {box.informativeText()}"))
    monkeypatch.setattr(QMessageBox, "open", lambda box, *_: told.append(f"{box.text()} {box.informativeText()}"))
    listener.asked.connect(window.desktop.on_asked)
    client = send(listener, Message((path,)).encode())
    qtbot.waitUntil(lambda: bool(told))
    assert "a device, a pipe or a socket" in told[0]
    assert window.document.name == "Mountain lake"
    client.close()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_file_waits_while_a_dialog_is_open(window, qtbot, tmp_path):
    path = tmp_path / "map.png"
    samples.write_labels(path, np.full((40, 50), 156, np.uint8), window.document.label_set)
    dialog = window.desktop.show_about()
    window.desktop.on_asked(Message((path,)))
    assert window.document.name == "Mountain lake"
    dialog.reject()
    qtbot.waitUntil(lambda: window.document.name == "map")


def test_files_that_macos_hands_over_are_taken(qt_libraries):
    # There is one QApplication a process, and here it is pytest-qt's.
    done = subprocess.run([sys.executable, "-c", FILE_EVENTS], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["a.ora", "b.ora"], done.stderr


FILE_EVENTS = """
from pathlib import Path
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from spade_studio.app.startup.application import Application
application = Application(["test"])
def send(name):
    assert application.sendEvent(application, QFileOpenEvent(QUrl.fromLocalFile(str(Path.cwd() / name))))
send("a.ora")
application.inbox.take_with(lambda path: print(path.name))
send("b.ora")
"""


def _process_events() -> None:
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()
