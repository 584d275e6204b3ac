"""Dialog for restoring, discarding or postponing documents that a crash left behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QPushButton, QWidget

from spade_studio.app.documents import archive
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.documents.sessions import LeftDocument
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.plain import PlainLabel, plain_tip

_SIDE = 96
_ROWS_SHOWN = 3


class Restored(Enum):
    """Outcome of restoring a drawing."""

    NO = "no"
    YES = "yes"
    IN_MEMORY = "in memory"  # open, but not autosaved again: the recovered copy stays


class RecoveryDialog(QDialog):
    """List of drawings with thumbnails; closing the dialog keeps the remaining ones for the next start.

    Args:
        left: Recovered drawings, at least one.
        restore: Callback that opens a drawing and returns the outcome.
        parent: Parent window.
    """

    def __init__(self, left: Sequence[LeftDocument], restore: Callable[[LeftDocument], Restored], parent: QWidget) -> None:
        super().__init__(parent)
        self._left = list(left)
        self._restore_one = restore
        self.setWindowTitle(self.tr("Unsaved drawings"))
        one = len(left) == 1
        heading = PlainLabel(self.tr("SPADE Studio was not closed properly"), role="heading")
        text = PlainLabel(
            (self.tr("This drawing was not saved then.") if one else self.tr("These drawings were not saved then."))
            + " "
            + self.tr("Restoring opens a drawing with its changes still to be saved; its file is not touched.")
        )
        text.setWordWrap(True)
        self.list = named(QListWidget(), self.tr("Unsaved drawings"))
        self.list.setIconSize(QSize(_SIDE, _SIDE))
        self.list.setSpacing(4)
        self.list.setFixedHeight(min(len(left), _ROWS_SHOWN) * (_SIDE + 20) + 12)
        for document in self._left:
            self.list.addItem(_item(document))
        self.list.setCurrentRow(0)
        self.list.itemDoubleClicked.connect(lambda _item: self._restore())
        self.later = named(QPushButton(self.tr("&Later")), tip=self.tr("Keep it and ask again at the next start"))
        self.discard = named(QPushButton(self.tr("&Discard")), tip=self.tr("Delete the selected drawing for good"))
        self.restore = QPushButton(self.tr("&Restore"))
        self.restore.setDefault(True)
        self.later.clicked.connect(self.reject)
        self.discard.clicked.connect(self._discard)
        self.restore.clicked.connect(self._restore)
        buttons = row(spacing=8)
        buttons.addWidget(self.later)
        buttons.addStretch(1)
        buttons.addWidget(self.discard)
        buttons.addWidget(self.restore)
        layout = column(self, spacing=10, margins=(18, 16, 18, 16))
        layout.addWidget(heading)
        layout.addWidget(text)
        layout.addWidget(self.list)
        layout.addLayout(buttons)
        self.setMinimumWidth(480)
        self.finished.connect(self._release)
        self.restore.setFocus()

    def _restore(self) -> None:
        number = self.list.currentRow()
        restored = self._restore_one(self._left[number])
        if restored is Restored.YES:
            self._take(number).discard()
        if restored is not Restored.NO:
            self.accept()

    def _discard(self) -> None:
        self._take(self.list.currentRow()).discard()
        if not self._left:
            self.accept()

    def _take(self, number: int) -> LeftDocument:
        self.list.takeItem(number)
        return self._left.pop(number)

    def _release(self) -> None:
        while self._left:
            self._left.pop().release()


def _item(document: LeftDocument) -> QListWidgetItem:
    when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(document.saved_at)), QLocale.FormatType.ShortFormat)
    place = (
        QCoreApplication.translate("RecoveryDialog", "from {origin}").format(origin=document.origin)
        if document.origin
        else QCoreApplication.translate("RecoveryDialog", "never saved to a file")
    )
    item = QListWidgetItem(_thumbnail(document), f"{document.name}\n{when}\n{place}")
    item.setToolTip(plain_tip(str(document.origin or "")))
    item.setSizeHint(QSize(0, _SIDE + 12))
    return item


def _thumbnail(document: LeftDocument) -> QIcon:
    square = QPixmap(_SIDE, _SIDE)
    square.fill(Qt.GlobalColor.transparent)
    try:
        image = to_image(archive.load_thumbnail(document.path))
    except DocumentError:
        return QIcon(square)
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # otherwise the style would tint the thumbnail of the selected row
        icon.addPixmap(QPixmap.fromImage(image), mode)
    return icon
