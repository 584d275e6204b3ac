"""Readers of what others wrote, given nonsense with a fixed seed: each raises its own error and nothing else."""

from __future__ import annotations

import copy
import json
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set
from spade_studio.engine.pictures import provenance
from spade_studio.engine.pictures.instance_maps import read_instance_map
from spade_studio.engine.pictures.label_maps import LABEL_SET_KEY, read_label_picture
from spade_studio.engine.pictures.map_readings import readings, settle
from spade_studio.engine.pictures.photographs import read_style_image
from spade_studio.engine.pictures.picture_files import write_picture
from spade_studio.engine.pictures.provenance import KEYWORD, Provenance, pack_layout, pack_settings, read_provenance
from spade_studio.engine.weights import inspect_weights
from spade_studio.engine.weights.bundle import METADATA_KEY
from spade_studio.engine.weights.info import PublishedOptions

MINE = LabelSet("Mine", tuple(label for label in load_label_set("coco_stuff").labels if label.id in (156, 168)), 255)
# What stands in JSON as it is: some of it no number that Python's floats have, or no text of Unicode.
NONSENSE = (
    "null", "true", "[]", "{}", '""', "0", "-1", "1.5", "256", "1e999", "-1e999", "1e-999", "NaN", "Infinity", "9" * 400, "9" * 5000,
    '"\\ud800"', '"\\u0000"', '"\\u001b[2J"', '"\\u202e"', '"' + "x" * 300 + '"', '"1e999"', '"#12345g"', "[[[[[]]]]]", '{"a": 1e999}',
    "[1e999]", "[" * 2000 + "]" * 2000, '{"": {}}', '"/dev/zero"', '"coco_stuff"', '"AAAA"', '"eJwDAAAAAAE="',
)  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:3]):
            yield from places(inner, (*at, number))


def nonsense_of(value: Any, most: int = 400) -> Iterator[str]:
    """Yield the JSON of a value with one place after the other replaced by nonsense, taken out, or given another name."""
    found = list(places(value))
    pairs = [(at, text) for at in found for text in NONSENSE]
    random.Random(0).shuffle(pairs)
    for at, text in pairs[:most]:
        changed = copy.deepcopy(value)
        if not at:
            yield text
            continue
        holder = changed
        for step in at[:-1]:
            holder = holder[step]
        holder[at[-1]] = "\ue000"
        yield json.dumps(changed).replace(json.dumps("\ue000"), text)
    for at in found:
        if at and isinstance(at[-1], str):
            changed = copy.deepcopy(value)
            holder = changed
            for step in at[:-1]:
                holder = holder[step]
            holder["other\ud800"] = holder.pop(at[-1])
            yield json.dumps(changed)


def only_own_errors(read: Callable[[], object], what: str) -> None:
    told = "nothing"
    try:
        read()
    except EngineError as error:
        told = str(error)
    except BaseException as error:
        raise AssertionError(f"{type(error).__name__} for {what[:300]}") from error
    assert told.encode(), what


def rendered() -> Provenance:
    labels = np.array([[156, 168, 168]], np.uint8)
    options = PublishedOptions(label_set=MINE, upsampling="normal", crop_size=64, aspect_ratio=1.0, unlabeled="last")
    names = {156: "sky", 168: "tree"}
    return Provenance(
        labels, np.zeros((1, 3), np.uint16), np.zeros(4, np.float32), "cpu", "avx2", "float32", "fast", "w", "0" * 64, "Mine", names, "1",
        "2", 3, 1.0, options,
    )  # fmt: skip


def test_what_rendered_pictures_say_of_themselves(tmp_path: Path) -> None:
    about = rendered()
    texts = {**pack_settings(about), **pack_layout(about.labels, about.instances)}
    write_picture(tmp_path / "a.png", np.zeros((1, 3, 3), np.uint8), "png", texts)
    assert read_provenance(tmp_path / "a.png")[0].options.label_set == MINE
    for text in nonsense_of(json.loads(texts[KEYWORD])):
        only_own_errors(lambda text=text: provenance._parse({**texts, KEYWORD: text}, "a.png"), text)
    for key in (name for name in texts if name.startswith(f"{KEYWORD}-")):
        for text in ("", "AAAA", "é", "=" * 9, "\ud800", texts[key][:-2], texts[KEYWORD]):
            only_own_errors(lambda key=key, text=text: provenance._parse({**texts, key: text}, "a.png"), text)


@pytest.mark.parametrize("parse", [LabelSet.from_json, LabelChannels.from_json], ids=["label set", "channels"])
def test_label_sets_and_channels(parse: Callable[[object], object], tmp_path: Path) -> None:
    channels = LabelChannels.from_label_set(MINE, [156, 168], "last", edge=True)
    good = MINE.to_json() if parse == LabelSet.from_json else channels.to_json()
    parse(good)
    for text in nonsense_of(good):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        only_own_errors(lambda value=value: parse(value), text)
        if parse == LabelSet.from_json:
            (tmp_path / "a.json").write_text(text)
            only_own_errors(lambda: load_label_set(tmp_path / "a.json"), text)


def test_label_sets_that_label_maps_name(tmp_path: Path) -> None:
    Image.fromarray(np.array([[156, 168]], np.uint8)).save(tmp_path / "a.png")
    picture = read_label_picture(tmp_path / "a.png")
    for text in nonsense_of(MINE.to_json(), 200):
        named = type(picture)(picture.where, "grey", picture.places, picture.counts, None, text)
        only_own_errors(lambda named=named: (settle(named, MINE), readings(named, MINE)), text)
    assert LABEL_SET_KEY.startswith(KEYWORD)


def test_bundles(tmp_path: Path, tiny_weights: Path) -> None:
    content = tiny_weights.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    path = tmp_path / "a.safetensors"

    def written(text: str) -> Path:
        raw = text.encode("utf-8", "surrogatepass")
        path.write_bytes(struct.pack("<Q", len(raw)) + raw + data)
        return path

    description = json.loads(header["__metadata__"][METADATA_KEY])
    for text in nonsense_of(description, 250):
        header["__metadata__"][METADATA_KEY] = text
        only_own_errors(lambda: inspect_weights(written(json.dumps(header))), text)
    header["__metadata__"][METADATA_KEY] = json.dumps(description)
    small = dict(list(header.items())[:4])
    for text in nonsense_of(small, 150):
        only_own_errors(lambda text=text: inspect_weights(written(text)), text)


@pytest.mark.parametrize("kind", ["grey", "palette", "rgb", "rgba", "deep", "jpeg", "webp", "gif", "tiff"])
def test_pictures_with_bytes_turned(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 180, (24, 31), np.uint8)
    image = Image.fromarray({"deep": ids.astype(np.uint16)}.get(kind, ids))
    if kind == "palette":
        image = image.convert("P")
    elif kind in ("rgb", "rgba", "jpeg", "webp"):
        image = image.convert("RGBA" if kind == "rgba" else "RGB")
    path = tmp_path / "a.png"
    image.save(path, kind.upper() if kind in ("jpeg", "webp", "gif", "tiff") else "PNG")
    whole = path.read_bytes()
    for number in range(60):
        content = bytearray(whole)
        for _ in range(1 + number % 4):
            content[int(rng.integers(len(content)))] = int(rng.integers(256))
        path.write_bytes(content[: len(content) - (number % 3) * int(rng.integers(len(content)) // 3)])
        for read in (read_label_picture, read_instance_map, read_style_image, read_provenance, provenance.has_provenance):
            only_own_errors(lambda read=read: read(path), f"{kind} {number} {read.__name__}")
