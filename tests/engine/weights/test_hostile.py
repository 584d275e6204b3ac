"""Files that are damaged, or made to harm: each is a clear error within seconds, and nothing in it runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import time
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, GeneratorConfig
from spade_studio.engine.weights import PublishedOptions, describe, inspect_weights, load_weights, safetensors_header, torch_file

Build = Callable[[AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig], dict[str, Tensor]]
Write = Callable[..., Path]
OPTIONS = PublishedOptions(upsampling="normal", crop_size=64, aspect_ratio=1.0)


def refusal(path: Path) -> str:
    """Return the message that loading and inspecting give; both must refuse, and soon."""
    start = time.perf_counter()
    with pytest.raises(WeightsError) as inspected:
        inspect_weights(path, OPTIONS)
    with pytest.raises(WeightsError) as loaded:
        load_weights(path, OPTIONS)
    assert time.perf_counter() - start < 10
    assert str(inspected.value) == str(loaded.value)
    assert inspected.value.found
    assert inspected.value.expected
    assert inspected.value.action
    return str(inspected.value)


@pytest.mark.parametrize("form", ["zip", "older format", "safetensors"])
def test_sizes_are_those_of_the_file_that_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """A file that takes its place meanwhile is another file."""
    module = safetensors_header if form == "safetensors" else torch_file
    path, original = tmp_path / "a.pth", module.open_regular

    def opened(path: Path) -> Any:
        file = original(path)
        path.replace(tmp_path / "opened")
        path.write_bytes(b"short")
        return file

    monkeypatch.setattr(module, "open_regular", opened)
    state = {"a": torch.zeros(3, 2)}
    if form == "safetensors":
        safetensors.torch.save_file(state, path)
        entries = safetensors_header.checked_entries(safetensors_header.read_safetensors_header(path))
    else:
        torch.save(state, path, _use_new_zipfile_serialization=form == "zip")
        entries = torch_file.read_torch_file(path, zipped=form == "zip").entries
    assert {name: entry.shape for name, entry in entries.items()} == {"a": (3, 2)}


class RunsCode:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("form", ["zip", "older format", "plain pickle", "inside a state dict", "protocol 4", "named .safetensors"])
def test_code_in_a_file_never_runs(form: str, tmp_path: Path, tiny: GeneratorConfig, build: Build) -> None:
    marker, path = tmp_path / "marker", tmp_path / ("file.safetensors" if form == "named .safetensors" else "file.pth")
    payload: object = RunsCode(marker)
    if form in ("inside a state dict", "named .safetensors"):
        payload = build(tiny) | {"conv_img.bias": payload}
    if form == "plain pickle":
        path.write_bytes(pickle.dumps(payload))
    elif form == "protocol 4":
        torch.save(payload, path, pickle_protocol=4)
    else:
        torch.save(payload, path, _use_new_zipfile_serialization=form != "older format")
    message = refusal(path)
    assert not marker.exists()
    wanted = {"plain pickle": "is a Python pickle", "protocol 4": "protocol 4", "named .safetensors": "named .safetensors but holds"}
    assert wanted.get(form, f"asks for {os.mkdir.__module__}.mkdir") in message
    if "safetensors" not in form:
        assert "Nothing of" in message
        # The payload is a real one: unpickling it runs.
        pickle.loads(pickle.dumps(RunsCode(marker)))
        assert marker.is_dir()


def test_allowed_names_cannot_be_used_as_functions(tmp_path: Path) -> None:
    """A pickle that only names what state dicts need, but calls it otherwise."""
    path = tmp_path / "file.pth"
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
    bodies = [
        b"ctorch\nFloatStorage\nM\xff\xff\x85R.",
        b"ccollections\nOrderedDict\n]q\x00h\x00a\x85R.",
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00K\x04\x85K\x01\x85\x89}tR.",
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00J\xff\xff\xff\x7f\x85K\x00\x85\x89}tR.",
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x03K\x02\x85K\x01\x85\x89}tR.",
        b"(lp0\n.",
        b"}(K\x01K\x02K\x03u.",
        b"K\x01K\x02s.",
        b"}K\x01b.",
        b"0.",
        b"h\x05.",
        b"",
    ]
    for body in bodies:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02" + body)
            archive.writestr("archive/data/0", bytes(16))
        refusal(path)


def test_memory_bombs_are_refused_early(tmp_path: Path, tiny: GeneratorConfig, build: Build) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(50_000_000))
        archive.writestr("archive/data/0", bytes(50_000_000))
    assert "compressed or encrypted" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + b"]" * 5_000_000)
    assert "table of contents of 5,000,002 bytes" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(20_001):
            archive.writestr(f"{i}", b"")
    assert "zip directory of 20,001 entries" in refusal(path)
    state: dict[str, Tensor] = OrderedDict((f"{i}", torch.zeros(1)) for i in range(10_001))
    torch.save(state, path, _use_new_zipfile_serialization=False)
    assert "10,001 tensors" in refusal(path)
    shared = torch.zeros(1000)
    torch.save({f"tensor {i}": shared for i in range(100)}, path)
    assert "share their numbers" in refusal(path)
    torch.save({"conv_img.weight": torch.zeros(1).expand(1 << 20, 1 << 20)}, path)
    assert "does not fit in the 1 numbers stored" in refusal(path)


def test_a_sparse_file_of_great_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.pth"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(5 << 30)
    assert "5.0 GiB. Expected at most 4 GiB" in refusal(path)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's memory is read as on Linux")
def test_memory_stays_bounded(tmp_path: Path, bundle: Write) -> None:
    """Files of a few kilobytes that claim gigabytes."""
    legacy = tmp_path / "legacy.pth"
    torch.save({"conv_img.weight": torch.zeros(4)}, legacy, _use_new_zipfile_serialization=False)
    content = legacy.read_bytes()
    assert content.count(b"K\x04") >= 2
    # Four numbers become two thousand million: in the storage's description, and in the tensor's shape.
    legacy.write_bytes(content.replace(b"K\x04", b"J\xff\xff\xff\x7f"))
    entry = {"dtype": "F32", "shape": [1 << 33], "data_offsets": [0, 1 << 35]}
    with safetensors.safe_open(bundle(), "pt") as file:
        write_header(tmp_path / "a.safetensors", entry, file.metadata())
    (tmp_path / "b.safetensors").write_bytes(struct.pack("<Q", (1 << 62)) + b"{" * 100)
    code = """
