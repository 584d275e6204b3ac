"""Single instance: a second start passes its files to the running application through a socket private to the user."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

MAX_BYTES = 64 << 10
MAX_FILES = 16
MAX_CONNECTIONS = 8
MILLISECONDS = 2000
"""Timeout in milliseconds for an answer of the running application."""
_MAX_PATH = 4096
_MAX_TOKEN = 512
_MAX_SOCKET_PATH = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
_ANSWER = b"ok\n"


@dataclass(frozen=True)
class Message:
    """The request of a second start.

    Attributes:
        files: Absolute paths of files to open; empty to bring the window to the front only.
        token: Desktop activation token for raising the window; empty for none.
    """

    files: tuple[Path, ...] = ()
    token: str = ""

    def encode(self) -> bytes:
        """Return the message as one line of JSON."""
        return json.dumps({"version": 1, "files": [str(path) for path in self.files], "token": self.token}).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Message:
        """Return the message encoded in one line of JSON.

        Raises:
            ValueError: The line is not a valid message or exceeds the limits.
        """
        if len(data) > MAX_BYTES:
            raise ValueError("too long")
        try:
            message: object = json.loads(data)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        match message:
            case {"version": 1, "files": list(names), "token": str(token)} if len(token) <= _MAX_TOKEN and token.isprintable():
                paths = tuple(Path(name) for name in names if isinstance(name, str) and 0 < len(name) <= _MAX_PATH and "\0" not in name)
                if len(paths) == len(names) <= MAX_FILES and all(path.is_absolute() for path in paths):
                    return cls(paths, token)
        raise ValueError("no message")


def address(state_folder: Path) -> str | None:
    """Return the socket address for a state folder; None where there is no private location for it or no QtNetwork."""
    try:
        import PySide6.QtNetwork  # noqa: F401 - pyright: ignore[reportUnusedImport]
    except ImportError:
        return None
    digest = hashlib.sha256(os.fsencode(state_folder.absolute())).hexdigest()[:16]
    if sys.platform == "win32":
        return f"spade-studio-{digest}"  # a named pipe with access for the user only
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    for folder in (Path(runtime), state_folder) if runtime else (state_folder,):
        with suppress(OSError):
            state_folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"spade-studio-{digest}.socket"
        if len(os.fsencode(path)) <= _MAX_SOCKET_PATH and _is_private(folder):
            return str(path)
    return None


def hand_over(place: str, files: Sequence[Path], token: str = "", wait: int = MILLISECONDS) -> bool:
    """Pass files to the listening application; return False where none listens or the answer times out.

    Args:
        place: Socket address, as :func:`address` returns it.
        files: Files to open.
        token: Desktop activation token; empty for none.
        wait: Timeout in milliseconds.
    """
    if sys.platform != "win32" and not Path(place).exists():
        return False
    socket = _connected(place, wait)
    if socket is None:
        return False
    socket.write(Message(tuple(path.absolute() for path in files), token if token.isprintable() else "").encode())
    while socket.bytesAvailable() < len(_ANSWER) and socket.waitForReadyRead(wait):
        pass
    return socket.readAll().data() == _ANSWER


class Listener(QObject):
    """Listens for further starts.

    Args:
        place: Socket address, as :func:`address` returns it.
        parent: Qt parent.
    """

    asked = Signal(object)  # Message

    def __init__(self, place: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._place = place
        self._server: QLocalServer | None = None
        self._waiting: set[QLocalSocket] = set()

    def listen(self) -> bool:
        """Start listening, replacing the stale socket of an ended process; return False on failure."""
        from PySide6.QtNetwork import QLocalServer

        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.setMaxPendingConnections(MAX_CONNECTIONS)
        server.newConnection.connect(self._on_connection)
        # With two simultaneous starts, one must not remove a stale socket while the other begins to listen at it.
        lock = nullcontext() if sys.platform == "win32" else FileLock(f"{self._place}.lock", timeout=1)
        with suppress(Timeout, OSError), lock:
            if _connected(self._place, MILLISECONDS) is None:  # checked first, since Qt would replace the socket of a running instance
                QLocalServer.removeServer(self._place)
                if server.listen(self._place):
                    self._server = server
                    return True
        return False

    def close(self) -> None:
        """Stop listening and remove the socket."""
        for socket in list(self._waiting):
            socket.abort()
        server, self._server = self._server, None
        if server is not None:
            server.close()
            server.deleteLater()

    def _on_connection(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            if len(self._waiting) >= MAX_CONNECTIONS:
                socket.abort()
                continue
            self._waiting.add(socket)
            socket.setReadBufferSize(MAX_BYTES + 1)
            socket.readyRead.connect(partial(self._on_data, socket))
            socket.disconnected.connect(partial(self._waiting.discard, socket))
            QTimer.singleShot(MILLISECONDS, socket, socket.abort)
            self._on_data(socket)

    def _on_data(self, socket: QLocalSocket) -> None:
        if socket not in self._waiting or not (socket.canReadLine() or socket.bytesAvailable() > MAX_BYTES):
            return
        self._waiting.discard(socket)
        try:
            message = Message.decode(bytes(socket.readLine(MAX_BYTES + 1).data()))
        except ValueError:
            socket.abort()
            return
        socket.write(_ANSWER)
        socket.flush()
        socket.disconnectFromServer()
        self.asked.emit(message)


def _connected(place: str, wait: int) -> QLocalSocket | None:
    """Return a connection to the listening application; None where none listens."""
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(place)
    return socket if socket.waitForConnected(wait) else None


def _is_private(folder: Path) -> bool:
    """Return whether only this user can access a folder, so that no other user can have placed a socket there."""
    try:
        state = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o022
