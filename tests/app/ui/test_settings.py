"""What is remembered between starts: typed, migrated, and nothing lost that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spade_studio.app.ui.settings import HISTORY_MEGABYTES, SCHEMA, Settings, default_runs_folder
from spade_studio.engine.rendering.frame_sizes import SizeWish


def write(path: Path, text: str) -> Settings:
    path.write_text(text, "utf-8")
    return Settings(path)


def test_everything_comes_back_as_it_was_set(tmp_path):
    path = tmp_path / "settings.ini"
    settings = Settings(path)
    settings.appearance, settings.language = "dark", "de"
    settings.autosave_seconds, settings.recent_count, settings.history_megabytes = 20, 3, 64
    settings.runs_folder = tmp_path / "runs"
    settings.shortcuts = {"fill": ("F", "Ctrl+Shift+F"), "brush": ()}
    settings.is_tour_seen = True
    settings.save()
    again = Settings(path)
    assert (again.appearance, again.language) == ("dark", "de")
    assert (again.autosave_seconds, again.recent_count, again.history_megabytes) == (20, 3, 64)
    assert again.runs_folder == tmp_path / "runs"
    assert again.shortcuts == {"fill": ("F", "Ctrl+Shift+F"), "brush": ()}
    assert again.is_tour_seen


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("[window]\nappearance=purple\n", "appearance", "dark"),
        ("[window]\nlanguage=@Invalid()\n", "language", "system"),
        ("[files]\nautosave_seconds=soon\n", "autosave_seconds", 55),
        ("[files]\nrecent_count=-4\n", "recent_count", 10),
        ("[painting]\nhistory_megabytes=99999999999999999999\n", "history_megabytes", HISTORY_MEGABYTES[2]),
        ('[shortcuts]\nkeys="{\\"fill\\": 3}"\n', "shortcuts", {}),
        ('[shortcuts]\nkeys="[[[["\n', "shortcuts", {}),
        ("[render]\nsize=00001000000\n", "render_size", SizeWish("automatic")),
        ("[help]\ntour_seen=7\n", "is_tour_seen", False),
    ],
)
def test_what_cannot_be_read_falls_back_and_is_kept_aside(tmp_path, line, name, expected):
    path = tmp_path / "settings.ini"
    settings = write(path, line)
    assert getattr(settings, name) == expected
    settings.save()
    kept = path.read_text("utf-8")
    section, _, rest = line.partition("\n")
    key = rest.partition("=")[0]
    assert f"{section.strip('[]')}\\{key}=" in kept.partition("[unreadable]")[2]
    assert getattr(Settings(path), name) == expected


def test_a_file_of_the_first_schema_is_brought_up_to_date(tmp_path):
    memory = json.dumps({"runs_folder": str(tmp_path / "mine"), "form": {"batch": 4}}).replace('"', '\\"')
    settings = write(tmp_path / "settings.ini", f'[training]\nmemory="{memory}"\n')
    assert settings.runs_folder == tmp_path / "mine"
    assert json.loads(settings.training) == {"form": {"batch": 4}}
    settings.save()
    assert f"schema={SCHEMA}" in (tmp_path / "settings.ini").read_text("utf-8")
    assert Settings(tmp_path / "settings.ini").runs_folder == tmp_path / "mine"


def test_a_file_of_a_newer_version_is_read_and_keeps_what_it_alone_knows(tmp_path):
    path = tmp_path / "settings.ini"
    settings = write(path, "[General]\nschema=99\n\n[window]\nappearance=dark\nglow=much\n")
    assert settings.appearance == "dark"
    settings.brush_size = 7
    settings.save()
    text = path.read_text("utf-8")
    assert "schema=99" in text
    assert "glow=much" in text


def test_a_broken_memory_of_trainings_does_not_stop_the_migration(tmp_path):
    settings = write(tmp_path / "settings.ini", '[training]\nmemory="{{{"\n')
    assert settings.runs_folder == default_runs_folder()
    assert settings.training == "{{{"


def test_a_file_that_is_none_is_put_aside(tmp_path):
    path = tmp_path / "settings.ini"
    garbage = b"\x00\xff[\x01" * 400
    path.write_bytes(garbage)
    settings = Settings(path)
    assert settings.appearance == "dark"
    settings.appearance = "light"
    settings.save()
    assert Settings(path).appearance == "light"


def test_fewer_recent_files_forget_the_oldest(tmp_path):
    settings = Settings(tmp_path / "settings.ini")
    for number in range(5):
        settings.add_recent_file(Path(f"{number}.ora"))
    settings.recent_count = 2
    assert [path.name for path in settings.recent_files] == ["4.ora", "3.ora"]
    settings.recent_count = 0
    settings.add_recent_file(Path("6.ora"))
    assert settings.recent_files == []
