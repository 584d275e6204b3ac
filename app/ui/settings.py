"""What the application remembers between starts, typed; a value that cannot be read counts as not remembered and is kept aside."""

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
"""Of the file; 1 kept the folder of runs inside the training window's memory."""
AUTOSAVE_SECONDS = (10, 600, 55)
"""Lowest, highest and default seconds from a change to its autosave; writing takes the rest of a minute at most."""
RECENT_FILES = (0, 30, 10)
"""Lowest, highest and default number of recent files."""
HISTORY_MEGABYTES = (16, 8192, 256)
"""Lowest, highest and default memory of the undo history."""
MAX_SHORTCUTS = 500


ValueT = TypeVar("ValueT")


def _same(value: Any) -> Any:
    return value


class _Value(Generic[ValueT]):
    """A value that is kept under a key.

    Args:
        key: Section and name in the file.
        default: What counts where nothing is remembered.
        read: Makes a value of what the file holds; ValueError and TypeError where it cannot.
        write: The opposite.
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
    """Return a folder that counts as not remembered while it is gone: it may be on a disk that is not there today."""
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
    """Remembered values.

    Args:
        path: The file; None for that of this user. A file that is no settings file at all is put aside, and a new one begun.
    """

    geometry = _Value("window/geometry", QByteArray(), _instance(QByteArray))
    """Size and place of the window."""
    panels = _Value("window/panels", QByteArray(), _instance(QByteArray))
    """Where the window's panels are."""
    appearance: _Value[Appearance] = _choice("window/appearance", get_args(Appearance), "dark")
    language: _Value[Language] = _choice("window/language", get_args(Language), "system")
    """Of menus and messages; it is taken at the next start."""
    are_views_linked = _flag("window/views_linked", default=True)
    """Whether layout and picture are zoomed and panned together."""
    autosave_seconds = _number("files/autosave_seconds", AUTOSAVE_SECONDS)
    """Seconds from a change to its autosave."""
    history_megabytes = _number("painting/history_megabytes", HISTORY_MEGABYTES)
    """Memory that undo steps may take, in MiB."""
    shortcuts = _Value("shortcuts/keys", dict[str, tuple[str, ...]](), _keys, _keys_text)
    """Keys that a person has given commands, by the commands' names; no keys where a command shall have none."""
    is_tour_seen = _flag("help/tour_seen")
    """Whether the hints of the first start were shown."""
    looks_for_updates = _flag("updates/look")
    """Whether :attr:`update_address` is read at each start."""
    update_address = _text("updates/address")
    """Address of the file that names the newest version; empty for none."""
    brush_size = _whole("brush/size")
    """Diameter in pixels."""
    sheet_count = _whole("sheet/count")
    """Number of variations on a sheet."""
    render_device = _Value("render/device", "auto", _device)
    """Where pictures are rendered, as ``Renderer.load`` takes it, whether there is such a device or not."""
    render_dtype: _Value[str] = _choice("render/dtype", ("auto", "float32", "bfloat16", "float16"), "auto")
    """The compute type of pictures, as ``Renderer.load`` takes it."""
    render_size = _Value("render/size", SizeWish("automatic"), _size, size_to_text)
    """Size of pictures of documents that do not say it, as it was chosen last."""
    render_detail: _Value[DetailLevel] = _choice("render/detail", LEVELS, "fast")
    """The level of detail of pictures in the window; one that is not installed counts too."""
    upscaler = _Value[Path | None]("render/upscaler", None, lambda stored: Path(stored) if stored else None, lambda path: str(path or ""))
    """A file in place of the upscaler of the level ``full``, whether it is still there or not; None for the included one."""
    folder = _folder("files/folder")
    """Where a document was last opened or saved."""
    picture_folder = _folder("files/picture_folder")
    """Where a picture, or what is made from a document, was last written or looked for."""
    new_label_set = _text("palette/new_label_set")
    """Name of the label set that new layouts were last begun with; empty for that of the weights in use, whichever these are."""
    picture = _text("export/picture")
    """What the dialog for one picture remembers, as JSON; empty for nothing."""
    export = _text("export/memory")
    """What the export window remembers, as JSON; empty for nothing."""
    training = _text("training/memory")
    """What the training window remembers, as JSON; empty for nothing."""
    palette = _text("palette/memory")
    """Favourite and recent labels of every label set, as JSON; empty for nothing."""
    _recent_count = _number("files/recent_count", RECENT_FILES)
    _recent = _Value[list[str]]("files/recent", [], _texts)
    _runs_folder = _text("training/runs_folder")
    _schema = _whole("schema")

    def __init__(self, path: Path | None = None) -> None:
        # Settings of their own, as tests have them, come with a state of their own.
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
        """Number of recent files that are remembered."""
        return self._recent_count

    @recent_count.setter
    def recent_count(self, value: int) -> None:
        self._recent_count = value
        self.recent_files = self.recent_files[:value]

    @property
    def recent_files(self) -> list[Path]:
        """Files opened or saved lately, the newest first."""
        return [Path(text) for text in self._recent][: self.recent_count]

    @recent_files.setter
    def recent_files(self, value: Sequence[Path]) -> None:
        self._recent = [str(path) for path in value[: self.recent_count]]

    def add_recent_file(self, path: Path) -> None:
        """Put a file first among the recent ones."""
        self.recent_files = [path, *(other for other in self.recent_files if other != path)]

    @property
    def runs_folder(self) -> Path:
        """Where trainings are made and listed; it need not exist."""
        return Path(self._runs_folder) if self._runs_folder else default_runs_folder()

    @runs_folder.setter
    def runs_folder(self, value: Path) -> None:
        self._runs_folder = str(value)

    @property
    def state_folder(self) -> Path:
        """Where autosaved documents lie; it need not exist."""
        return self._state_folder

    def save(self) -> None:
        """Write to the disk now."""
        self.store.sync()

    def set_aside(self, key: str) -> None:
        """Move a value that cannot be read out of the way, so that the next one written does not destroy it unseen."""
        self.store.setValue(f"unreadable/{key}", self.store.value(key))
        self.store.remove(key)

    def _migrate(self) -> None:
        """Bring a file of an older version up to date; one of a newer version is read as far as it can be."""
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
    """Return where trainings are made unless a person chose another folder."""
    return Path(platformdirs.user_documents_dir()) / APPLICATION / "runs"
