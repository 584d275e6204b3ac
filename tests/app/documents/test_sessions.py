"""Folders of unsaved documents: owned while their process lives, found when it is gone, unimpressed by what lies in them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from spade_studio.app.documents import archive
from spade_studio.app.documents.errors import SaveError
from spade_studio.app.documents.sessions import Session, left_documents
from spade_studio.app.model.state import DocumentState
from spade_studio.engine.labels import load_label_set

STATE = DocumentState(np.full((20, 30), 156, np.uint8), load_label_set("coco_stuff"), "Lake")


def test_a_session_that_saves_nothing_leaves_nothing(tmp_path):
    session = Session(tmp_path / "unsaved")
    session.end()
    assert not (tmp_path / "unsaved").exists()
    assert left_documents(tmp_path / "unsaved") == []


def test_it_belongs_to_its_process_until_it_ends(tmp_path):
    session = Session(tmp_path)
    session.save(STATE, tmp_path / "a.ora")
    assert left_documents(tmp_path) == []
    session.save(STATE, None)
    session.end()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_leaves_is_found_once_and_kept_until_it_is_discarded(tmp_path):
    source = f"""
        import os, pathlib, signal
        import numpy as np
        from spade_studio.app.documents.sessions import Session
        from spade_studio.app.model.state import DocumentState
        from spade_studio.engine.labels import load_label_set
        session = Session(pathlib.Path({str(tmp_path)!r}))
        state = DocumentState(np.full((20, 30), 156, np.uint8), load_label_set("coco_stuff"), "Lake")
        session.save(state, pathlib.Path("/somewhere/lake.ora"))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(source)], check=False, timeout=100)
    assert done.returncode == -signal.SIGKILL
    (left,) = left_documents(tmp_path)
    assert (left.name, left.origin) == ("Lake", Path("/somewhere/lake.ora"))
    np.testing.assert_array_equal(archive.load_document(left.path).labels, STATE.labels)
    assert archive.load_thumbnail(left.path).shape == (20, 30, 3)
    assert left_documents(tmp_path) == []  # this process holds it: a second window is not asked about it
    left.release()
    (again,) = left_documents(tmp_path)
    again.discard()
    assert list(tmp_path.iterdir()) == []


NO_ORIGINS = (b"", b"{", b"[" * 9000, b'{"name": 3, "path": []}', b'{"name": "a\\nb", "path": "a\\u0000"}', b"\xff\xff")


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_an_origin_that_cannot_be_read_is_not_known(tmp_path, origin):
    folder = tmp_path / "one"
    folder.mkdir()
    archive.save_document(folder / "document.ora", STATE, layers=False)
    (folder / "origin.json").write_bytes(origin)
    (left,) = left_documents(tmp_path)
    assert (left.name, left.origin) == ("Untitled", None)
    left.discard()
    assert not folder.exists()


def test_an_empty_folder_is_cleared_and_a_strangers_file_is_not(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".0123.tmp").write_bytes(b"half")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("no folder")
    assert left_documents(tmp_path) == []
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["file", "other", "other/letter.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SaveError, match="file"):
        Session(tmp_path / "file").save(STATE, None)


def test_a_full_disk_keeps_what_was_saved_before(tmp_path, monkeypatch):
    session = Session(tmp_path)
    session.save(STATE, None)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(SaveError):
            session.save(DocumentState(np.zeros((9, 9), np.uint8), STATE.label_set), None)
    (path,) = tmp_path.glob("*/document.ora")
    np.testing.assert_array_equal(archive.load_document(path).labels, STATE.labels)
    session.end()
