"""The persistent settings as typed values; a value that cannot be read is replaced by its default and kept as a backup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, cast, get_args

import msgspec
import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from spade_studio.app.model.picture_size import size_from_text, size_to_text
from spade_studio.engine.detail.levels import LEVELS, DetailLevel
from spade_studio.engine.rendering.frame_sizes import SizeWish

Appearance = Literal["system", "light", "dark"]
Language = Literal["system", "en", "de"]

APPLICATION = "spade-studio"
SCHEMA = 2
"""Version of the settings file; version 1 stores the folder of runs in the value ``training/memory``."""
AUTOSAVE_SECONDS = (10, 600, 55)
"""Minimum, maximum and default delay in seconds from a change to its autosave."""
RECENT_FILES = (0, 30, 10)
"""Minimum, maximum and default number of recent files."""
HISTORY_MEGABYTES = (16, 8192, 256)
"""Minimum, maximum and default memory limit of the undo history in MiB."""
MAX_SHORTCUTS = 500


ValueT = TypeVar("ValueT")


def _same(value: Any) -> Any:
    return value


class _Value(Generic[ValueT]):
    """A descriptor for a value stored under a key.

    Args:
        key: Section and name in the settings file.
        default: Value where none is stored.
        read: Function from the stored to the typed value; raises ValueError or TypeError for an invalid one.
        write: Function from the typed to the stored value.
    """

    def __init__(self, key: str, default: ValueT, read: Callable[[Any], ValueT], write: Callable[[ValueT], object] = _same) -> None:
        self._key, self._default, self._read, self._write = key, default, read, write

    def __get__(self, settings: Settings, owner: type[Settings]) -> ValueT:
        if not settings.store.contains(self._key):
            return self._default
        try:
            return self._read(settings.store.value(self._key))
        except (TypeError, ValueError, LookupError, RecursionError):
            settings.set_aside(self._key)
            return self._default

    def __set__(self, settings: Settings, value: ValueT) -> None:
        settings.store.setValue(self._key, self._write(value))


def _instance(kind: type[ValueT]) -> Callable[[Any], ValueT]:
    def read(stored: Any) -> ValueT:
        if not isinstance(stored, kind):
            raise TypeError(type(stored))
        return stored

    return read


def _choice(key: str, choices: Sequence[str], default: str) -> _Value[Any]:
    return _Value(key, default, lambda stored: choices[choices.index(stored)])


def _number(key: str, limits: tuple[int, int, int]) -> _Value[int]:
    lowest, highest, default = limits

    def read(stored: Any) -> int:
        if not lowest <= (number := int(stored)) <= highest:
            raise ValueError(number)
        return number

    return _Value(key, default, read)


def _whole(key: str) -> _Value[int | None]:
    return _Value(key, None, int)


def _flag(key: str, *, default: bool = False) -> _Value[bool]:
    return _Value(key, default, lambda stored: bool(("false", "true").index(stored)), lambda value: "true" if value else "false")


def _text(key: str) -> _Value[str]:
    return _Value(key, "", _instance(str))


def _folder(key: str) -> _Value[Path | None]:
    """Return a descriptor for a folder that reads as None while it does not exist, for example on a disk that is not mounted."""
    return _Value(key, None, lambda stored: path if stored and (path := Path(stored)).is_dir() else None, str)


def _texts(stored: Any) -> list[str]:
    texts = cast("list[object]", stored if isinstance(stored, list) else [stored])
    return [text for text in texts if isinstance(text, str) and text]


def _device(stored: Any) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?|mps", stored):
        raise ValueError(stored)
    return stored


def _size(stored: Any) -> SizeWish:
    if (size := size_from_text(stored)) is None:
        raise ValueError(stored)
    return size


def _keys(stored: Any) -> dict[str, tuple[str, ...]]:
    return msgspec.json.decode(stored, type=Annotated[dict[str, tuple[str, ...]], msgspec.Meta(max_length=MAX_SHORTCUTS)]) if stored else {}


def _keys_text(value: Mapping[str, Sequence[str]]) -> str:
    return json.dumps({name: list(keys) for name, keys in value.items()}) if value else ""


class Settings:
    """The persistent settings of a user.

    Args:
        path: Settings file; None for the user's own. A file that is not a settings file is renamed, and a new one is created.
    """

    geometry = _Value("window/geometry", QByteArray(), _instance(QByteArray))
    """Size and position of the window."""
    panels = _Value("window/panels", QByteArray(), _instance(QByteArray))
    """State of the window's docks and toolbars."""
    appearance: _Value[Appearance] = _choice("window/appearance", get_args(Appearance), "dark")
    language: _Value[Language] = _choice("window/language", get_args(Language), "system")
    """Language of menus and messages, effective from the next start."""
    are_views_linked = _flag("window/views_linked", default=True)
    """Whether layout and picture zoom and pan together."""
    autosave_seconds = _number("files/autosave_seconds", AUTOSAVE_SECONDS)
    """Seconds from a change to its autosave."""
    history_megabytes = _number("painting/history_megabytes", HISTORY_MEGABYTES)
    """Memory limit of the undo history in MiB."""
    shortcuts = _Value("shortcuts/keys", dict[str, tuple[str, ...]](), _keys, _keys_text)
    """User-defined shortcuts by command name; empty for a command without shortcuts."""
    is_tour_seen = _flag("help/tour_seen")
    """Whether the tour has been shown."""
    looks_for_updates = _flag("updates/look")
    """Whether to check for a newer version at each start."""
    update_address = _text("updates/address")
    """https address of the update file; empty for none."""
    brush_size = _whole("brush/size")
    """Diameter of the brush in layout pixels."""
    sheet_count = _whole("sheet/count")
    """Number of variations on a sheet."""
    render_device = _Value("render/device", "auto", _device)
    """Requested render device, as for ``Renderer.load``; the machine may lack it."""
    render_dtype: _Value[str] = _choice("render/dtype", ("auto", "float32", "bfloat16", "float16"), "auto")
    """Requested compute type, as for ``Renderer.load``."""
    render_size = _Value("render/size", SizeWish("automatic"), _size, size_to_text)
    """Last chosen picture size, the default of documents without a size of their own."""
    render_detail: _Value[DetailLevel] = _choice("render/detail", LEVELS, "fast")
    """Level of detail of pictures in the window; it may be one that is not installed."""
    upscaler = _Value[Path | None]("render/upscaler", None, lambda stored: Path(stored) if stored else None, lambda path: str(path or ""))
    """File of the user's own upscaler for the level ``full``, which may be missing; None for the bundled one."""
    folder = _folder("files/folder")
    """Folder in which a document was last opened or saved."""
    picture_folder = _folder("files/picture_folder")
    """Folder in which a picture or another export was last opened or saved."""
    new_label_set = _text("palette/new_label_set")
    """Name of the last label set chosen for a new layout; empty for that of the weights in use."""
    picture = _text("export/picture")
    """State of the picture export dialog as JSON; empty for none."""
    export = _text("export/memory")
    """State of the export window as JSON; empty for none."""
    training = _text("training/memory")
    """State of the training window as JSON; empty for none."""
    palette = _text("palette/memory")
    """Favourite and recent labels of every label set as JSON; empty for none."""
    _recent_count = _number("files/recent_count", RECENT_FILES)
    _recent = _Value[list[str]]("files/recent", [], _texts)
    _runs_folder = _text("training/runs_folder")
    _schema = _whole("schema")

    def __init__(self, path: Path | None = None) -> None:
        # A settings file of its own, as in tests, has a state folder of its own.
        self._state_folder = path.parent / "state" if path else Path(platformdirs.user_state_dir(APPLICATION, appauthor=False))
        path = path or Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "settings.ini"
        self.store = QSettings(str(path), QSettings.Format.IniFormat)
        if self.store.status() == QSettings.Status.FormatError:
            with suppress(OSError):
                path.replace(path.with_name(f"{path.name}.unreadable"))
            self.store = QSettings(str(path), QSettings.Format.IniFormat)
        self._migrate()

    @property
    def recent_count(self) -> int:
        """Maximum number of recent files."""
        return self._recent_count

    @recent_count.setter
    def recent_count(self, value: int) -> None:
        self._recent_count = value
        self.recent_files = self.recent_files[:value]

    @property
    def recent_files(self) -> list[Path]:
        """Recently opened or saved files, newest first."""
        return [Path(text) for text in self._recent][: self.recent_count]

    @recent_files.setter
    def recent_files(self, value: Sequence[Path]) -> None:
        self._recent = [str(path) for path in value[: self.recent_count]]

    def add_recent_file(self, path: Path) -> None:
        """Add a file as the most recent one."""
        self.recent_files = [path, *(other for other in self.recent_files if other != path)]

    @property
    def runs_folder(self) -> Path:
        """Folder of training runs; it need not exist."""
        return Path(self._runs_folder) if self._runs_folder else default_runs_folder()

    @runs_folder.setter
    def runs_folder(self, value: Path) -> None:
        self._runs_folder = str(value)

    @property
    def state_folder(self) -> Path:
        """Folder of autosaved documents; it need not exist."""
        return self._state_folder

    def save(self) -> None:
        """Write the settings to disk now."""
        self.store.sync()

    def set_aside(self, key: str) -> None:
        """Move an unreadable value to a backup key, so that the next write does not overwrite it."""
        self.store.setValue(f"unreadable/{key}", self.store.value(key))
        self.store.remove(key)

    def _migrate(self) -> None:
        """Convert a settings file of an older version; one of a newer version is read as far as possible."""
        if self._schema is not None and self._schema >= SCHEMA:
            return
        if self.store.allKeys():
            self._move_runs_folder()
        self._schema = SCHEMA

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
    """Return the default folder of training runs."""
    return Path(platformdirs.user_documents_dir()) / APPLICATION / "runs"
