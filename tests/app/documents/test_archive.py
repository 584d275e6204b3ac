"""Documents written and read: exact for every state, a valid OpenRaster, the old file or the new one whatever fails."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import textwrap
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from spade_studio.app.documents import archive, document_json, guarded_zip
from spade_studio.app.documents.errors import DocumentError, SaveError
from spade_studio.app.model.state import MAX_NAME, DocumentState, Snapshot, Underlay
from spade_studio.engine.interruption import interruptible
from spade_studio.engine.labels import Label, LabelSet, load_label_set
from spade_studio.engine.rendering.frame_sizes import SizeWish

COCO = load_label_set("coco_stuff")
SMALL = LabelSet("Two", (Label(0, "sky", (9, 80, 255)), Label(3, "sea & <shore>", (0, 40, 90), synonyms=("océan",))), 255, "made here")


def plane(seed: int, size: tuple[int, ...], top: int, dtype: type) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, top, size, dtype=dtype)


NAMES = st.text(max_size=MAX_NAME).filter(str.isprintable)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


SIZES = [None, SizeWish(), SizeWish("automatic"), SizeWish("layout"), SizeWish("side", 512), SizeWish("exact", exact=(1, 8192))]


@st.composite
def states(draw: st.DrawFn) -> DocumentState:
    size = (draw(st.integers(1, 40)), draw(st.integers(1, 40)))
    seeds = st.integers(0, 2**31)

    def instances() -> np.ndarray | None:
        return plane(draw(seeds), size, 65536, np.uint16) if draw(st.booleans()) else None

    def underlay() -> Underlay | None:
        if draw(st.booleans()):
            return None
        return Underlay(plane(draw(seeds), (draw(st.integers(1, 50)), 7, 3), 256, np.uint8), draw(st.floats(0, 1)), draw(st.booleans()))

    # A document that was cropped has snapshots of its old size.
    old = (size[0] + 3, size[1])
    snapshots = [Snapshot(name, plane(draw(seeds), old, 256, np.uint8)) for name in draw(st.lists(NAMES, max_size=2))]
    snapshots += [Snapshot("objects", plane(draw(seeds), size, 256, np.uint8), instances())]
    return DocumentState(
        labels=plane(draw(seeds), size, 256, np.uint8),
        label_set=draw(st.sampled_from([COCO, SMALL])),
        name=draw(NAMES),
        instances=instances(),
        style=draw(st.dictionaries(st.text(), JSON, max_size=3)),
        underlay=underlay(),
        protected=frozenset(draw(st.sets(st.integers(0, 255), max_size=5))),
        snapshots=tuple(snapshots),
        texture_regions=instances(),
        picture_size=draw(st.sampled_from(SIZES)),
    )


def assert_same(one: DocumentState, two: DocumentState) -> None:
    def same(left: np.ndarray | None, right: np.ndarray | None) -> None:
        assert (left is None) == (right is None)
        if left is not None and right is not None:
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)

    same(one.labels, two.labels)
    same(one.instances, two.instances)
    same(one.texture_regions, two.texture_regions)
    plain = ("label_set", "name", "style", "protected", "picture_size")
    assert [getattr(one, name) for name in plain] == [getattr(two, name) for name in plain]
    assert (one.underlay is None) == (two.underlay is None)
    if one.underlay and two.underlay:
        same(one.underlay.picture, two.underlay.picture)
        assert (one.underlay.opacity, one.underlay.visible) == (two.underlay.opacity, two.underlay.visible)
    assert [snapshot.name for snapshot in one.snapshots] == [snapshot.name for snapshot in two.snapshots]
    for left, right in zip(one.snapshots, two.snapshots, strict=True):
        same(left.labels, right.labels)
        same(left.instances, right.instances)


@settings(max_examples=40, deadline=None)
@given(states(), st.booleans())
def test_every_state_comes_back_exactly(state: DocumentState, layers: bool):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ora"
        archive.save_document(path, state, layers=layers)
        assert_same(archive.load_document(path), state)
        assert max(archive.load_thumbnail(path).shape[:2]) <= 256


def full_state() -> DocumentState:
    size = (300, 420)
    photo = plane(5, (100, 140, 3), 256, np.uint8)
    return DocumentState(plane(1, size, 182, np.uint8), COCO, "Lake", plane(2, size, 65536, np.uint16), {"seed": 76}, Underlay(photo))


def test_it_is_an_openraster_by_the_letter_of_its_specification(tmp_path):
    state = full_state()
    render = plane(6, (150, 210, 3), 256, np.uint8)
    archive.save_document(tmp_path / "a.ora", state, render)
    raw = (tmp_path / "a.ora").read_bytes()
    assert raw[:4] == b"PK\x03\x04"
    assert raw[30 : 30 + 8 + 16] == b"mimetypeimage/openraster"
    with zipfile.ZipFile(tmp_path / "a.ora") as file:
        assert file.testzip() is None
        assert {info.compress_type for info in file.infolist()} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
        root = ElementTree.fromstring(file.read("stack.xml"))
        assert (root.tag, root.get("w"), root.get("h")) == ("image", "420", "300")
        assert [child.tag for child in root] == ["stack"]
        assert [(child.tag, child.get("name")) for child in root[0]] == [("layer", "Render"), ("stack", "Labels"), ("layer", "Underlay")]
        layers = root.findall(".//layer")
        sources = [str(layer.get("src")) for layer in layers]
        assert sorted(sources) == sorted(name for name in file.namelist() if name.startswith("data/"))
        with Image.open(io.BytesIO(file.read("mergedimage.png"))) as image:
            assert image.size == (420, 300)
        merged = Image.new("RGBA", (420, 300))
        for layer in layers[1:-1]:
            with Image.open(io.BytesIO(file.read(str(layer.get("src"))))) as image:
                assert (image.mode, image.format) == ("RGBA", "PNG")
                merged.alpha_composite(image, (int(str(layer.get("x"))), int(str(layer.get("y")))))
        assert file.read("mergedimage.png") == file.read("data/render.png")
        np.testing.assert_array_equal(np.asarray(merged.convert("RGB")), COCO.palette()[state.labels])
        thumbnail = file.read("Thumbnails/thumbnail.png")
        with Image.open(io.BytesIO(thumbnail)) as image:
            assert image.size == (256, 182)
        assert thumbnail[28] == 0  # not interlaced


def test_the_same_document_makes_the_same_bytes(tmp_path):
    for name in ("a.ora", "b.ora"):
        archive.save_document(tmp_path / name, full_state())
    assert (tmp_path / "a.ora").read_bytes() == (tmp_path / "b.ora").read_bytes()


def test_a_small_picture_is_not_enlarged_for_its_thumbnail(tmp_path):
    archive.save_document(tmp_path / "a.ora", DocumentState(plane(1, (20, 30), 99, np.uint8), SMALL))
    assert archive.load_thumbnail(tmp_path / "a.ora").shape == (20, 30, 3)


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    path = tmp_path / "a.ora"
    archive.save_document(path, full_state())
    before = path.read_bytes()
    deep: list = []
    for _ in range(document_json.MAX_JSON_DEPTH):
        deep = [deep]
    with pytest.raises(DocumentError, match="nested"):
        archive.save_document(path, DocumentState(full_state().labels, COCO, style={"deep": deep}))
    with pytest.raises(DocumentError, match="printable"):
        archive.save_document(path, DocumentState(full_state().labels, COCO, name="a\nb"))
    assert path.read_bytes() == before


@pytest.mark.parametrize("layers", [False, True])
def test_what_would_be_too_large_to_open_does_not_take_the_old_file(tmp_path, monkeypatch, layers):
    path = tmp_path / "a.ora"
    archive.save_document(path, DocumentState(np.zeros((9, 9), np.uint8), SMALL))
    before = path.read_bytes()
    monkeypatch.setattr(guarded_zip, "MAX_TOTAL_BYTES", 100_000)
    with pytest.raises(DocumentError, match=r"a\.ora could not be opened again.*Remove snapshots"):
        archive.save_document(path, full_state(), layers=layers)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.ora"]


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path, monkeypatch):
    path = tmp_path / "a.ora"
    archive.save_document(path, full_state())
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SaveError, match=r"no space left on device.*Save As"):
        archive.save_document(path, DocumentState(np.zeros((9, 9), np.uint8), SMALL))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.ora"]


# Saves over a document again and again; the n-th time, the n-th thing that reaches the operating system ends it: by kill -9 or by an error.
_FAULTS = textwrap.dedent("""
    import os, pathlib, signal, sys
    import numpy as np
    from spade_studio.app.documents import archive
    from spade_studio.app.documents.errors import SaveError
    from spade_studio.app.model.state import DocumentState
    from spade_studio.engine.labels import load_label_set

    folder, how = pathlib.Path(sys.argv[1]), sys.argv[2]
    coco = load_label_set("coco_stuff")
    old, new = (DocumentState(np.random.default_rng(n).integers(150, 153, (40, 50), dtype=np.uint8), coco, str(n)) for n in (1, 2))
    path = folder / "a.ora"
    archive.save_document(path, old)
    left = -1
    real_open, real_fsync, real_replace = pathlib.Path.open, os.fsync, pathlib.Path.replace

    def count():
        global left
        left -= 1
        if left == 0:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(5, "Input/output error")

    class Counted:
        def __init__(self, file): self.file = file
        def write(self, data):
            half = len(data) // 2
            self.file.write(data[:half])
            self.file.flush()
            count()
            self.file.write(data[half:])
            return len(data)
        def __getattr__(self, name): return getattr(self.file, name)
        def __enter__(self): return self
        def __exit__(self, *error): self.file.close()

    def counted_open(self, mode="r", *rest, **more):
        file = real_open(self, mode, *rest, **more)
        return Counted(file) if mode == "xb" else file
    def counted_fsync(descriptor):
        count()
        real_fsync(descriptor)
    def counted_replace(self, target):
        count()
        return real_replace(self, target)

    survived = 0
    for number in range(1, 1000):
        child = os.fork()
        if child == 0:
            pathlib.Path.open, os.fsync, pathlib.Path.replace = counted_open, counted_fsync, counted_replace
            left = number
            try:
                archive.save_document(path, new)
            except SaveError:
                os._exit(7)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        state = archive.load_document(path)
        if status == 0:
            assert state.name == "2" and (state.labels == new.labels).all()
            break
        assert status == (-signal.SIGKILL if how == "kill" else 7), status
        if how == "kill" and state.name == "2":  # killed between the renaming and the end
            assert (state.labels == new.labels).all(), number
            archive.save_document(path, old)
            continue
        assert state.name == "1" and (state.labels == old.labels).all(), number
        if how == "error":
            assert [entry.name for entry in folder.iterdir()] == ["a.ora"]
        survived += 1
    print(survived)
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="ends forked processes")
@pytest.mark.parametrize("how", ["kill", "error"])
def test_whatever_write_a_save_dies_at_the_old_file_is_whole(tmp_path, how):
    done = subprocess.run([sys.executable, "-c", _FAULTS, str(tmp_path), how], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


class GivenUpError(Exception):
    """Raised where nobody waits any more."""


def test_reading_ends_where_nobody_waits_for_it_any_more(tmp_path):
    labels = plane(0, (512, 512), 180, np.uint8)
    state = DocumentState(labels, COCO, instances=labels.astype(np.uint16), underlay=Underlay(plane(1, (256, 256, 3), 255, np.uint8)))
    archive.save_document(tmp_path / "a.ora", state)
    looks: list[int] = []
    last: list[int] = []

    def count() -> None:
        looks.append(len(looks))
        if looks[-1] in last:
            raise GivenUpError

    with interruptible(count):
        archive.load_document(tmp_path / "a.ora")
    assert len(looks) > 20
    for at in (0, len(looks) // 2, len(looks) - 1):
        looks.clear()
        last[:] = [at]
        with interruptible(count), pytest.raises(GivenUpError):
            archive.load_document(tmp_path / "a.ora")
