"""The about dialog: version, licence, licences of third-party packages, and the weights' terms of use."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QSplitter,
    QTabWidget,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from spade_studio.app.help import licences
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel, plain_tip

_ICON = 64


class AboutDialog(QDialog):
    """A dialog of four pages; long ones are filled when first shown."""

    def __init__(self, version: str, icon: QIcon, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About SPADE Studio"))
        picture = PlainLabel()
        picture.setPixmap(icon.pixmap(QSize(_ICON, _ICON), self.devicePixelRatioF()))
        name = PlainLabel("SPADE Studio")
        font = name.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setBold(True)
        name.setFont(font)
        text = PlainLabel(self.tr("Version {version}\nPaint photographs from semantic layouts.").format(version=version))
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        titles = column(spacing=4)
        titles.addWidget(name)
        titles.addWidget(text)
        head = row(spacing=16)
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(titles, 1)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.own = _plain(self.tr("Licence"))
        self.parts = PartsPage()
        self.weights = named(QTextBrowser(), self.tr("Model card of the weights"))
        self.weights.setOpenExternalLinks(True)
        self.tabs.addTab(self._summary(), self.tr("&Summary"))
        self.tabs.addTab(self.own, self.tr("&Licence"))
        self.tabs.addTab(self.parts, self.tr("&Third parties"))
        self.tabs.addTab(self.weights, self.tr("&Weights"))
        self.tabs.currentChanged.connect(self._fill)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        whole = column(self, spacing=12, margins=(18, 18, 18, 14))
        whole.addLayout(head)
        whole.addWidget(self.tabs, 1)
        whole.addWidget(buttons)
        self.resize(680, 520)

    def _summary(self) -> QLabel:
        label = PlainLabel(
            self.tr(
                "The network is that of “Semantic Image Synthesis with Spatially-Adaptive Normalization” (Park, Liu, Wang, Zhu, CVPR"
                " 2019), also known as GauGAN, written anew from the paper.\n\n"
                "The program is free software under the Apache License 2.0. Qt is used under the LGPL 3 by way of PySide6; the icons are"
                " Material Design Icons (Apache License 2.0) by way of QtAwesome.\n\n"
                "The weights that come with it were trained on photographs without a clear licence: they are for development and"
                " personal use, not for products. The page Weights says more."
            )
        )
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setMargin(14)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _fill(self) -> None:
        page = self.tabs.currentWidget()
        if page is self.own and not self.own.toPlainText():
            self.own.setPlainText(licences.own_licence())
        elif page is self.parts:
            self.parts.fill()
        elif page is self.weights and self.weights.document().isEmpty():
            self.weights.setMarkdown(licences.model_card())


class PartsPage(QWidget):
    """A list of packages on the left, the licence text of the selected one on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[licences.Part] = []
        self.list = named(QTreeWidget(), self.tr("Packages"))
        self.list.setHeaderLabels([self.tr("Package"), self.tr("Licence")])
        self.list.setRootIsDecorated(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.text = _plain(self.tr("Text of the licence"))
        splitter = QSplitter()
        splitter.setObjectName("plain")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.list)
        splitter.addWidget(self.text)
        splitter.setSizes([320, 320])
        column(self, margins=(0, 10, 0, 0)).addWidget(splitter)
        self.list.currentItemChanged.connect(self._show_text)

    def fill(self) -> None:
        """List the packages at the first call; later calls do nothing."""
        if self._parts:
            return
        self._parts = licences.parts()
        for part in self._parts:
            item = QTreeWidgetItem(self.list, [f"{part.name} {part.version}", part.licence])
            item.setToolTip(1, plain_tip(part.licence))
        if (first := self.list.topLevelItem(0)) is not None:
            self.list.setCurrentItem(first)

    def _show_text(self) -> None:
        item = self.list.currentItem()
        if item is not None and (index := self.list.indexOfTopLevelItem(item)) >= 0:
            part = self._parts[index]
            none = QCoreApplication.translate("PartsPage", "{name} comes without a text. Its licence: {licence}.")
            self.text.setPlainText(part.text() or none.format(name=part.name, licence=part.licence))


def _plain(name: str) -> QPlainTextEdit:
    text = named(QPlainTextEdit(), name)
    text.setReadOnly(True)
    text.setTabChangesFocus(True)
    return text
