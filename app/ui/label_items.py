"""What an item of a list or a tree says of its label: name, colour, icon, and how it stands with weights, favourites and protection."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor, QStandardItem

from spade_studio.app.model.label_names import group_text, label_text, other_words
from spade_studio.app.ui.label_icons import icon_of
from spade_studio.app.ui.plain import plain_tip
from spade_studio.engine.labels import Label


class Role(IntEnum):
    """What an item says of its label, beside name (display), colour (decoration) and tooltip."""

    ID = Qt.ItemDataRole.UserRole
    ICON = Qt.ItemDataRole.UserRole + 1
    LOCKED = Qt.ItemDataRole.UserRole + 2
    FAVOURITE = Qt.ItemDataRole.UserRole + 3
    UNKNOWN = Qt.ItemDataRole.UserRole + 4


def display_name(label: Label) -> str:
    """Return a label's name as people would write it: ``water-other`` is Water."""
    text = label_text(label)
    return text if text != label.name else own_display_name(label)


def own_display_name(label: Label) -> str:
    """Return the name that a label has in its set, whatever the window's language, as people would write it."""
    name = label.name.removesuffix("-other").replace("-", " ").replace("_", " ").strip()
    return name[:1].upper() + name[1:]


def group_name(group: str) -> str:
    """Return a group's name as people would write it: ``raw-material`` is Raw material."""
    name = group_text(group).replace("-", " ")
    return name[:1].upper() + name[1:]


def make_item(label: Label) -> QStandardItem:
    """Return an item for a label, which says what never changes."""
    item = QStandardItem(display_name(label))
    item.setEditable(False)
    item.setData(QColor(*label.color), Qt.ItemDataRole.DecorationRole)
    item.setData(label.id, Role.ID)
    item.setData(icon_of(label), Role.ICON)
    return item


def show_standing(
    item: QStandardItem, label: Label, *, is_unknown: bool, nearest: Label | None, is_favourite: bool, is_protected: bool
) -> None:
    """Have an item say what changes, to the eye, in its tip, and to a screen reader.

    Args:
        item: Of :func:`make_item`.
        label: Its label.
        is_unknown: Whether the weights do not know it.
        nearest: What they know instead, if anything is near.
        is_favourite: Whether it is one.
        is_protected: Whether it cannot be painted over.
    """
    item.setData(is_protected, Role.LOCKED)
    item.setData(is_favourite, Role.FAVOURITE)
    item.setData(is_unknown, Role.UNKNOWN)
    notes: list[str] = []
    if is_unknown:
        notes.append(QCoreApplication.translate("PalettePanel", "Not known to these weights"))
        if nearest is not None:
            text = QCoreApplication.translate("PalettePanel", "Nearest that they know: {name}")
            notes.append(text.format(name=display_name(nearest)))
    if is_favourite:
        notes.append(QCoreApplication.translate("PalettePanel", "Favourite"))
    if is_protected:
        notes.append(QCoreApplication.translate("PalettePanel", "Protected from painting over"))
    about = QCoreApplication.translate("PalettePanel", "{name}, id {number}").format(name=label_text(label), number=label.id)
    lines = about, group_text(label.group), ", ".join(other_words(label)), *notes
    item.setData(plain_tip("\n".join(filter(None, lines))), Qt.ItemDataRole.ToolTipRole)
    item.setData(", ".join((display_name(label), *notes)) if notes else None, Qt.ItemDataRole.AccessibleTextRole)