import resource, sys
from pathlib import Path
import torch
from spade_studio.engine.errors import WeightsError
from spade_studio.engine.weights import load_weights
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[1:]:
    try:
        load_weights(Path(name))
    except WeightsError as error:
        print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    files = [str(legacy), str(tmp_path / "a.safetensors"), str(tmp_path / "b.safetensors")]
    result = subprocess.run([sys.executable, "-c", code, *files], check=True, capture_output=True, text=True)
    *messages, kilobytes = result.stdout.splitlines()
    assert len(messages) == 3
    assert int(kilobytes) < 100_000


def test_pictures_and_other_files_are_named(tmp_path: Path) -> None:
    picture = Image.fromarray(np.zeros((8, 8, 3), np.uint8))
    contents = [("empty.pth", b"", "empty.pth is empty"), ("short.safetensors", b"\x01", "no safetensors header")]
    for kind, message in (("PNG", "a PNG picture"), ("JPEG", "a JPEG picture"), ("WEBP", "a WebP picture"), ("GIF", "a GIF picture")):
        buffer = io.BytesIO()
        picture.save(buffer, kind)
        contents.append((f"photo.{kind.lower()}", buffer.getvalue(), message))
        contents.append(("photo.safetensors", buffer.getvalue(), message))
    contents += [
        ("text.pth", b"This is not a weights file.", "begins with the bytes 54 68 69 73"),
        ("text.safetensors", b"This is not a weights file.", "named .safetensors but has no safetensors header"),
        ("page.pth", b"<!DOCTYPE html><html>", "a web page"),
        ("old.tar", b"\0" * 257 + b"ustar\0" + b"\0" * 300, "a tar archive"),
        ("protocol0.safetensors", b"cos\nsystem\n(S'true'\ntR.", "no safetensors header"),
    ]
    for name, content, message in contents:
        (tmp_path / name).write_bytes(content)
        assert message in refusal(tmp_path / name)
    assert "there is no" in refusal(tmp_path / "none.pth")
    assert "holds no weights" in refusal(tmp_path)


def test_a_name_with_a_null_byte_is_an_error_like_any_other() -> None:
    with pytest.raises(WeightsError):
        load_weights(Path("a\0b.pth"))


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are of POSIX")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    assert "not an ordinary file" in refusal(tmp_path / "pipe.pth")


def test_archives_that_torch_did_not_write(tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", b"<x/>")
    assert "zip archive without data.pkl" in refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", b"\x80\x02}.")
        archive.writestr("m/constants.pkl", b"")
    assert "TorchScript program" in refusal(path)
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", b"\x80\x02}.")
        archive.writestr("M/DATA.PKL", b"\x80\x02}.")
    assert "the same name twice" in refusal(path)


def test_numbers_of_another_length_than_the_table_says(tmp_path: Path, tiny: GeneratorConfig, build: Build) -> None:
    torch.save(build(tiny), tmp_path / "good.pth")
    path = tmp_path / "bad.pth"
    with zipfile.ZipFile(tmp_path / "good.pth") as good, zipfile.ZipFile(path, "w") as bad:
        for record in good.infolist():
            content = good.read(record)
            bad.writestr(record.filename, content[:-4] if record.filename.endswith("data/5") else content)
    assert "as its table of contents says" in refusal(path)


