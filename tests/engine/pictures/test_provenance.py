from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import Label, LabelSet, load_label_set
from spade_studio.engine.pictures.picture_files import write_picture
from spade_studio.engine.pictures.provenance import KEYWORD, Provenance, pack_layout, pack_settings, read_provenance
from spade_studio.engine.weights import PublishedOptions

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 4, 3), np.uint8)
RECORD = Provenance(
    labels=np.arange(24, dtype=np.uint8).reshape(6, 4),
    instances=np.arange(24, dtype=np.uint16).reshape(6, 4) * 2000,
    z=np.random.default_rng(1).standard_normal(5).astype(np.float32),
    device="cpu",
    device_name="AVX2",
    dtype="float32",
    modulation="fast",
    weights_name="landscapes",
    weights_sha256="0123456789abcdef" * 4,
    label_set="COCO-Stuff",
    label_names={0: "person", 7: "truck"},
    version="0.1.0",
    torch="2.13.0",
    seed=2**62,
    truncation=0.7,
    options=PublishedOptions(upsampling="more", aspect_ratio=2.0),
)


def texts(record: Provenance = RECORD) -> dict[str, str]:
    return {**pack_settings(record), **pack_layout(record.labels, record.instances, record.texture_regions)}


def save(path: Path, entries: dict[str, str], pixels: Any = PIXELS) -> Path:
    write_picture(path, pixels, "png", entries)
    return path


def test_what_is_written_is_read_back_exactly(tmp_path: Path) -> None:
    record, pixels = read_provenance(save(tmp_path / "a.png", texts()))
    assert (pixels == PIXELS).all()
    for field in dataclasses.fields(Provenance):
        before, after = getattr(RECORD, field.name), getattr(record, field.name)
        if isinstance(before, np.ndarray):
            assert after.dtype == before.dtype
            assert (after == before).all()
        else:
            assert after == before, field.name
    assert record.size == (6, 4)


@pytest.mark.parametrize("result", [None, (12, 8)])
def test_regions_of_the_texture_are_read_back(tmp_path: Path, result: tuple[int, int] | None) -> None:
    regions = (np.arange(24, dtype=np.uint16) * 2500).reshape(6, 4)
    record = dataclasses.replace(RECORD, texture=2**63 - 1, texture_regions=regions, result=result)
    pixels = PIXELS if result is None else PIXELS.repeat(2, 0).repeat(2, 1)
    read, _ = read_provenance(save(tmp_path / "a.png", texts(record), pixels))
    assert (read.texture, read.result) == (2**63 - 1, result)
    assert read.texture_regions is not None
    assert read.texture_regions.dtype == np.uint16
    assert (read.texture_regions == regions).all()
    assert json.loads(texts(record)[KEYWORD])["format"] == 3  # older versions say that it is newer than they are
    assert json.loads(texts()[KEYWORD])["format"] == 1


@pytest.mark.parametrize("label_set", [load_label_set("ade20k"), LabelSet("Mine", (Label(3, "dragon", (1, 2, 3)),), None)])
def test_label_sets_that_were_given_are_kept(tmp_path: Path, label_set: LabelSet) -> None:
    given = dataclasses.replace(RECORD, options=PublishedOptions(label_set=label_set, unlabeled="last"))
    record, _ = read_provenance(save(tmp_path / "a.png", texts(given)))
    assert record.options == given.options


def test_what_is_not_there_stays_away(tmp_path: Path) -> None:
    bare = dataclasses.replace(RECORD, instances=None, z=None, seed=None, label_set="", label_names={}, options=PublishedOptions())
    record, _ = read_provenance(save(tmp_path / "a.png", texts(bare)))
    assert record.instances is None
    assert record.z is None
    assert record.seed is None
    assert record.label_names == {}


def test_the_layout_is_small_in_the_file(tmp_path: Path) -> None:
    labels = np.repeat(np.arange(4, dtype=np.uint8), 2048 * 512).reshape(2048, 2048)
    assert len(pack_layout(labels, None)[f"{KEYWORD}-labels"]) < 20_000


def test_pictures_of_other_programs_say_nothing(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "other.png")
    Image.fromarray(PIXELS).save(tmp_path / "photo.jpg")
    (tmp_path / "text.png").write_text("text")
    for name in ("other.png", "photo.jpg", "text.png", "missing.png"):
        with pytest.raises(LabelError, match=name):
            read_provenance(tmp_path / name)


def settings(**changes: Any) -> dict[str, str]:
    changed = {**json.loads(texts()[KEYWORD]), **changes}
    return {**texts(), KEYWORD: json.dumps({key: value for key, value in changed.items() if value != "drop"})}


def packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()


