"""The system libraries that Qt needs on Linux and their packages; standard library only, since it runs before Qt is imported."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MissingLibrary:
    """A library that the dynamic loader does not find, with its Debian (Ubuntu) and Fedora packages."""

    library: str
    debian: str
    fedora: str


# What PySide6's QtGui, QtWidgets and every platform plugin link to (readelf -d on the wheels) and a minimal system lacks.
_ALWAYS = (
    MissingLibrary("libEGL.so.1", "libegl1", "libglvnd-egl"),
    MissingLibrary("libGL.so.1", "libgl1", "libglvnd-glx"),
    MissingLibrary("libX11.so.6", "libx11-6", "libX11"),
    MissingLibrary("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
    MissingLibrary("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    MissingLibrary("libfreetype.so.6", "libfreetype6", "freetype"),
    MissingLibrary("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    MissingLibrary("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
    MissingLibrary("libgthread-2.0.so.0", "libglib2.0-0", "glib2"),
)
_PLATFORMS = {
    "xcb": (
        MissingLibrary("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb"),
        MissingLibrary("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
        MissingLibrary("libxcb.so.1", "libxcb1", "libxcb"),
        MissingLibrary("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
        MissingLibrary("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
        MissingLibrary("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
        MissingLibrary("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
        MissingLibrary("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
        MissingLibrary("libxcb-render.so.0", "libxcb-render0", "libxcb"),
        MissingLibrary("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
        MissingLibrary("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
        MissingLibrary("libxcb-shm.so.0", "libxcb-shm0", "libxcb"),
        MissingLibrary("libxcb-sync.so.1", "libxcb-sync1", "libxcb"),
        MissingLibrary("libxcb-util.so.1", "libxcb-util1", "xcb-util"),
        MissingLibrary("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb"),
        MissingLibrary("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
    ),
    "wayland": (
        MissingLibrary("libwayland-client.so.0", "libwayland-client0", "libwayland-client"),
        MissingLibrary("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor"),
    ),
}


def qt_platform(environment: Mapping[str, str]) -> str:
    """Return the platform plugin that Qt tries first: that of QT_QPA_PLATFORM, else ``wayland`` or ``xcb`` depending on the session."""
    chosen = environment.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    return chosen or ("wayland" if environment.get("WAYLAND_DISPLAY") else "xcb")


def needed_libraries(platform: str) -> tuple[MissingLibrary, ...]:
    """Return all libraries that Qt needs for a platform plugin (``xcb``, ``wayland``, ``offscreen`` ...)."""
    return _ALWAYS + _PLATFORMS.get(platform.partition("-")[0], ())


def missing_libraries(platform: str | None = None) -> list[MissingLibrary]:
    """Return the needed libraries that the loader does not find; always empty outside Linux, where Qt's wheels contain them.

    Args:
        platform: A Qt platform plugin; None for the one that Qt tries first in this environment.
    """
    if not sys.platform.startswith("linux"):
        return []
    return [library for library in needed_libraries(platform or qt_platform(os.environ)) if not _can_load(library.library)]


def explain_missing(missing: Iterable[MissingLibrary]) -> str:
    """Return a message with the names of the libraries and the commands that install them."""
    missing = list(missing)
    names, debian, fedora = (
        list(dict.fromkeys(getattr(library, field) for library in missing)) for field in ("library", "debian", "fedora")
    )
    return (
        f"Qt needs system libraries that are missing: {', '.join(names)}.\n"
        f"  Debian, Ubuntu:  sudo apt install {' '.join(debian)}\n"
        f"  Fedora:          sudo dnf install {' '.join(fedora)}"
    )


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    # For shell scripts such as .ci/run: the Debian packages of the missing libraries.
    print(" ".join(dict.fromkeys(library.debian for library in missing_libraries(sys.argv[1] if len(sys.argv) > 1 else None))))  # noqa: T201
