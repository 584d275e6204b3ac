"""The window of these tests has real tiny weights."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from spade_studio.app.shell.main_window import MainWindow


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Qt's offscreen platform says so whenever a window is brought to the front; real platforms do not.
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)"))


@pytest.fixture
def window(tiny_window: MainWindow) -> MainWindow:
    return tiny_window


@pytest.fixture
def export(window, tmp_path):
    window.commands["export_batch"].trigger()
    export = window.batch.export
    assert export is not None
    export.form.folder_field.setText(str(tmp_path / "out"))
    return export
