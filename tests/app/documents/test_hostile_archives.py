"""Archives made to do harm: each is refused before anything in it is read, with what was found and what to do."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spade_studio.app.documents import archive, document_json, guarded_zip
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.model.state import DocumentState, Snapshot
from spade_studio.engine.labels import load_label_set

_ONE = Snapshot("one", np.ones((20, 30), np.uint8))
STATE = DocumentState(np.zeros((20, 30), np.uint8), load_label_set("coco_stuff"), "Lake", snapshots=(_ONE,))
Entries = dict[str, bytes]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "good.ora"
    archive.save_document(path, STATE)
    return path.read_bytes()


def entries_of(data: bytes) -> Entries:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(entries: Entries, change: Callable[[zipfile.ZipInfo], None] = lambda info: None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            change(info)
            file.writestr(info, data)
    return buffer.getvalue()


def png(width: int, height: int, rows: bytes = b"", color_type: int = 0) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def changed(data: bytes, **entries: bytes) -> bytes:
    return packed(entries_of(data) | {name.replace("__", "/").replace("_png", ".png"): value for name, value in entries.items()})


def described(data: bytes, **values: object) -> bytes:
    entries = entries_of(data)
    entries[archive.DESCRIPTION] = json.dumps(json.loads(entries[archive.DESCRIPTION]) | values).encode()
    return packed(entries)


def with_directory(data: bytes, offset: int, code: str, value: object) -> bytes:
    """Change a field of the last entry in the central directory."""
    start = data.rindex(b"PK\x01\x02")
    changed = bytearray(data)
    struct.pack_into(code, changed, start + offset, value)
    return bytes(changed)


def with_end(data: bytes, offset: int, code: str, *values: object) -> bytes:
    changed = bytearray(data)
    struct.pack_into(code, changed, len(data) - 22 + offset, *values)
    return bytes(changed)


def as_link(info: zipfile.ZipInfo) -> None:
    if info.filename == "stack.xml":
        info.external_attr = 0o120777 << 16


def bzip2(info: zipfile.ZipInfo) -> None:
    if info.filename == "stack.xml":
        info.compress_type = zipfile.ZIP_BZIP2


def without(data: bytes, name: str) -> bytes:
    entries = entries_of(data)
    description = json.loads(entries[archive.DESCRIPTION])
    del description[name]
    return packed(entries | {archive.DESCRIPTION: json.dumps(description).encode()})


def deep_json(data: bytes) -> bytes:
    entries = entries_of(data)
    entries[archive.DESCRIPTION] = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    return packed(entries)


def described_last(data: bytes) -> Entries:
    entries = entries_of(data)
    description = entries.pop(archive.DESCRIPTION)
    return entries | {archive.DESCRIPTION: description}


LABELS = "spade-studio__labels_png"
HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda good: b"", "is empty"),
    "text": (lambda good: b"x" * 500, "no OpenRaster"),
    "other zip": (lambda good: packed({"a.txt": b"a"}), "does not say what"),
    "other mimetype": (lambda good: packed(entries_of(good) | {"mimetype": b"application/pdf"}), "application/pdf"),
    "another program's": (lambda good: packed({"mimetype": b"image/openraster", "stack.xml": b"<image/>"}), "another program"),
    "truncated": (lambda good: good[:-300], "does not end"),
    "something behind": (lambda good: good + b"#!/bin/sh", "does not end"),
    "something before": (lambda good: b"PK\x03\x04" + good, "before or behind"),
    "comment": (lambda good: with_end(good, 20, "<H", 5) + b"hello", "does not end"),
    "zip64": (lambda good: with_end(good, 8, "<HH", 0xFFFF, 0xFFFF), "ZIP64"),
    "several disks": (lambda good: with_end(good, 4, "<H", 1), "in several"),
    "many entries": (lambda good: packed(entries_of(good) | {f"x{n}": b"" for n in range(300)}), r"\d+ entries"),
    "wrong count": (lambda good: with_end(good, 8, "<HH", 3, 3), "lists"),
    "absolute path": (lambda good: packed(entries_of(good) | {"/etc/passwd": b""}), "/etc/passwd"),
    "path upwards": (lambda good: packed(entries_of(good) | {"data/../../x": b""}), "paths inside"),
    "backslash": (lambda good: packed(entries_of(good) | {"data\\x": b""}), "paths inside"),
    "drive": (lambda good: packed(entries_of(good) | {"C:x": b""}), "paths inside"),
    "folder that is none": (lambda good: packed(entries_of(good) | {"data/": b"x"}), "the folder data"),
    "folder upwards": (lambda good: packed(entries_of(good) | {"data/../../": b""}), "paths inside"),
    "folder at the root": (lambda good: packed(entries_of(good) | {"/": b""}), "paths inside"),
    "line break": (lambda good: packed(entries_of(good) | {"a\nb": b""}), "paths inside"),
    "long path": (lambda good: packed(entries_of(good) | {"a" * 300: b""}), "paths inside"),
    "twice": (lambda good: packed(entries_of(good) | {"STACK.xml": b""}), "twice"),
    "link": (lambda good: packed(entries_of(good), as_link), "link"),
    "bzip2": (lambda good: packed(entries_of(good), bzip2), "compressed by bzip2"),
    "encrypted": (lambda good: with_directory(good, 8, "<H", 1), "encrypted"),
    "bomb": (lambda good: packed(entries_of(good) | {"data/bomb.png": bytes(30 << 20)}), "unpacks to"),
    "claims gigabytes": (lambda good: with_directory(good, 24, "<L", 3 << 30), "bytes"),
    "claims less": (lambda good: with_directory(packed(described_last(good)), 24, "<L", 1), "damaged"),
    "overlap": (lambda good: with_directory(good, 42, "<L", 0), "over another"),
    "labels gone": (lambda good: packed({k: v for k, v in entries_of(good).items() if k != "spade-studio/labels.png"}), "lacks"),
    "labels no png": (lambda good: changed(good, **{LABELS: b"GIF89a" + bytes(60)}), "no PNG"),
    "labels huge": (lambda good: changed(good, **{LABELS: png(60000, 60000)}), "60000 x 60000"),
    "labels other size": (lambda good: changed(good, **{LABELS: png(31, 20)}), "the document's 30 x 20"),
    "labels in colours": (lambda good: changed(good, **{LABELS: png(30, 20, bytes(91 * 20), 2)}), "mode RGB"),
    "labels cut": (lambda good: changed(good, **{LABELS: png(30, 20, bytes(40))}), "damaged"),
    "snapshot huge": (lambda good: changed(good, **{"spade-studio__snapshots__0-labels_png": png(9000, 9000)}), "9000"),
    "json broken": (lambda good: packed(entries_of(good) | {archive.DESCRIPTION: b"{"}), "no JSON"),
    "json not text": (lambda good: packed(entries_of(good) | {archive.DESCRIPTION: b"\xff\xfe"}), "no JSON"),
    "json nan": (lambda good: described(good, style={"x": float("nan")}), "no JSON"),
    "json deep": (deep_json, "unpacks|deep"),
    "json list": (lambda good: packed(entries_of(good) | {archive.DESCRIPTION: b"[1]"}), "JSON object"),
    "newer": (lambda good: described(good, version=99), "newer SPADE Studio"),
    "no format": (lambda good: without(good, "format"), "required field format"),
    "no version": (lambda good: without(good, "version"), "required field version"),
    "other format": (lambda good: described(good, format="x"), "format"),
    "unknown entry of megabytes": (lambda good: described(good, **{"x" * 3_000_000: 1}), "unknown field xxx"),
    "unknown entry": (lambda good: described(good, run="rm"), "unknown field run"),
    "size huge": (lambda good: described(good, width=10**6), "width"),
    "size true": (lambda good: described(good, width=True), "width"),
    "size digits": (lambda good: described(good, width=10**30), "width is 1000"),
    "protected out of range": (lambda good: described(good, protected=[256]), "protected"),
    "many snapshots": (lambda good: described(good, snapshots=[{"name": "a", "width": 30, "height": 20}] * 101), "snapshots"),
    "snapshot of another size": (lambda good: described(good, snapshots=[{"name": "a", "width": 30, "height": 21}]), "30 x 21"),
    "snapshots that fill the memory": (
        lambda good: described(good, snapshots=[{"name": "a", "width": 8192, "height": 8192, "instances": True}] * 6),
        "unpack to",
    ),
    "snapshot missing": (lambda good: described(good, snapshots=[{"name": "a", "width": 30, "height": 20}] * 2), "lacks"),
    "instances missing": (lambda good: described(good, instances=True), "lacks"),
    "size of pictures": (lambda good: described(good, picture_size="99999x5"), "the size of pictures"),
    "size of pictures no text": (lambda good: described(good, picture_size=512), "picture_size"),
    "size of pictures long": (lambda good: described(good, picture_size="9" * 100_000), "the size of pictures"),
    "texture missing": (lambda good: described(good, texture_regions=True), "lacks"),
    "texture no flag": (lambda good: described(good, texture_regions=[[1, 2]]), "true or false"),
    "texture of another size": (
        lambda good: changed(described(good, texture_regions=True), **{"spade-studio__texture_png": png(31, 20)}),
        "the document's 30 x 20",
    ),
    "texture huge": (
        lambda good: changed(described(good, texture_regions=True), **{"spade-studio__texture_png": png(60000, 60000)}),
        "60000 x 60000",
    ),
    "opacity": (lambda good: described(good, underlay={"opacity": 1e300, "visible": True}), "opacity"),
    "style no object": (lambda good: described(good, style=[]), "style"),
    "label set": (lambda good: described(good, label_set={"name": "x", "labels": [], "unlabeled_id": 0}), "0 labels"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_it_is_refused_with_what_was_found(tmp_path, good, name):
    make, found = HOSTILE[name]
    path = tmp_path / "a.ora"
    path.write_bytes(make(good))
    with pytest.raises(DocumentError, match=found) as caught:
        archive.load_document(path)
    assert caught.value.expected or caught.value.action
    assert len(str(caught.value)) < 700


def test_deep_json_that_is_no_bomb_is_refused_before_it_is_parsed():
    with pytest.raises(DocumentError, match="nested 5,001 deep"):
        document_json.parse(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "a")
    with pytest.raises(DocumentError, match="bytes"):
        document_json.parse(b" " * (document_json.MAX_JSON_BYTES + 1), "a")
    with pytest.raises(DocumentError, match="no JSON"):
        document_json.parse(b'{"a": ' + b"9" * 10_000 + b"}", "a")


def test_a_description_of_quotes_without_end_is_refused_at_once():
    started = time.process_time()
    with pytest.raises(DocumentError, match="no JSON"):
        document_json.parse(b'{"a": "' + rb"\"" * 200_000, "a")
    assert time.process_time() - started < 5


def test_a_bomb_is_refused_without_unpacking_it(tmp_path, good, monkeypatch):
    (tmp_path / "a.ora").write_bytes(packed(entries_of(good) | {"data/bomb.png": bytes(30 << 20)}))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DocumentError, match="unpacks to"):
        archive.load_document(tmp_path / "a.ora")


def test_a_large_file_is_refused_by_its_size(tmp_path):
    with (tmp_path / "a.ora").open("wb") as file:
        file.truncate(guarded_zip.MAX_FILE_BYTES + 1)
    with pytest.raises(DocumentError, match="at most"):
        archive.load_document(tmp_path / "a.ora")


def test_nothing_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.ora"):
        with pytest.raises(DocumentError, match="cannot be read"):
            archive.load_document(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_raises_anything_else(tmp_path: Path, good: bytes, data: st.DataObject):
    """Bytes changed anywhere: the document is refused, or comes back with the size it had."""
    content = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.ora"
    path.write_bytes(content)
    try:
        state = archive.load_document(path)
    except DocumentError:
        return
    assert state.size == STATE.size
