"""Whatever is read as a document can be written, and comes back: the same strictness both ways."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spade_studio.app.documents import archive, document_json
from spade_studio.app.documents.document_json import Description, parse
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.model.state import DocumentState
from spade_studio.engine.labels import LabelSet, load_label_set

COCO = load_label_set("coco_stuff")
ANY_TEXT = st.text(st.characters(), max_size=8) | st.sampled_from(["\ud800", "a\udfff", "\u0000", "é", "\u2028"])
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([10**400, 1e308, 1e15, -0.0])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


def content_of(**changes: Any) -> dict[str, Any]:
    small = {"name": "Two", "unlabeled_id": 255, "labels": [{"id": 0, "name": "sky", "color": "#0950ff"}]}
    base = {"format": document_json.FORMAT, "version": 1, "name": "Lake", "width": 4, "height": 3, "label_set": small}
    return base | changes


def state_of(description: Description) -> DocumentState:
    labels = np.zeros((description.height, description.width), np.uint8)
    label_set = LabelSet.from_json(description.label_set)
    return DocumentState(labels, label_set, description.name, None, description.style, None, description.protected)


def opens_and_saves_or_is_refused(content: bytes) -> bool:
    try:
        first = parse(content, "a.ora")
    except DocumentError:
        return False
    second = parse(document_json.to_json(state_of(first)), "a.ora")
    assert (first.name, first.style, first.protected) == (second.name, second.style, second.protected)
    assert LabelSet.from_json(first.label_set) == LabelSet.from_json(second.label_set)
    return True


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(ANY_TEXT, ANY_JSON, max_size=3), ANY_TEXT, ANY_TEXT, ANY_JSON)
def test_what_is_read_is_written_and_read_again(style: Any, name: str, note: str, protected: Any) -> None:
    label_set = content_of()["label_set"] | {"note": note}
    content = json.dumps(content_of(style=style, name=name, label_set=label_set, protected=protected)).encode()
    opens_and_saves_or_is_refused(content)
    opens_and_saves_or_is_refused(json.dumps(content_of(style=style)).replace("255", "1e999").encode())


@pytest.mark.parametrize("number", ["1e999", "-1e999", "[1e999]", '{"a": 1e400}', '"\\ud83d"', '{"\\udc00": 1}'])
def test_numbers_and_texts_that_could_not_be_written_are_not_read(number: str) -> None:
    content = json.dumps(content_of(style={"x": "HERE"})).replace('"HERE"', number).encode()
    with pytest.raises(DocumentError, match="cannot be saved"):
        parse(content, "a.ora")


def test_what_would_grow_beyond_the_limit_is_not_read() -> None:
    numbers = ",".join(["1e15"] * 600_000)
    content = json.dumps(content_of(style={"x": "HERE"})).replace('"HERE"', f"[{numbers}]").encode()
    assert len(content) < document_json.MAX_JSON_BYTES
    with pytest.raises(DocumentError, match="when it is saved"):
        parse(content, "a.ora")


@pytest.mark.parametrize("style", [{"x": "a" * 2_000_000}, {"x": [0] * 200_000}])
def test_what_shrinks_well_opens_again(style: Any) -> None:
    state = DocumentState(np.zeros((3, 4), np.uint8), COCO, "Lake", None, style)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ora"
        archive.save_document(path, state)
        assert archive.load_document(path).style == style
        with zipfile.ZipFile(path) as file:
            assert all(info.file_size <= 200 * max(info.compress_size, 328) for info in file.infolist())
