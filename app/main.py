"""Starts the application: arguments, missing system libraries, look, window, event loop.

Nothing of Qt is imported before it is known that Qt can load, and nothing of torch at all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from spade_studio.app.loading import LoadOptions
from spade_studio.app.system_libraries import explain_missing, missing_libraries
from spade_studio.app.training.tools import run_asked_tool

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from spade_studio.app.main_window import MainWindow

# A thread that computes in Python gives the lock to the window after this time; at Python's 5 ms the window would stutter while torch
# is imported, since it takes the lock several times for every event.
_SWITCH_SECONDS = 0.001


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the application, or the tool that it is asked for in its stead, and return the exit code."""
    if (code := run_asked_tool(sys.argv[1:] if arguments is None else arguments)) is not None:
        return code
    options = parse(arguments)
    if missing := missing_libraries():
        print(explain_missing(missing), file=sys.stderr)  # noqa: T201
        return 1
    application, window = build(options)
    window.show()
    if options.file:
        window.files.open_path(options.file)
    window.documents.offer_recovery()
    return application.exec()


def build(options: argparse.Namespace) -> tuple[QApplication, MainWindow]:
    """Make the application and its window, which is not shown yet."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication

    from spade_studio.app import crash, icons
    from spade_studio.app.loading import peek_channels, renderer_loader
    from spade_studio.app.main_window import MainWindow
    from spade_studio.app.settings import APPLICATION, Settings
    from spade_studio.app.theme import Theme

    sys.setswitchinterval(_SWITCH_SECONDS)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication(["spade-studio"])
    application.setApplicationName(APPLICATION)
    application.setApplicationVersion(version())
    application.setDesktopFileName(APPLICATION)
    application.setWindowIcon(icons.application_icon())
    settings = Settings()
    theme = Theme(application, settings.appearance)
    weights = LoadOptions(options.weights, options.device, options.dtype)
    window = MainWindow(settings, theme, renderer_loader(weights), peek_channels(weights), version())
    crash.install(window.show_internal_error)
    return application, window


def version() -> str:
    """Return the installed version."""
    return metadata.version("spade-studio")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="spade-studio", description="Paint a layout of labels and watch it become a photograph.")
    parser.add_argument("file", nargs="?", type=Path, help="a document (.ora) or label map (PNG) to open")
    parser.add_argument("--weights", type=Path, metavar="PATH", help="weights to render with: a bundle, a published folder or a .pth file")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    parser.add_argument("--dtype", default="auto", help="auto, float32, bfloat16 or float16 (default: auto)")
    parser.add_argument("--version", action="version", version=f"SPADE Studio {version()}")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
