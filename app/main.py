"""Starts the application: arguments, missing system libraries, another one that runs already, look, window, event loop."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from spade_studio.app.startup.system_libraries import explain_missing, missing_libraries

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from spade_studio.app.shell.main_window import MainWindow
    from spade_studio.app.startup.application import Application
    from spade_studio.app.startup.crash import Failure
    from spade_studio.app.ui.settings import Settings

# A thread that computes in Python gives the lock to the window after this time; at Python's 5 ms the window would stutter while torch
# is imported, since it takes the lock several times for every event.
_SWITCH_SECONDS = 0.001


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the application, and return the exit code."""
    options = parse(arguments)
    if missing := missing_libraries():
        print(explain_missing(missing), file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return 1
    application, settings = start_qt()

    from spade_studio.app.startup import single_instance

    place = None if options.new_instance or _wants_its_own(options) else single_instance.address(settings.state_folder)
    token = os.environ.pop("XDG_ACTIVATION_TOKEN", "")
    if place is not None and single_instance.hand_over(place, [options.file] if options.file else [], token):
        return 0
    return run(application, settings, options, place)


def run(application: Application, settings: Settings, options: argparse.Namespace, place: str | None) -> int:
    """Show the window until it is closed.

    Args:
        application: As :func:`start_qt` makes it.
        settings: Likewise.
        options: The command line.
        place: Where to listen for further starts, or None.
    """
    from spade_studio.app.startup import crash, log
    from spade_studio.app.startup.quit_signals import QuitSignals
    from spade_studio.app.startup.single_instance import Listener

    log.start(settings.state_folder / "log")
    log.log_qt_messages()
    logging.getLogger(__name__).info("SPADE Studio %s starts", version())
    failures: list[crash.Failure] = []
    crash.install(failures.append, crash.Reports(settings.state_folder / "reports"))  # until there is a window to tell it
    try:
        window = make_window(application, settings, options)
    except Exception:  # noqa: BLE001 - whatever it is has to reach the person
        sys.excepthook(*sys.exc_info())  # pyright: ignore[reportArgumentType] - there is an exception
        _tell_failed_start(failures[-1])
        log.stop()
        return 1
    desktop = window.desktop
    crash.install(desktop.tell_failure, desktop.reports)
    listener = Listener(place, application) if place else None
    if listener is not None and listener.listen():
        listener.asked.connect(desktop.on_asked)
    signals = QuitSignals(application)
    signals.asked.connect(desktop.leave)
    application.commitDataRequest.connect(desktop.keep_aside)
    window.show()
    desktop.greet(options.file)
    desktop.reports.watch_native()
    application.inbox.take_with(lambda path: desktop.open_later((path,)))
    code = application.exec()
    signals.close()
    if listener is not None:
        listener.close()
    desktop.reports.end()
    logging.getLogger(__name__).info("it ends")
    log.stop()
    return code


def _tell_failed_start(failure: Failure) -> None:
    """Say why there is no window, and wait until it was read: who started the program from a menu sees no terminal."""
    from PySide6.QtCore import QCoreApplication
    from PySide6.QtWidgets import QMessageBox

    from spade_studio.app.ui.plain import message_box

    headline = QCoreApplication.translate("Main", "SPADE Studio could not start")
    lines = [failure.line]
    if failure.report is not None:
        lines.append(QCoreApplication.translate("Main", "A report was saved on this computer: {path}").format(path=failure.report))
    message_box(None, headline, "\n\n".join(lines), QMessageBox.Icon.Critical, QMessageBox.StandardButton.Ok).exec()


def build(options: argparse.Namespace) -> tuple[QApplication, MainWindow]:
    """Make the application and its window, which is not shown yet; no other start is heard or asked."""
    application, settings = start_qt()
    return application, make_window(application, settings, options)


def start_qt() -> tuple[Application, Settings]:
    """Make the Qt application, in its language, and read the settings."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication

    from spade_studio.app.startup import translations
    from spade_studio.app.startup.application import Application
    from spade_studio.app.ui import icons
    from spade_studio.app.ui.settings import APPLICATION, Settings

    sys.setswitchinterval(_SWITCH_SECONDS)
    if sys.platform == "win32":  # else the task bar groups and draws the window as Python's
        import ctypes

        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID("SPADEStudio.SPADEStudio")
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = Application(["spade-studio"])
    application.setApplicationName(APPLICATION)
    application.setApplicationVersion(version())
    application.setDesktopFileName(APPLICATION)
    application.setWindowIcon(icons.application_icon())
    settings = Settings()
    translations.install(application, settings.language)
    return application, settings


def make_window(application: QApplication, settings: Settings, options: argparse.Namespace) -> MainWindow:
    """Make the window, which is not shown yet."""
    from spade_studio.app.rendering.loading import peek_channels, renderer_loader, starting_options
    from spade_studio.app.shell.main_window import MainWindow
    from spade_studio.app.ui.theme import Theme

    theme = Theme(application, settings.appearance)
    weights = starting_options(options.weights, options.device, options.dtype, settings)
    window = MainWindow(settings, theme, renderer_loader(weights), peek_channels(weights), version(), weights)
    window.resize(window.size().boundedTo(window.screen().availableSize()))
    return window


def _wants_its_own(options: argparse.Namespace) -> bool:
    """Return whether options concern the renderer, which the application that runs already has chosen otherwise."""
    return bool(options.weights or options.device or options.dtype)


def version() -> str:
    """Return the installed version."""
    return metadata.version("spade-studio")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *unused: object) -> NoReturn:
        from spade_studio.app.rendering.loading import devices

        lines = (
            f"SPADE Studio {version()}",
            f"Python {platform.python_version()}, {platform.platform()}",
            f"torch {metadata.version('torch')}",
            f"Qt {metadata.version('pyside6-essentials')} (PySide6)",
            f"devices: {', '.join(devices())}",
        )
        sys.stdout.write("\n".join(lines) + "\n")
        parser.exit()


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="spade-studio", description="Paint a layout of labels and watch it become a photograph.")
    parser.add_argument("file", nargs="?", type=Path, help="a document (.ora) or label map (PNG) to open")
    parser.add_argument("--weights", type=Path, metavar="PATH", help="weights to render with: a bundle, a published folder or a .pth file")
    parser.add_argument("--device", help="auto, cpu, cuda, cuda:N or mps (default: as chosen last)")
    parser.add_argument("--dtype", help="auto, float32, bfloat16 or float16 (default: as chosen last)")
    parser.add_argument(
        "--new-instance", action="store_true", help="open a window of its own even if one is open (as --weights, --device and --dtype do)"
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the versions of the program and its parts, and the devices")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
