"""The menu that lists the source photographs of a picture, for weights that compose pictures from pieces of photographs."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from spade_studio.app.model.label_names import label_text
from spade_studio.engine.bank.photographs import Origin, UsedPhotograph
from spade_studio.engine.labels import LabelSet

_SHOWN = 16  # photographs
_LONGEST = 90  # characters of an entry


class OriginMenu(QMenu):
    """An entry per photograph, then source and licence; choosing an entry copies its text, the last entry copies all."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._shown: tuple[Origin | None, str] = (None, "")

    def show_origin(self, origin: Origin, label_set: LabelSet | None) -> None:
        """List the source photographs of the newest picture.

        Args:
            origin: The source photographs.
            label_set: Names of the labels of their pieces; None where labels have no names.
        """
        name = "" if label_set is None else label_set.name
        if self._shown == (origin, name):
            return
        self._shown = origin, name
        self.clear()
        lines = [self._line(used, label_set) for used in origin.photographs]
        for line in lines[:_SHOWN]:
            self._add(line)
        if len(lines) > _SHOWN:
            self._add(self.tr("%Ln more", "", len(lines) - _SHOWN), "\n".join(lines[_SHOWN:]))
        ends = [(self.tr("Source: {text}"), origin.source), (self.tr("Licence: {text}"), origin.licence)]
        self.addSeparator()
        for words, text in ends:
            if text:
                lines.append(words.format(text=text))
                self._add(lines[-1])
        self.addSeparator()
        self._add(self.tr("Copy the list"), "\n".join(lines))

    def _add(self, text: str, copied: str = "") -> None:
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        action = self.addAction(shown.replace("&", "&&"))
        action.setToolTip("")
        action.triggered.connect(partial(QGuiApplication.clipboard().setText, copied or text))

    def _line(self, used: UsedPhotograph, label_set: LabelSet | None) -> str:
        labels = [label for number in used.labels if label_set and (label := label_set.by_id(number))]
        names = ", ".join(map(label_text, labels))
        photograph = used.photograph
        line = self.tr("{share} %  ·  {photograph}").format(share=round(100 * used.share), photograph=photograph.name)
        return "  ·  ".join(part for part in (line, names, photograph.credit) if part)
