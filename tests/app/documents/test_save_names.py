"""Names as people type them in save dialogs, and what stays beside a saved document."""

from __future__ import annotations

import stat
import sys

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox


@pytest.mark.parametrize("name", ["St. Moritz", "lake v1.5 final", "Lake 2.1"])
def test_only_known_suffixes_count(window, tmp_path, monkeypatch, name):
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(folder / name), ""))
    assert window.files.save_as()
    assert window.files.export_ids()
    assert sorted(path.name for path in folder.iterdir()) == sorted([f"{name}.ora", f"{name}.png"])


def test_a_name_that_is_too_long_is_said(window, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(folder / ("n" * 252)), ""))
    for save in (window.files.save_as, window.files.export_ids):
        assert not save()
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "name too long" in box.informativeText()
        box.button(QMessageBox.StandardButton.Ok).click()
    assert not list(folder.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_the_version_before_stays_and_permissions_too(window, tmp_path):
    path = tmp_path / "lake.ora"
    assert window.files.save_path(path)
    first = path.read_bytes()
    path.chmod(0o600)
    window.document.replace(window.document.labels.copy(), "other")
    assert window.files.save_path(path)
    assert (tmp_path / "lake.ora~").read_bytes() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
