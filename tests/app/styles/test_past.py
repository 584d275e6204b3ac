"""The last styles between sessions: kept with their pictures, and a file from anywhere makes no trouble."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.styles import past, pictures
from spade_studio.app.styles.past import StyleHistory
from spade_studio.app.styles.style import Style, style_of

MakePhoto = Callable[..., NDArray[np.uint8]]
Wait = Callable[[Callable[[], bool]], None]


def kept(path: Path, photo: MakePhoto) -> list[Style]:
    history = StyleHistory(path)
    code = np.linspace(-1, 1, 8, dtype=np.float32)
    styles = [style_of(7), Style("reference", None, code, 0.5, "Evening", "0" * 64, pictures.encode(photo()))]
    for style in styles:
        history.add(style, pictures.thumbnail(photo()), object())
    history.save()
    return styles[::-1]


def test_styles_come_back_with_their_pictures(tmp_path: Path, photo: MakePhoto) -> None:
    path = tmp_path / "state" / "styles.json"
    styles = kept(path, photo)
    again = StyleHistory(path)
    assert [entry.style.is_same(style) for entry, style in zip(again.entries, styles, strict=True)] == [True, True]
    assert again.entries[0].style.label == "Evening"
    image, before = again.entries[0].image, pictures.thumbnail(photo())
    assert (image.size(), image.devicePixelRatio()) == (before.size(), 2)
    difference = pictures.to_array(image).astype(int) - pictures.to_array(before)
    assert abs(difference).mean() < 4
    again.add(style_of(1), before, object())
    assert [entry.style.seed for entry in again.entries] == [1, None, 7]


def test_where_it_cannot_be_written_nothing_happens(tmp_path: Path, photo: MakePhoto) -> None:
    (tmp_path / "file").write_text("")
    kept(tmp_path / "file" / "styles.json", photo)
    assert StyleHistory(tmp_path / "file" / "styles.json").entries == []


def change_image(data: Any) -> None:
    data["styles"][0]["image"] = "!"


def change_style(data: Any) -> None:
    data["styles"][0]["style"]["strength"] = 1e9


def take_style(data: Any) -> None:
    del data["styles"][0]["style"]


def change_entry(data: Any) -> None:
    data["styles"][0] = 3


@pytest.mark.parametrize("change", [change_image, change_style, take_style, change_entry])
def test_an_entry_that_cannot_be_read_is_left_out(tmp_path: Path, photo: MakePhoto, change: Callable[[Any], None]) -> None:
    path = tmp_path / "styles.json"
    kept(path, photo)
    data = json.loads(path.read_bytes())
    change(data)
    path.write_text(json.dumps(data))
    assert [entry.style.seed for entry in StyleHistory(path).entries] == [7]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"styles": 3}', b'{"styles": {}}', b"[" * 100_000, b"\xff"])
def test_a_file_of_something_else_is_no_history(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "styles.json").write_bytes(content)
    assert StyleHistory(tmp_path / "styles.json").entries == []


def test_what_is_too_large_is_not_read(tmp_path: Path, photo: MakePhoto, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "styles.json"
    kept(path, photo)
    assert len(StyleHistory(path).entries) == 2
    monkeypatch.setattr(past, "MAX_FILE_BYTES", path.stat().st_size - 1)
    assert StyleHistory(path).entries == []


def test_the_next_window_shows_the_styles_of_the_one_before(make_window: Callable[[str], MainWindow], wait: Wait) -> None:
    first = make_window("encoder")
    first.styles.adopt(23)
    wait(lambda: 23 in [entry.style.seed for entry in first.styles.controller.history.entries])
    before = [entry.style.seed for entry in first.styles.controller.history.entries]
    first.document.undo_stack.setClean()
    assert first.close()
    second = make_window("encoder")
    assert sorted(entry.style.seed or 0 for entry in second.styles.controller.history.entries) == sorted(seed or 0 for seed in before)
    second.styles.open_gallery()
    assert second.styles.panel.past.count() == len(before) >= 2
    second.styles.panel.past.taken.emit(before.index(23))
    assert second.styles.style.seed == 23
