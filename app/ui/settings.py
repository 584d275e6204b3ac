"""What the application remembers between starts, typed; a value that cannot be read counts as not remembered and is kept aside."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, cast, get_args

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from spade_studio.app.ui.remembered_keys import read_keys
from spade_studio.engine.detail.levels import LEVELS, DetailLevel
from spade_studio.engine.pictures.png import MAX_SIDE
from spade_studio.engine.rendering.frame_sizes import SizeWish

Appearance = Literal["system", "light", "dark"]
Language = Literal["system", "en", "de"]

APPLICATION = "spade-studio"
SCHEMA = 2
"""Of the file; 1 kept the folder of runs inside the training window's memory."""
AUTOSAVE_SECONDS = (10, 600, 55)
"""Lowest, highest and default seconds from a change to its autosave; writing takes the rest of a minute at most."""
RECENT_FILES = (0, 30, 10)
"""Lowest, highest and default number of recent files."""
HISTORY_MEGABYTES = (16, 8192, 256)
"""Lowest, highest and default memory of the undo history."""


class Settings:
    """Remembered values.

    Args:
        path: The file; None for that of this user. A file that is no settings file at all is put aside, and a new one begun.
    """

    def __init__(self, path: Path | None = None) -> None:
        # Settings of their own, as tests have them, come with a state of their own.
        self._state_folder = path.parent / "state" if path else Path(platformdirs.user_state_dir(APPLICATION, appauthor=False))
        path = path or Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "settings.ini"
        self._store = QSettings(str(path), QSettings.Format.IniFormat)
        if self._store.status() == QSettings.Status.FormatError:
            with suppress(OSError):
                path.replace(path.with_name(f"{path.name}.unreadable"))
            self._store = QSettings(str(path), QSettings.Format.IniFormat)
        self._migrate()

    @property
    def geometry(self) -> QByteArray:
        """Size and place of the window."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def panels(self) -> QByteArray:
        """Where the window's panels are."""
        return self._bytes("window/panels")

    @panels.setter
    def panels(self, value: QByteArray) -> None:
        self._store.setValue("window/panels", value)

    @property
    def appearance(self) -> Appearance:
        """Dark, light, or as the system is."""
        return cast("Appearance", self._choice("window/appearance", get_args(Appearance), "dark"))

    @appearance.setter
    def appearance(self, value: Appearance) -> None:
        self._store.setValue("window/appearance", value)

    @property
    def language(self) -> Language:
        """Of menus and messages; it is taken at the next start."""
        return cast("Language", self._choice("window/language", get_args(Language), "system"))

    @language.setter
    def language(self, value: Language) -> None:
        self._store.setValue("window/language", value)

    @property
    def autosave_seconds(self) -> int:
        """Seconds from a change to its autosave."""
        return self._number("files/autosave_seconds", AUTOSAVE_SECONDS)

    @autosave_seconds.setter
    def autosave_seconds(self, value: int) -> None:
        self._store.setValue("files/autosave_seconds", value)

    @property
    def recent_count(self) -> int:
        """How many recent files are remembered."""
        return self._number("files/recent_count", RECENT_FILES)

    @recent_count.setter
    def recent_count(self, value: int) -> None:
        self._store.setValue("files/recent_count", value)
        self.recent_files = self.recent_files[:value]

    @property
    def history_megabytes(self) -> int:
        """Memory that undo steps may take, in MiB."""
        return self._number("painting/history_megabytes", HISTORY_MEGABYTES)

    @history_megabytes.setter
    def history_megabytes(self, value: int) -> None:
        self._store.setValue("painting/history_megabytes", value)

    @property
    def runs_folder(self) -> Path:
        """Where trainings are made and listed; it need not exist."""
        value = self._text("training/runs_folder")
        return Path(value) if value else default_runs_folder()

    @runs_folder.setter
    def runs_folder(self, value: Path) -> None:
        self._store.setValue("training/runs_folder", str(value))

    @property
    def shortcuts(self) -> dict[str, tuple[str, ...]]:
        """Keys that a person has given commands, by the commands' names; no keys where a command shall have none."""
        text = self._text("shortcuts/keys")
        if not text:
            return {}
        try:
            return read_keys(json.loads(text))
        except (ValueError, RecursionError):
            self._set_aside("shortcuts/keys")
            return {}

    @shortcuts.setter
    def shortcuts(self, value: Mapping[str, Sequence[str]]) -> None:
        self._store.setValue("shortcuts/keys", json.dumps({name: list(keys) for name, keys in value.items()}) if value else "")

    @property
    def is_tour_seen(self) -> bool:
        """Whether the hints of the first start were shown."""
        return self._flag("help/tour_seen", default=False)

    @is_tour_seen.setter
    def is_tour_seen(self, value: bool) -> None:
        self._store.setValue("help/tour_seen", "true" if value else "false")

    @property
    def looks_for_updates(self) -> bool:
        """Whether :attr:`update_address` is read at each start."""
        return self._choice("updates/look", ("false", "true"), "false") == "true"

    @looks_for_updates.setter
    def looks_for_updates(self, value: bool) -> None:
        self._store.setValue("updates/look", "true" if value else "false")

    @property
    def update_address(self) -> str:
        """Address of the file that names the newest version; empty for none."""
        return self._text("updates/address")

    @update_address.setter
    def update_address(self, value: str) -> None:
        self._store.setValue("updates/address", value)

    @property
    def brush_size(self) -> int | None:
        """Diameter in pixels."""
        return self._whole("brush/size")

    @brush_size.setter
    def brush_size(self, value: int) -> None:
        self._store.setValue("brush/size", value)

    @property
    def render_device(self) -> str:
        """Where pictures are rendered, as ``Renderer.load`` takes it; which devices there are is not known here."""
        value = self._text("render/device")
        if re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?|mps", value):
            return value
        self._set_aside("render/device")
        return "auto"

    @render_device.setter
    def render_device(self, value: str) -> None:
        self._store.setValue("render/device", value)

    @property
    def render_dtype(self) -> str:
        """The compute type of pictures, as ``Renderer.load`` takes it."""
        return self._choice("render/dtype", ("auto", "float32", "bfloat16", "float16"), "auto")

    @render_dtype.setter
    def render_dtype(self, value: str) -> None:
        self._store.setValue("render/dtype", value)

    @property
    def render_size(self) -> SizeWish:
        """How large pictures are rendered."""
        value = self._text("render/size")
        if value in ("training", "layout"):
            return SizeWish(cast("Literal['training', 'layout']", value))
        if value.isascii() and value.isdecimal() and len(value) < 6 and 1 <= int(value) <= MAX_SIDE:
            return SizeWish("side", int(value))
        self._set_aside("render/size")
        return SizeWish()

    @render_size.setter
    def render_size(self, value: SizeWish) -> None:
        self._store.setValue("render/size", str(value.longer_side) if value.kind == "side" else value.kind)

    @property
    def render_detail(self) -> DetailLevel:
        """The level of detail of pictures in the window; one that is not installed counts too."""
        return cast("DetailLevel", self._choice("render/detail", LEVELS, "fast"))

    @render_detail.setter
    def render_detail(self, value: DetailLevel) -> None:
        self._store.setValue("render/detail", value)

    @property
    def folder(self) -> Path | None:
        """Where a document was last opened or saved."""
        return self._folder("files/folder")

    @folder.setter
    def folder(self, value: Path) -> None:
        self._store.setValue("files/folder", str(value))

    @property
    def picture_folder(self) -> Path | None:
        """Where a picture, or what is made from a document, was last written or looked for."""
        return self._folder("files/picture_folder")

    @picture_folder.setter
    def picture_folder(self, value: Path) -> None:
        self._store.setValue("files/picture_folder", str(value))

    @property
    def picture(self) -> str:
        """What the dialog for one picture remembers, as JSON; empty for nothing."""
        return self._text("export/picture")

    @picture.setter
    def picture(self, value: str) -> None:
        self._store.setValue("export/picture", value)

    @property
    def are_views_linked(self) -> bool:
        """Whether layout and picture are zoomed and panned together."""
        return self._flag("window/views_linked", default=True)

    @are_views_linked.setter
    def are_views_linked(self, value: bool) -> None:
        self._store.setValue("window/views_linked", "true" if value else "false")

    @property
    def training(self) -> str:
        """What the training window remembers, as JSON; empty for nothing."""
        return self._text("training/memory")

    @training.setter
    def training(self, value: str) -> None:
        self._store.setValue("training/memory", value)

    @property
    def export(self) -> str:
        """What the export window remembers, as JSON; empty for nothing."""
        return self._text("export/memory")

    @export.setter
    def export(self, value: str) -> None:
        self._store.setValue("export/memory", value)

    @property
    def palette(self) -> str:
        """Favourite and recent labels of every label set, as JSON; empty for nothing."""
        return self._text("palette/memory")

    @palette.setter
    def palette(self, value: str) -> None:
        self._store.setValue("palette/memory", value)

    @property
    def new_label_set(self) -> str:
        """Name of the label set that new layouts were last begun with; empty for that of the weights in use, whichever these are."""
        return self._text("palette/new_label_set")

    @new_label_set.setter
    def new_label_set(self, value: str) -> None:
        self._store.setValue("palette/new_label_set", value)

    @property
    def sheet_count(self) -> int | None:
        """How many variations a sheet has."""
        return self._whole("sheet/count")

    @sheet_count.setter
    def sheet_count(self, value: int) -> None:
        self._store.setValue("sheet/count", value)

    @property
    def recent_files(self) -> list[Path]:
        """Files opened or saved lately, the newest first."""
        value = self._store.value("files/recent")
        texts = value if isinstance(value, list) else [value]
        return [Path(text) for text in texts if isinstance(text, str) and text][: self.recent_count]

    @recent_files.setter
    def recent_files(self, value: Sequence[Path]) -> None:
        self._store.setValue("files/recent", [str(path) for path in value[: self.recent_count]])

    def add_recent_file(self, path: Path) -> None:
        """Put a file first among the recent ones."""
        self.recent_files = [path, *(other for other in self.recent_files if other != path)]

    @property
    def state_folder(self) -> Path:
        """Where autosaved documents lie; it need not exist."""
        return self._state_folder

    def save(self) -> None:
        """Write to the disk now."""
        self._store.sync()

    # -- reading what a file may hold -----------------------------------------------------------------------------

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _folder(self, key: str) -> Path | None:
        value = self._text(key)
        return Path(value) if value and Path(value).is_dir() else None

    def _flag(self, key: str, *, default: bool) -> bool:
        return self._choice(key, ("false", "true"), "true" if default else "false") == "true"

    def _text(self, key: str) -> str:
        value = self._store.value(key)
        return value if isinstance(value, str) else ""

    def _choice(self, key: str, choices: Sequence[str], default: str) -> str:
        value = self._store.value(key)
        if value in choices:
            return cast("str", value)
        self._set_aside(key)
        return default

    def _number(self, key: str, limits: tuple[int, int, int]) -> int:
        lowest, highest, default = limits
        number = self._whole(key)
        if number is not None and lowest <= number <= highest:
            return number
        self._set_aside(key)
        return default

    def _whole(self, key: str) -> int | None:
        value = self._store.value(key)
        try:
            return int(cast("str", value))
        except (TypeError, ValueError):
            self._set_aside(key)
            return None

    def _set_aside(self, key: str) -> None:
        """Move a value that cannot be read out of the way, so that the next one written does not destroy it unseen."""
        if self._store.contains(key):
            self._store.setValue(f"unreadable/{key}", self._store.value(key))
            self._store.remove(key)

    def _migrate(self) -> None:
        """Bring a file of an older version up to date; one of a newer version is read as far as it can be."""
        schema = self._whole("schema")
        if schema is not None and schema >= SCHEMA:
            return
        if self._store.allKeys():
            self._move_runs_folder()
        self._store.setValue("schema", SCHEMA)

    def _move_runs_folder(self) -> None:
        with suppress(ValueError, RecursionError):
            memory: object = json.loads(self.training or "{}")
            if isinstance(memory, dict):
                values = cast("dict[str, object]", memory)
                folder = values.pop("runs_folder", None)
                if isinstance(folder, str) and folder:
                    self.runs_folder = Path(folder)
                    self.training = json.dumps(values)


def default_runs_folder() -> Path:
    """Return where trainings are made unless a person chose another folder."""
    return Path(platformdirs.user_documents_dir()) / APPLICATION / "runs"
