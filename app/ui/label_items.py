"""Model items of labels for lists and trees: name, colour, icon, and whether a label is unknown, favourite or protected."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor, QStandardItem

from spade_studio.app.model.label_names import group_text, label_text, other_words
from spade_studio.app.ui.label_icons import icon_of
from spade_studio.app.ui.plain import plain_tip
from spade_studio.engine.labels import Label


class Role(IntEnum):
    """Item data roles of a label, in addition to name (display), colour (decoration) and tooltip."""

    ID = Qt.ItemDataRole.UserRole
    ICON = Qt.ItemDataRole.UserRole + 1
    LOCKED = Qt.ItemDataRole.UserRole + 2
    FAVOURITE = Qt.ItemDataRole.UserRole + 3
    UNKNOWN = Qt.ItemDataRole.UserRole + 4


def display_name(label: Label) -> str:
    """Return the display name of a label in the window's language: Water for ``water-other``."""
    text = label_text(label)
    return text if text != label.name else own_display_name(label)


def own_display_name(label: Label) -> str:
    """Return the display name of a label as its label set has it, without translation."""
    name = label.name.removesuffix("-other").replace("-", " ").replace("_", " ").strip()
    return name[:1].upper() + name[1:]


def group_name(group: str) -> str:
    """Return the display name of a group of labels: Raw material for ``raw-material``."""
    name = group_text(group).replace("-", " ")
    return name[:1].upper() + name[1:]


def make_item(label: Label) -> QStandardItem:
    """Return an item for a label, with the data that never change."""
    item = QStandardItem(display_name(label))
    item.setEditable(False)
    item.setData(QColor(*label.color), Qt.ItemDataRole.DecorationRole)
    item.setData(label.id, Role.ID)
    item.setData(icon_of(label), Role.ICON)
    return item


def show_standing(
    item: QStandardItem, label: Label, *, is_unknown: bool, nearest: Label | None, is_favourite: bool, is_protected: bool
) -> None:
    """Update the variable state of an item: appearance, tooltip and accessible text.

    Args:
        item: Item made by :func:`make_item`.
        label: Label of the item.
        is_unknown: Whether the label is unknown to the weights.
        nearest: Nearest label that the weights know; None where there is none.
        is_favourite: Whether the label is a favourite.
        is_protected: Whether the label is protected from being painted over.
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
