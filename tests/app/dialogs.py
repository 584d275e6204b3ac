"""Opens every dialog and every side window of the application, as its commands do."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtWidgets import QApplication, QDialog, QWidget

import spade_studio.app
from spade_studio.app.canvas.extend_dialog import ExtendDialog
from spade_studio.app.canvas.new_dialog import NewDialog
from spade_studio.app.canvas.replace_dialog import ReplaceDialog
from spade_studio.app.canvas.size_dialog import SizeDialog
from spade_studio.app.documents.cutout_dialog import CutoutDialog
from spade_studio.app.documents.import_dialog import ImportDialog
from spade_studio.app.documents.recovery_dialog import RecoveryDialog, Restored
from spade_studio.app.documents.sessions import Session, left_documents
from spade_studio.app.export.order import PaintedLayout
from spade_studio.app.export.picture_dialog import PictureDialog
from spade_studio.app.export.window import ExportWindow
from spade_studio.app.help.about import AboutDialog
from spade_studio.app.help.gallery import SampleGallery
from spade_studio.app.help.guide import GuideWindow
from spade_studio.app.help.report_dialog import ReportDialog
from spade_studio.app.model.state import DocumentState
from spade_studio.app.palette.switch_dialog import SwitchDialog
from spade_studio.app.preferences.dialog import PreferencesDialog
from spade_studio.app.rendering.size_question import SizeQuestion
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.shortcuts.dialog import ShortcutsDialog
from spade_studio.app.training.window import TrainingWindow
from spade_studio.app.ui.side_window import SideWindow
from spade_studio.app.variations.sheet_renderer import SheetLayout
from spade_studio.app.variations.window import VariationsWindow
from spade_studio.app.video.window import VideoWindow
from spade_studio.app.weights.window import WeightsWindow
from spade_studio.engine.labels import LabelSet, load_label_set
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import readings


def classes() -> set[type[QWidget]]:
    """Return the classes of all dialogs and side windows of the application."""
    for module in pkgutil.walk_packages(spade_studio.app.__path__, "spade_studio.app."):
        importlib.import_module(module.name)
    found: set[type[QWidget]] = set()
    left: list[type[QWidget]] = [QDialog, SideWindow]
    while left:
        one = left.pop()
        left += one.__subclasses__()
        if one.__module__.startswith("spade_studio.app.") and one is not SideWindow:
            found.add(one)
    return found


def openers(window: MainWindow, folder: Path, painted: tuple[PaintedLayout, LabelSet]) -> dict[type[QWidget], Callable[[], object]]:
    """Return what opens each of them; a picture of the layout is shown already.

    Args:
        window: The main window.
        folder: An empty one.
        painted: The layout, for the windows that styles of a sheet are handed to.
    """
    coco, document = load_label_set("coco_stuff"), window.document

    def recover() -> object:
        session = Session(folder / "unsaved")
        session.save(DocumentState(np.full((90, 120), 156, np.uint8), coco, "Lake", style={"seed": 3}), folder / "lake.ora")
        session._lock.release()
        dialog = RecoveryDialog(left_documents(folder / "unsaved"), lambda _left: Restored.NO, window)
        dialog.open()
        return dialog

    def cut_out() -> object:
        dialog = CutoutDialog(window.files.connection.capture(), window)
        dialog.open()
        return dialog

    def read_map() -> object:
        colors = np.array([[(70, 130, 180), (1, 2, 3)]], np.uint8).repeat(16, 0).repeat(24, 1)
        Image.fromarray(colors).save(folder / "map.png")
        dialog = ImportDialog("map.png", readings(read_label_picture(folder / "map.png"), document.label_set), document.label_set, window)
        dialog.open()
        return dialog

    def film() -> object:
        window.batch._film_styles([4, 5], SheetLayout(*painted, document.revision))
        return window.batch.video

    painting, desktop = window.painting, window.desktop
    return {
        NewDialog: painting.ask_new,
        SizeDialog: painting.ask_resize,
        ExtendDialog: painting.ask_extend,
        ReplaceDialog: painting.ask_replace,
        SwitchDialog: lambda: window.palette_work.ask_switch(load_label_set("cityscapes")),
        CutoutDialog: cut_out,
        ImportDialog: read_map,
        RecoveryDialog: recover,
        PictureDialog: window.delivery.ask,
        AboutDialog: desktop.show_about,
        SampleGallery: desktop.ask_sample,
        ReportDialog: desktop.show_reports,
        PreferencesDialog: desktop.ask_preferences,
        ShortcutsDialog: desktop.ask_shortcuts,
        SizeQuestion: window.rendering.ask_size,
        GuideWindow: desktop.show_guide,
        ExportWindow: window.batch.open_export,
        VariationsWindow: window.batch.open_sheet,
        VideoWindow: film,
        TrainingWindow: window.training.open,
        WeightsWindow: window.weights.open,
    }


def opened(kind: type[QWidget]) -> QWidget:
    """Return the dialog or window of a class that is open."""
    return next(widget for widget in QApplication.topLevelWidgets() if type(widget) is kind and widget.isVisible())
