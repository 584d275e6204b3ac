"""Renders the screenshots of the painting guide from the running program: python packaging/make_guide.py"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QWidget

from spade_studio.app.canvas.gestures import Freehand, Paint
from spade_studio.app.canvas.new_dialog import NewDialog
from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.model.raster import Nib
from spade_studio.app.rendering.loading import LoadOptions, peek_channels, renderer_loader
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.startup import translations
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.theme import Theme
from spade_studio.engine.weights import default_weights_path

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "guide"
WIDTH = 640
SKY, ROCK, TREE, GRASS = 156, 134, 168, 123


def wait(application: QApplication, happened: Callable[[], bool]) -> None:
    """Process events until a condition holds, and briefly afterwards."""
    end = time.monotonic() + 120
    while not happened():
        application.processEvents()
        if time.monotonic() > end:
            raise TimeoutError("the picture did not come")
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        application.processEvents()


def save(widget: QWidget, name: str, rect: QRect | None = None) -> None:
    """Save a screenshot of a widget, or of a part of it, scaled down to page width."""
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        pixmap = widget.grab() if rect is None else widget.grab(rect)
        pixmap.save(str(shot))
        with Image.open(shot) as image:
            picture = image.convert("RGB")
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
    picture.quantize(192, Image.Quantize.MEDIANCUT).save(FOLDER / name, optimize=True)


def main() -> None:
    """Operate the window and save all screenshots."""
    application = QApplication([])
    translations.install(application, "en")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "settings.ini")
        options = LoadOptions(default_weights_path(), "cpu", "float32")
        window = MainWindow(settings, Theme(application, "dark"), renderer_loader(options), peek_channels(options))
        window.resize(1280, 720)
        window.show()
        wait(application, lambda: window.live.is_up_to_date and not window.render_panel.view.image.isNull())
        save(window, "window.png")
        strip = window.styles.strip_dock
        save(window, "styles.png", QRect(strip.x() - 330, strip.y(), 330 + strip.width(), strip.height()))

        window.toolbox.kind = ToolKind.SELECT
        window.toolbox.set_options(select_touching=True)
        window.toolbox.selecting.take_at(85, 58)
        window.toolbox.selecting.transform(lambda place: place.moved(60, -8).turned(-8), "move selection")
        wait(application, lambda: window.live.is_up_to_date)
        save(window.canvas, "select.png", window.canvas.viewport.picture_rect.toRect())
        window.toolbox.cancel()

        window.painting.ask_new()
        dialog = window.findChild(NewDialog)
        assert dialog is not None
        wait(application, dialog.isVisible)
        save(dialog, "new.png")
        dialog.reject()

        window.document.undo_stack.setClean()
        window.files.new((400, 512))
        for place, (nib, label) in enumerate(((Nib.TREES, TREE), (Nib.ROCK, ROCK), (Nib.CLOUD, SKY), (Nib.GRASS, GRASS))):
            start = 40.0, 55.0 + 97 * place
            hand = Freehand(window.document, Paint("brush", label, 84, nib), start, start)
            for x in range(52, 474, 12):
                hand.move((float(x), start[1]))
            hand.commit()
        wait(application, lambda: window.live.is_up_to_date)
        save(window.canvas, "brushes.png", window.canvas.viewport.picture_rect.toRect())
        window.document.undo_stack.setClean()
        window.close()


if __name__ == "__main__":
    main()
