"""A second start hands its file to the application that runs already, over a socket that only this user reaches."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from filelock import FileLock, Timeout
from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

MAX_BYTES = 64 << 10
MAX_FILES = 16
MAX_CONNECTIONS = 8
MILLISECONDS = 2000
"""An application that has not answered for so long is not waited for."""
_MAX_PATH = 4096
_MAX_TOKEN = 512
_MAX_SOCKET_PATH = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
_ANSWER = b"ok\n"


@dataclass(frozen=True)
class Message:
    """What a second start wants.

    Attributes:
        files: To open, absolute; none if the window shall only come to the front.
        token: What the desktop gave the second start for bringing a window to the front; empty for none.
    """

    files: tuple[Path, ...] = ()
    token: str = ""

    def encode(self) -> bytes:
        """Return the message as one line of JSON."""
        return json.dumps({"version": 1, "files": [str(path) for path in self.files], "token": self.token}).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Message:
        """Read a line.

        Raises:
            ValueError: It is no message of ours, or more than one start could mean.
        """
        if len(data) > MAX_BYTES:
            raise ValueError("too long")
        try:
            message: object = json.loads(data)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        if not isinstance(message, dict):
            raise ValueError("no table")
        table = cast("dict[str, object]", message)
        files, token = table.get("files"), table.get("token")
        if table.get("version") != 1 or not isinstance(files, list) or not isinstance(token, str):
            raise ValueError("not our version")
        names = cast("list[object]", files)
        if len(names) > MAX_FILES or len(token) > _MAX_TOKEN or not token.isprintable():
            raise ValueError("too much")
        paths = tuple(Path(name) for name in names if isinstance(name, str) and 0 < len(name) <= _MAX_PATH and "\0" not in name)
        if len(paths) != len(names) or not all(path.is_absolute() for path in paths):
            raise ValueError("no absolute paths")
        return cls(paths, token)


def address(state_folder: Path) -> str | None:
    """Return where the applications that share a state folder meet; None where there is no private place for it."""
    digest = hashlib.sha256(os.fsencode(state_folder.absolute())).hexdigest()[:16]
    if sys.platform == "win32":
        return f"spade-studio-{digest}"  # a named pipe, whose access is the user's
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    for folder in (Path(runtime), state_folder) if runtime else (state_folder,):
        with suppress(OSError):
            state_folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"spade-studio-{digest}.socket"
        if len(os.fsencode(path)) <= _MAX_SOCKET_PATH and _is_private(folder):
            return str(path)
    return None


def hand_over(place: str, files: Sequence[Path], token: str = "", wait: int = MILLISECONDS) -> bool:
    """Hand files to the application that listens; False where none does, or none answers in time."""
    try:
        from PySide6.QtNetwork import QLocalSocket
    except ImportError:
        return False
    if sys.platform != "win32" and not Path(place).exists():
        return False
    socket = QLocalSocket()
    socket.connectToServer(place)
    if not socket.waitForConnected(wait):
        return False
    socket.write(Message(tuple(path.absolute() for path in files), token if token.isprintable() else "").encode())
    answer = b""
    while len(answer) < len(_ANSWER) and socket.waitForReadyRead(wait):
        answer += socket.readAll().data()
    socket.close()
    return answer == _ANSWER


class Listener(QObject):
    """Listens for further starts.

    Args:
        place: As :func:`address` gives it.
        parent: Of Qt.
    """

    asked = Signal(object)  # Message

    def __init__(self, place: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._place = place
        self._server: QLocalServer | None = None
        self._waiting: dict[QLocalSocket, bytearray] = {}

    def listen(self) -> bool:
        """Begin; a socket that a process which is gone has left is taken over. False where that cannot be."""
        try:
            from PySide6.QtNetwork import QLocalServer
        except ImportError:
            return False
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.setMaxPendingConnections(MAX_CONNECTIONS)
        # Two starts at one moment: one may take a left socket for dead only while the other does not begin to listen at it.
        lock = FileLock(f"{self._place}.lock") if sys.platform != "win32" else None
        try:
            if lock is not None:
                lock.acquire(timeout=1)
            if self._is_alive():  # asked first: Qt would listen in the place of one that lives
                return False
            QLocalServer.removeServer(self._place)
            if not server.listen(self._place):
                return False
        except (Timeout, OSError):
            return False
        finally:
            if lock is not None:
                lock.release()
        server.newConnection.connect(self._on_connection)
        self._server = server
        return True

    def close(self) -> None:
        """Stop listening and leave no socket."""
        for socket in list(self._waiting):
            self._drop(socket)
        server, self._server = self._server, None
        if server is not None:
            server.close()
            server.deleteLater()

    def _is_alive(self) -> bool:
        from PySide6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        socket.connectToServer(self._place)
        alive = socket.waitForConnected(MILLISECONDS)
        socket.abort()
        return alive

    def _on_connection(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            if len(self._waiting) >= MAX_CONNECTIONS:
                socket.abort()
                socket.deleteLater()
                continue
            self._waiting[socket] = bytearray()
            socket.setReadBufferSize(MAX_BYTES + 1)
            socket.readyRead.connect(lambda socket=socket: self._on_data(socket))
            socket.disconnected.connect(lambda socket=socket: self._drop(socket))
            QTimer.singleShot(MILLISECONDS, socket, lambda socket=socket: self._drop(socket))
            self._on_data(socket)

    def _on_data(self, socket: QLocalSocket) -> None:
        held = self._waiting.get(socket)
        if held is None:
            return
        held += socket.readAll().data()
        line, end, _ = bytes(held).partition(b"\n")
        if not end and len(held) <= MAX_BYTES:
            return
        try:
            message = Message.decode(line if end else bytes(held))
        except ValueError:
            self._drop(socket)
            return
        del self._waiting[socket]
        socket.disconnected.connect(socket.deleteLater)
        socket.write(_ANSWER)
        socket.flush()
        socket.disconnectFromServer()
        self.asked.emit(message)

    def _drop(self, socket: QLocalSocket) -> None:
        if self._waiting.pop(socket, None) is not None:
            with suppress(RuntimeError):  # the server has taken its sockets along
                socket.abort()
                socket.deleteLater()


def _is_private(folder: Path) -> bool:
    """Return whether a folder is this user's alone, so that nobody else can have put a socket there."""
    try:
        state = folder.stat()
    except OSError:
        return False
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & 0o022
