"""Frame writers for MP4 files and numbered PNGs, which put only complete output at its final path."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from spade_studio.app.ui.plain import counted
from spade_studio.engine.errors import EngineError
from spade_studio.engine.pictures.picture_files import write_picture

Frame = NDArray[np.uint8]


class VideoError(EngineError):
    """A video could not be written."""


class FrameWriter(Protocol):
    """Writer of RGB frames, uint8 ``[h, w, 3]``, all of one size."""

    def write(self, frame: Frame) -> None:
        """Write the next frame."""
        ...

    def finish(self) -> Path:
        """Move the complete output to its final path and return that path."""
        ...

    def discard(self) -> None:
        """Delete all incomplete output."""
        ...


class Mp4Writer:
    """Writes a temporary MP4 (MPEG-4 part 2, included in OpenCV builds), and moves it to its path once it can be read back.

    Args:
        path: Output file.
        fps: Frame rate in frames per second.

    Raises:
        VideoError: OpenCV cannot write the file, detected at the first frame.
    """

    def __init__(self, path: Path, fps: int) -> None:
        self._path, self._fps = path, fps
        self._temporary = path.parent / f".{secrets.token_hex(8)}.mp4"
        self._writer: Any = None
        self._frames = 0

    def write(self, frame: Frame) -> None:
        """Write the next frame.

        Raises:
            VideoError: OpenCV cannot write MP4 files, or not to this folder.
        """
        try:
            import cv2
        except ImportError as error:
            raise VideoError(QCoreApplication.translate("Video", "OpenCV writes no MP4 here")) from error

        if self._writer is None:
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._temporary), code, self._fps, (frame.shape[1], frame.shape[0]))
            if not self._writer.isOpened():
                self.discard()
                raise VideoError(QCoreApplication.translate("Video", "OpenCV writes no MP4 here"))
        self._writer.write(np.ascontiguousarray(frame[..., ::-1]))
        self._frames += 1

    def finish(self) -> Path:
        """Verify that the video can be read back, move it to its path and return the path.

        Raises:
            VideoError: The video is unreadable or incomplete, such as on a full disk.
            OSError: The file cannot be moved.
        """
        import cv2

        self._writer.release()
        self._writer = None
        reader = cv2.VideoCapture(str(self._temporary))
        try:
            there = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
            is_readable = reader.isOpened() and reader.read()[0]
        finally:
            reader.release()
        if not is_readable or there != self._frames:
            self.discard()
            found = counted("Video", "{there} of %Ln frame(s) came back from the video", self._frames).format(there=there)
            raise VideoError(found, "", QCoreApplication.translate("Video", "The disk may be full; numbered frames may still work"))
        with self._temporary.open("rb+") as file:
            os.fsync(file.fileno())
        self._temporary.replace(self._path)
        return self._path

    def discard(self) -> None:
        """Delete all incomplete output."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)


class FramesWriter:
    """Writes numbered PNGs into a temporary folder that is renamed when complete.

    Args:
        path: Output folder; a number is appended if it exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.parent / f".{secrets.token_hex(8)}.frames"
        self._frames = 0

    def write(self, frame: Frame) -> None:
        """Write the next frame.

        Raises:
            OSError: The frame cannot be written.
        """
        self._temporary.mkdir(exist_ok=True)
        write_picture(self._temporary / f"frame_{self._frames:05}.png", frame, "png")
        self._frames += 1

    def finish(self) -> Path:
        """Rename the folder to its final path and return that path.

        Raises:
            OSError: The folder cannot be renamed.
        """
        target, number = self._path, 1
        while target.exists():
            number += 1
            target = self._path.with_name(f"{self._path.name}_{number}")
        return self._temporary.rename(target)

    def discard(self) -> None:
        """Delete all incomplete output."""
        shutil.rmtree(self._temporary, ignore_errors=True)
