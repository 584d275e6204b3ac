"""Data sets as people have them: other programs' habits, archives of other systems, and names in every form."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.train.datasets import DataError, FolderDataset, open_dataset
from spade_studio.train.datasets.check import check_dataset
from spade_studio.train.datasets.sources import FolderSource, ZipSource

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="names and links of POSIX systems")


def sound(path: Path, samples: int = 2) -> bool:
    report = check_dataset(open_dataset(path))
    return not report.problems and report.samples_read == samples


@pytest.mark.parametrize("labels", ["stuffthingmaps/train2017", "labels"])
def test_maps_of_another_numbering_beside_the_ids_are_left_out(make: Any, labels: str) -> None:
    images = "train2017" if "2017" in labels else "images"
    for name in ("000000000001", "000000000002"):
        make.photo(f"{images}/{name}.jpg")
        make.map(f"{labels}/{name}.png", 156)
        make.map(f"{labels}/{name}_labelTrainIds.png", 92)
    assert sound(make.root)


def test_maps_of_another_numbering_alone_are_missing_partners(make: Any) -> None:
    make.photo("images/1.jpg")
    make.map("labels/1_labelTrainIds.png", 92)
    assert {problem.kind for problem in open_dataset(make.root).pairing_problems} == {"missing partner"}


@pytest.mark.parametrize("beside", ["README.txt", "README", "LICENSE.md"])
def test_a_text_beside_the_one_folder_does_not_matter(make: Any, tmp_path: Path, beside: str) -> None:
    make.pair("a")
    make.pair("b")
    make.zip(tmp_path / "a.zip", top="data/v1/")
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
        archive.writestr(beside, "x")
    assert sound(tmp_path / "a.zip")
    shutil.copytree(make.root, tmp_path / "outer/inner")
    (tmp_path / "outer" / beside).write_text("x")
    assert sound(tmp_path / "outer")


def test_a_folder_that_is_part_of_a_data_set_is_not_stepped_into(make: Any) -> None:
    make.photo("a.png")
    make.map("labels/a.png", 156)
    assert sound(make.root, 1)


def test_separators_of_windows_in_archives_are_separators(make: Any, tmp_path: Path) -> None:
    make.pair("a")
    make.pair("b")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in sorted(make.root.rglob("*")):
            info = zipfile.ZipInfo()
            info.filename = str(path.relative_to(make.root)).replace("/", "\\") + ("\\" if path.is_dir() else "")
            archive.writestr(info, path.read_bytes() if path.is_file() else b"")
    assert sound(tmp_path / "a.zip")
    source = ZipSource(tmp_path / "a.zip")
    assert source.names() == FolderSource(make.root).names()
    assert source.size("images/a.png") == FolderSource(make.root).size("images/a.png") > 0


@pytest.mark.parametrize(("images", "labels"), [("Images", "Labels"), ("IMAGES", "labels")])
def test_the_case_of_folders_does_not_matter(make: Any, images: str, labels: str) -> None:
    for name in ("a", "b"):
        make.photo(f"{images}/{name}.png")
        make.map(f"{labels}/{name}.png", 156)
    assert sound(make.root)
    assert [open_dataset(make.root).name(index) for index in range(2)] == ["a", "b"]


def test_the_case_of_names_matters_only_where_it_tells_files_apart(make: Any) -> None:
    make.photo("images/IMG_1.png")
    make.map("labels/img_1.png", 156)
    make.photo("images/Tree.png")
    make.photo("images/tree.png", seed=1)
    make.map("labels/Tree.png", 168)
    make.map("labels/tree.png", 123)
    dataset = open_dataset(make.root)
    assert not dataset.pairing_problems
    assert [entry.labels for entry in dataset.entries] == ["labels/img_1.png", "labels/Tree.png", "labels/tree.png"]


def test_photographs_are_called_jfif_too(make: Any) -> None:
    for name in ("a", "b"):
        make.photo(f"images/{name}.jfif", format="JPEG")
        make.map(f"labels/{name}.png", 156)
    assert sound(make.root)


@pytest.mark.parametrize(
    ("suffix", "start", "kind"),
    [(".avif", b"\0\0\0\x1cftypavif", "AVIF"), (".heic", b"\0\0\0\x18ftypheic", "HEIF"), (".jpg", b"\0\0\0\x18ftypheic", "HEIF")],
)
def test_photographs_that_cannot_be_read_are_called_what_they_are(make: Any, suffix: str, start: bytes, kind: str) -> None:
    make.pair("a")
    make.map("labels/b.png", 156)
    (make.root / f"images/b{suffix}").write_bytes(start + bytes(50))
    (problem,) = check_dataset(open_dataset(make.root)).problems
    assert problem.kind == "unreadable"
    assert f"images/b{suffix} is a picture of kind {kind}" in problem.message


@POSIX
def test_links_that_lead_up_again_are_not_followed(make: Any) -> None:
    make.pair("a")
    make.pair("b")
    (make.root / "images/again").symlink_to("..")
    (make.root / "labels/self").symlink_to(".")
    assert sound(make.root)


@POSIX
def test_links_to_folders_elsewhere_are_followed(make: Any, tmp_path: Path) -> None:
    make.pair("a")
    for part in ("images", "labels"):
        shutil.move(make.root / part, tmp_path / part)
        (make.root / part).symlink_to(tmp_path / part)
    assert sound(make.root, 1)


@POSIX
def test_pipes_and_devices_are_problems_and_do_not_hold_anybody(make: Any) -> None:
    make.pair("a")
    for name in ("b", "c"):
        make.photo(f"images/{name}.png")
    os.mkfifo(make.root / "labels/b.png")
    (make.root / "labels/c.png").symlink_to("/dev/zero")
    report = check_dataset(open_dataset(make.root))
    assert [problem.kind for problem in report.problems] == ["unreadable"] * 2
    assert "no ordinary file" in report.problems[0].message


@pytest.mark.parametrize(("photo", "label"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_accents_in_either_form_are_one_name(make: Any, photo: str, label: str) -> None:
    name = "café Zürich"
    photo, label = unicodedata.normalize(photo, name), unicodedata.normalize(label, name)  # pyright: ignore[reportArgumentType]
    make.photo(f"images/{photo}.png")
    make.map(f"labels/{label}.png", 156)
    make.map(f"instances/{label}.png", 3)
    assert sound(make.root, 1)
    assert open_dataset(make.root).name(0) == photo


def test_names_in_both_forms_stay_apart(make: Any) -> None:
    for seed, form in enumerate(("NFC", "NFD")):
        make.pair(unicodedata.normalize(form, "café"), seed=seed)  # pyright: ignore[reportArgumentType]
    assert sound(make.root, 2)


@POSIX
def test_names_that_are_not_utf8_are_names(make: Any) -> None:
    for name in (b"a", b"b", b"caf\xe9", b"d"):
        make.pair(os.fsdecode(name))
    assert sound(make.root, 4)
    dataset = open_dataset(make.root)
    assert isinstance(dataset, FolderDataset)
    training, validation = dataset.split(2)
    assert sorted([*map(training.name, range(2)), *map(validation.name, range(2))]) == sorted(map(dataset.name, range(4)))
    (make.root / os.fsdecode(b"images/caf\xe9.png")).write_bytes(b"damaged")
    report = check_dataset(dataset)
    assert "caf\N{REPLACEMENT CHARACTER}.png cannot be read" in report.to_text()
    assert report.to_text().encode()


def test_a_file_that_is_no_archive_is_named(tmp_path: Path, make_at: Callable[[str], Any]) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    for name in ("a.zip", "none.zip"):
        with pytest.raises(DataError, match=name):
            open_dataset(tmp_path / name)


def test_what_photographs_hide_under_transparency_does_not_matter(make: Any) -> None:
    for hidden in (0, 255):
        pixels = np.full((6, 8, 4), hidden, np.uint8)
        pixels[..., 3] = 0
        make.pair(f"p{hidden}")
        Image.fromarray(pixels).save(make.root / f"images/p{hidden}.png")
    dataset = open_dataset(make.root)
    assert (dataset.read_photo(0) == dataset.read_photo(1)).all()
