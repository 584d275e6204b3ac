"""The menus of render size, detail, device and compute type, for the menu bar and the status bar's buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from spade_studio.engine.detail.levels import available_levels
from spade_studio.engine.hardware import DeviceEntry
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish

SIDES = (256, 512, 1024, 2048)
"""Lengths of the longer side in the size menu, in pixels."""

AUTO = "auto"


def pixels(size: Size) -> str:
    """Return a size, (height, width), as text."""
    return f"{size[1]} × {size[0]}"


class RenderMenus(QObject):
    """Menus of mutually exclusive entries.

    Attributes:
        size_menu, detail_menu, device_menu, dtype_menu: The menus.
        devices: The devices in the menu; the CPU alone until the machine has been queried.
    """

    size_wanted = Signal(object)  # SizeWish
    other_size_wanted = Signal()
    detail_wanted = Signal(str)
    device_wanted = Signal(str)
    dtype_wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.size_menu = QMenu(self.tr("&Size of the picture"), parent)
        self.detail_menu = QMenu(self.tr("De&tail"), parent)
        self.device_menu = QMenu(self.tr("&Device"), parent)
        self.dtype_menu = QMenu(self.tr("Compute &type"), parent)
        self.devices: tuple[DeviceEntry, ...] = (DeviceEntry("cpu", "", ("float32", "bfloat16")),)
        self._sizes: dict[SizeWish | None, QAction] = {}  # key None: the entry for a custom size
        self._groups: list[QActionGroup] = []
        group = self._group(self.size_menu)
        for wish in (SizeWish("automatic"), SizeWish("training"), SizeWish("layout"), *(SizeWish("side", side) for side in SIDES), None):
            if wish is None or wish.kind == "side":
                self._separate(self.size_menu, before=wish is None or wish.longer_side == SIDES[0])
            action = self._add(self.size_menu, group, self._when_size(wish))
            self._sizes[wish] = action
        self._details: dict[str, QAction] = {}
        group = self._group(self.detail_menu)
        for level in available_levels():
            self._details[level] = self._add(self.detail_menu, group, lambda level=level: self.detail_wanted.emit(level))
            self._details[level].setText(self._detail_text(level))
        self.detail_menu.addSeparator()
        self.show_sizes(SizeWish("automatic"), lambda _wish: None)
        self.show_devices(AUTO, "", AUTO, "")

    # -- what is chosen -------------------------------------------------------------------------------------------

    def show_sizes(self, chosen: SizeWish, size_of: Callable[[SizeWish], Size | None]) -> None:
        """Check the chosen size.

        Args:
            chosen: The chosen size.
            size_of: Returns the pixel size of an entry for the present layout and weights; None before the weights are loaded.
        """
        for wish, action in self._sizes.items():
            if wish is None:
                other = None if chosen in self._sizes else chosen
                size = size_of(other) if other else None
                text = self.tr("&Other size: {size}…").format(size=pixels(size)) if size else self.tr("&Other size…")
                action.setChecked(other is not None)
            else:
                text = self._size_text(wish, size_of(wish))
                action.setChecked(wish == chosen)
            action.setText(text)

    def show_detail(self, level: str, upscaler: str = "") -> None:
        """Check the chosen level of detail, and show the name of the user's own upscaler; empty for the bundled one."""
        if level in self._details:
            self._details[level].setChecked(True)
        if "full" in self._details:
            own = self.tr("F&ull, with {name}").format(name=upscaler.replace("&", "&&"))
            self._details["full"].setText(own if upscaler else self._detail_text("full"))

    def show_devices(self, device: str, actual_device: str, dtype: str, actual_dtype: str) -> None:
        """List the available devices and compute types, and check the chosen ones.

        Args:
            device: The requested device; ``auto`` for the machine's best.
            actual_device: The device in use; empty before the weights are loaded.
            dtype: The requested compute type; ``auto`` for the device's best.
            actual_dtype: The compute type in use; empty before the weights are loaded.
        """
        asked = self.entry(device)
        self._refill(
            self.device_menu,
            [
                (AUTO, self._auto_text(actual_device if device == AUTO else "")),
                *((entry.name, self.title(entry)) for entry in self.devices),
            ],
            asked.name if asked else device,
            self.device_wanted.emit,
        )
        used = asked or self.entry(actual_device)
        dtypes: Sequence[str] = used.dtypes if used else ("float32", "bfloat16")
        self._refill(
            self.dtype_menu,
            [(AUTO, self._auto_text(actual_dtype if dtype == AUTO else "")), *((name, self._dtype_text(name)) for name in dtypes)],
            dtype,
            self.dtype_wanted.emit,
        )

    def entry(self, device: str) -> DeviceEntry | None:
        """Return the device with a name, where ``cuda`` is the first CUDA device; None for a missing device and for ``auto``."""
        return next((entry for entry in self.devices if device in (entry.name, entry.name.removesuffix(":0"))), None)

    def title(self, entry: DeviceEntry) -> str:
        """Return the display name of a device."""
        if entry.name == "cpu":
            return self.tr("CPU")
        if entry.name == "mps":
            return self.tr("Apple GPU (mps)")
        return f"{entry.title} ({entry.name})"

    # -- building -------------------------------------------------------------------------------------------------

    def _size_text(self, wish: SizeWish, size: Size | None) -> str:
        if wish.kind == "side":
            return pixels(size) if size else self.tr("{pixels} pixels").format(pixels=wish.longer_side)
        names = {"automatic": self.tr("&Automatic"), "training": self.tr("As &trained"), "layout": self.tr("As the &layout")}
        name = names[wish.kind]
        return f"{name}: {pixels(size)}" if size else name

    def _detail_text(self, level: str) -> str:
        texts = {"none": self.tr("&Off"), "fast": self.tr("&Fast, while painting"), "full": self.tr("F&ull, when the hand rests")}
        return texts[level]

    def _auto_text(self, actual: str) -> str:
        return self.tr("&Automatic: {name}").format(name=actual) if actual else self.tr("&Automatic")

    def _dtype_text(self, name: str) -> str:
        notes = {
            "float32": self.tr("float32, the most exact"),
            "bfloat16": self.tr("bfloat16, faster where the processor has it"),
            "float16": self.tr("float16, fastest on most graphics cards"),
        }
        return notes.get(name, name)

    def _group(self, menu: QMenu) -> QActionGroup:
        group = QActionGroup(menu)
        self._groups.append(group)
        return group

    def _separate(self, menu: QMenu, *, before: bool) -> None:
        if before:
            menu.addSeparator()

    def _add(self, menu: QMenu, group: QActionGroup, when: Callable[[], object]) -> QAction:
        action = QAction(menu)
        action.setCheckable(True)
        action.triggered.connect(lambda _checked=False: when())
        group.addAction(action)
        menu.addAction(action)
        return action

    def _when_size(self, wish: SizeWish | None) -> Callable[[], object]:
        return self.other_size_wanted.emit if wish is None else lambda: self.size_wanted.emit(wish)

    def _refill(self, menu: QMenu, entries: Sequence[tuple[str, str]], chosen: str, when: Callable[[str], object]) -> None:
        for old in menu.findChildren(QActionGroup):
            old.deleteLater()
        menu.clear()
        group = QActionGroup(menu)
        for number, (name, text) in enumerate(entries):
            self._separate(menu, before=number == 1)
            action = self._add(menu, group, lambda name=name: when(name))
            action.setText(text)
            action.setChecked(name == chosen)
