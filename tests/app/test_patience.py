from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtWidgets import QApplication, QDialog, QMessageBox


def test_a_dialog_that_nobody_answers_is_given_up_and_named(qapp: QApplication, no_dialog_waits_for_ever: Any) -> None:
    no_dialog_waits_for_ever.milliseconds = 0
    dialog = QDialog()
    dialog.setWindowTitle("Hung")
    assert dialog.exec() == QDialog.DialogCode.Rejected
    QMessageBox(QMessageBox.Icon.Question, "Asked", "?").exec()
    assert no_dialog_waits_for_ever.given_up == ["QDialog 'Hung'", "QMessageBox 'Asked'"]
    no_dialog_waits_for_ever.given_up.clear()  # or this test would fail