HOSTILE: dict[str, dict[str, str]] = {
    "no JSON": {**texts(), KEYWORD: "{"},
    "deep JSON": {**texts(), KEYWORD: "[" * 200_000},
    "long JSON": {**texts(), KEYWORD: json.dumps("x" * (1 << 20))},
    "a list": {**texts(), KEYWORD: "[]"},
    "newer format": settings(format=4),
    "no result": settings(format=2),
    "no regions": settings(format=3),
    "regions of an older format": {**texts(), f"{KEYWORD}-texture-regions": packed(bytes(48))},
    "short regions": {**settings(format=3), f"{KEYWORD}-texture-regions": packed(bytes(24))},
    "bomb of regions": {**settings(format=3), f"{KEYWORD}-texture-regions": packed(bytes(1 << 26))},
    "huge": settings(width=8193),
    "no width": settings(width="drop"),
    "wide number": settings(width=10**30),
    "fraction": settings(height=6.0),
    "true": settings(height=True),
    "unknown entry": settings(command="rm"),
    "device of control characters": settings(device="\x1b[2J"),
    "long name": settings(weights="x" * 201),
    "other dtype": settings(dtype="int8"),
    "no hash": settings(weights_sha256="../../etc/passwd"),
    "z no base64": settings(z="?"),
    "z of odd bytes": settings(z="AAA="),
    "z not finite": settings(z=base64.b64encode(np.array([np.nan], "<f4").tobytes()).decode()),
    "z too long": settings(z=base64.b64encode(bytes(4 * 65537)).decode()),
    "names by word": settings(labels={"one": "x"}),
    "names out of range": settings(labels={"256": "x"}),
    "names no text": settings(labels={"1": 5}),
    "options": settings(options={"weights": "/etc/passwd"}),
    "upsampling": settings(options={"upsampling": "infinite"}),
    "path as label set": settings(options={"label_set": "/etc/passwd"}),
    "label set": settings(options={"label_set": {"name": "x"}}),
    "aspect": settings(options={"aspect_ratio": float("nan")}),
    "truncation": settings(truncation=1e400),
    "bomb": {**texts(), f"{KEYWORD}-labels": packed(bytes(1 << 26))},
    "short layout": {**texts(), f"{KEYWORD}-labels": packed(bytes(23))},
    "long instances": {**texts(), f"{KEYWORD}-instances": packed(bytes(49))},
    "cut layout": {**texts(), f"{KEYWORD}-labels": base64.b64encode(zlib.compress(bytes(24))[:-2]).decode()},
    "no zlib": {**texts(), f"{KEYWORD}-labels": base64.b64encode(b"layout").decode()},
    "no base64": {**texts(), f"{KEYWORD}-labels": "ä"},
    "no layout": pack_settings(RECORD),
    "another size": settings(width=6, height=4),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_an_error_that_names_the_file(tmp_path: Path, name: str) -> None:
    path = save(tmp_path / "hostile.png", HOSTILE[name])
    with pytest.raises(LabelError) as caught:
        read_provenance(path)
    message = str(caught.value)
    assert str(path) in message
    assert len(message) < 1000
    assert message.isprintable()


def test_compressed_text_bombs_stop_early(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text(KEYWORD, " " * (1 << 26), zip=True)
    Image.fromarray(PIXELS).save(tmp_path / "bomb.png", pnginfo=info)
    with pytest.raises(LabelError, match=r"bomb\.png"):
        read_provenance(tmp_path / "bomb.png")


def test_a_layout_of_noise_is_refused_before_it_is_written() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8192, 6144), np.uint8)
    with pytest.raises(LabelError, match="irregular"):
        pack_layout(noise, None)


def test_results_are_read_back_and_older_versions_do_not_take_them_for_theirs(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (12, 9, 3), np.uint8)
    given = dataclasses.replace(RECORD, result=(12, 9), detail="full", detail_name="x4", detail_sha256="ab" * 32)
    record, _ = read_provenance(save(tmp_path / "a.png", texts(given), pixels))
    assert (record.result, record.detail, record.detail_name, record.detail_sha256) == ((12, 9), "full", "x4", "ab" * 32)
    assert record.size == (6, 4)
    assert record.picture_size == (12, 9)
    assert json.loads(texts(given)[KEYWORD])["format"] == 2
    assert json.loads(texts()[KEYWORD])["format"] == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"detail": "best"}, "detail is 'best'"),
        ({"detail_sha256": ""}, "detail_sha256 is no SHA-256"),
        ({"detail_sha256": "../../x"}, "detail_sha256 is no SHA-256"),
        ({"result_width": 0}, "result_width is 0"),
        ({"result_height": 10**9}, "result_height is"),
        ({"result_width": None}, "is not whole"),
        ({"detail_name": "a\x1b[2J"}, "detail_name is"),
        ({"format": 1}, "is not whole"),
        ({"format": 3}, "regions of the texture with format 3"),
        ({"format": 4}, "has format 4"),
    ],
)
def test_results_out_of_bounds_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    given = dataclasses.replace(RECORD, result=(12, 9), detail="full", detail_name="x4", detail_sha256="ab" * 32)
    entries = texts(given)
    settings = json.loads(entries[KEYWORD]) | changes
    entries[KEYWORD] = json.dumps({name: value for name, value in settings.items() if value is not None or name == "z"})
    with pytest.raises(LabelError, match=message):
        read_provenance(save(tmp_path / "a.png", entries, np.zeros((12, 9, 3), np.uint8)))