@pytest.mark.parametrize("form", ["zip", "older format", "bundle"])
def test_a_file_cut_off_anywhere_is_refused(form: str, tmp_path: Path, tiny: GeneratorConfig, build: Build, bundle: Write) -> None:
    if form == "bundle":
        path = bundle()
    else:
        path = tmp_path / "file.pth"
        torch.save(build(tiny), path, _use_new_zipfile_serialization=form == "zip")
    content = path.read_bytes()
    for length in (1, 7, 8, 12, 40, 200, 5000, len(content) // 2, len(content) - 30, len(content) - 1):
        path.write_bytes(content[:length])
        refusal(path)


def test_values_that_are_not_finite_name_their_entries(tiny: GeneratorConfig, build: Build, published: Write, bundle: Write) -> None:
    state = build(tiny) | {"conv_img.bias": torch.tensor([1.0, torch.nan, 1.0])}
    message = "latest_net_G.pth has values that are not finite (NaN or infinite): 1 entries (conv_img.bias)"
    assert message in refusal(published(latest_net_G=state))
    large = build(tiny) | {"conv_img.bias": torch.full((3,), 1e39, dtype=torch.float64)}
    assert message in refusal(published(latest_net_G=large, legacy=True))
    path = bundle()
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata()
    tensors = safetensors.torch.load_file(path)
    tensors["encoder.fc_mu.bias"] = torch.full((4,), -torch.inf)
    safetensors.torch.save_file(tensors, path, metadata)
    with pytest.raises(WeightsError, match=r"encoder.*not finite.*fc_mu\.bias"):
        load_weights(path)


FOREIGN = {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "__metadata__": {"format": "pt"}}
HEADERS: list[tuple[object, str]] = [
    ({"__metadata__": []}, "metadata that are not texts"),
    ({"__metadata__": {"format": 3}}, "metadata that are not texts"),
    (FOREIGN, "of another program (its tensors begin a)"),
    ({}, "of another program (its tensors begin nowhere)"),
]
ENTRIES: list[tuple[object, str]] = [
    (None, "dtype none"),
    ({"dtype": "F7", "shape": [1], "data_offsets": [0, 4]}, "dtype F7"),
    ({"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}, "impossible shape"),
    ({"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}, "impossible shape"),
    ({"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}, "impossible shape"),
    ({"dtype": "F32", "shape": [1] * 9, "data_offsets": [0, 4]}, "impossible shape"),
    ({"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 4]}, "4611686018427387904] has 4 bytes"),
    ({"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}, "has -4 bytes"),
    ({"dtype": "F32", "shape": [1], "data_offsets": [0]}, "impossible shape or place"),
    ({"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}, "overlap or leave gaps at byte 0"),
    ({"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "lists tensors of 8 bytes but holds 4: it is cut off"),
    ({"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}, "lists tensors of 0 bytes but holds 4"),
]


def write_header(path: Path, header: object, metadata: dict[str, str] | None = None) -> None:
    if metadata is not None:
        header = {"__metadata__": metadata, "generator.a": header}
    text = json.dumps(header).encode().ljust(9)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))


@pytest.mark.parametrize(("header", "message"), HEADERS)
def test_headers_of_bundles(header: object, message: str, tmp_path: Path) -> None:
    write_header(tmp_path / "a.safetensors", header)
    assert message in refusal(tmp_path / "a.safetensors")


@pytest.mark.parametrize(("entry", "message"), ENTRIES)
def test_entries_of_headers_of_bundles(entry: object, message: str, tmp_path: Path, bundle: Write) -> None:
    with safetensors.safe_open(bundle(), "pt") as file:
        metadata = file.metadata()
    write_header(tmp_path / "a.safetensors", entry, metadata)
    assert message in refusal(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (struct.pack("<Q", 1 << 63) + b"{}", "header has 9,223,372,036,854,775,808 bytes. Expected at most 2 in a file of 10"),
        (struct.pack("<Q", 5 << 20) + b"{" + b" " * (6 << 20), "header has 5,242,880 bytes. Expected at most 4,194,304"),
        (struct.pack("<Q", 4) + b"{abc", "not JSON"),
        (struct.pack("<Q", 4) + b"{\xff\xfe}", "not JSON"),
        (struct.pack("<Q", 200_001) + b'{"a":' + b"[" * 200_000, "not JSON"),
        (struct.pack("<Q", 13) + b'{"a":1,"a":2}', "a name occurs twice"),
    ],
    ids=["absurd length", "too long", "broken", "not UTF-8", "deep", "repeated"],
)
def test_header_texts_of_bundles(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    assert message in refusal(tmp_path / "a.safetensors")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("form", ["zip", "older format", "bundle"])
def test_changed_bytes_load_or_are_refused(
    form: str, data: st.DataObject, tmp_path: Path, tiny_encoder: EncoderConfig, build: Build, bundle: Write
) -> None:
    good = tmp_path / f"good {form}"
    if not good.exists():
        if form == "bundle":
            good.write_bytes(bundle().read_bytes())
        else:
            torch.save(build(tiny_encoder), good, _use_new_zipfile_serialization=form == "zip")
    content = bytearray(good.read_bytes())
    # The parts that are read as structure: the beginning, and of a zip archive the end.
    places = st.one_of(st.integers(0, 3000), st.integers(len(content) - 3000, len(content) - 1))
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / f"changed {form}"
    path.write_bytes(content)
    # Any other error fails the test.
    with suppress(WeightsError):
        assert describe(inspect_weights(path))
