from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.labels import LabelChannels
from spade_studio.train.datasets import DataError, open_dataset
from spade_studio.train.datasets.check import QUICK_SAMPLES, CheckReport, check_dataset, refuse_unknown_labels


def good(make: Any, count: int = 4, side: int = 64) -> Any:
    for number in range(count):
        make.pair(f"p{number}", values=(156, 134)[number % 2], seed=number, height=side, width=side + 4)
    return make


def check(make: Any, **options: Any) -> CheckReport:
    return check_dataset(open_dataset(make.root), **options)


def only_problem(report: CheckReport) -> tuple[str, str]:
    assert report.exit_code == 1
    assert len(report.problems) == 1
    problem = report.problems[0]
    assert problem.file in problem.message
    assert problem.message in report.to_text()
    return problem.kind, problem.file


# ---- sound data


def test_sound_data(make: Any) -> None:
    make.map("labels/p3.png", 255, 64, 68)
    good(make, 3)
    make.photo("images/p3.png", 64, 68, 3)
    for number in range(4):
        make.map(f"instances/p{number}.png", number, 64, 68)
    report = check(make)
    assert (report.exit_code, report.problems, report.duplicates, report.tiny) == (0, (), (), ())
    assert (report.samples, report.samples_read, report.with_instances) == (4, 4, 4)
    assert [(label.id, label.pixels, label.pictures) for label in report.labels] == [(156, 8704, 2), (134, 4352, 1), (255, 4352, 1)]
    assert report.labels[2].name == "unlabeled"
    assert (report.pixels, report.unlabeled_share, report.unmapped_pixels) == (17408, 0.25, 0)
    assert report.smallest == report.largest == (64, 68)
    text = report.to_text()
    for words in ("4 photographs", "all read", "sky-other", "50.00% of pixels, in 2 pictures", "Unlabeled: 25.0%", "68 x 64", "Ready for"):
        assert words in text


def test_the_json_holds_everything(make: Any) -> None:
    good(make)
    make.photo("images/extra.png")
    report = check(make)
    data = json.loads(json.dumps(report.to_json()))
    assert (data["samples"], data["exit_code"]) == (4, 1)
    assert data["problems"] == [
        {"kind": "missing partner", "file": "images/extra.png", "message": "images/extra.png has no label map of the same name."}
    ]
    assert data["labels"][0]["pictures"] == 2
    assert data["unlabeled_share"] == 0


def test_labels_without_a_channel_are_counted(make: Any) -> None:
    good(make)
    dataset = open_dataset(make.root)
    report = check_dataset(dataset.with_channels(LabelChannels.from_label_set(dataset.label_set, [156, 3], "last", edge=True)))
    assert (report.unlabeled_share, report.unmapped_pixels) == (0.5, 8704)
    assert report.empty_labels == ("motorcycle",)
    assert "50.0% have labels without a channel" in report.to_text()


# ---- what makes it fail


def test_a_missing_partner(make: Any) -> None:
    good(make).photo("images/alone.png")
    assert only_problem(check(make)) == ("missing partner", "images/alone.png")


def test_differing_sizes(make: Any) -> None:
    good(make).map("labels/p1.png", 156, 64, 67)
    assert only_problem(check(make)) == ("sizes differ", "labels/p1.png")


def test_an_id_out_of_range_is_named_with_its_value(make: Any) -> None:
    labels = np.full((64, 68), 156)
    labels[1, 2:4] = 190
    good(make).map("labels/p2.png", labels, 64, 68)
    report = check(make)
    assert only_problem(report) == ("unknown id", "labels/p2.png")
    assert "190 (2 pixels), the first at x 2, y 1" in report.problems[0].message
    assert any((label.id, label.name) == (190, "out of range") for label in report.labels)


@pytest.mark.parametrize("name", ["images/p1.png", "labels/p1.png"])
def test_a_truncated_file(make: Any, name: str) -> None:
    path = good(make).root / name
    path.write_bytes(path.read_bytes()[:60])
    assert only_problem(check(make)) == ("unreadable", name)


def test_a_file_that_cannot_be_read(make: Any) -> None:
    path: Path = good(make).root / "images/p1.png"
    path.unlink()
    path.symlink_to(path.parent / "nowhere.png")
    assert only_problem(check(make)) == ("unreadable", "images/p1.png")


@pytest.mark.parametrize(("mode", "color"), [("RGB", (0, 0, 9)), ("I;16", 300)])
def test_a_map_of_another_kind(make: Any, mode: str, color: Any) -> None:
    Image.new(mode, (68, 64), color).save(good(make).root / "labels/p1.png")
    assert only_problem(check(make)) == ("not a label map", "labels/p1.png")


def test_no_image_at_all(make: Any) -> None:
    make.map("labels/a.png", 156)
    report = check(make)
    assert report.exit_code == 1
    assert {problem.kind for problem in report.problems} == {"missing partner", "no image"}


def test_both_files_of_a_pair_are_told(make: Any) -> None:
    for name in ("images/p0.png", "labels/p0.png"):
        (good(make).root / name).write_bytes(b"")
        report = check(make)
    assert [problem.file for problem in report.problems][-1] == "labels/p0.png"
    (make.root / "images/p0.png").write_bytes(b"no picture")
    assert {problem.file for problem in check(make).problems} == {"images/p0.png", "labels/p0.png"}


def test_long_lists_are_cut_in_the_text_only(make: Any) -> None:
    good(make)
    for number in range(25):
        make.photo(f"images/x{number}.png")
    report = check(make)
    assert len(report.problems) == 25
    text = report.to_text()
    assert "missing partner (25)" in text
    assert "and 15 more" in text
    assert "25 problems to put right" in text


# ---- warnings only


def test_duplicates_tiny_pictures_and_empty_labels_are_warnings(make: Any) -> None:
    good(make)
    make.pair("again", seed=2, height=64, width=68)
    make.pair("tiny", seed=9, height=20, width=90)
    report = check(make)
    assert report.exit_code == 0
    assert report.duplicates == (("again", "p2"),)
    assert report.tiny == ("tiny",)
    assert "bicycle" in report.empty_labels
    assert "sky-other" not in report.empty_labels
    assert "street sign" not in report.empty_labels  # no picture of COCO shows it
    text = report.to_text()
    assert "1 photographs that occur more than once: again = p2" in text
    assert "below 64 pixels: tiny" in text


# ---- quick


def test_the_quick_form_reads_a_part_and_pairs_everything(make: Any) -> None:
    good(make, QUICK_SAMPLES + 40, side=4)
    make.photo("images/alone.png")
    seen: list[tuple[int, int]] = []
    report = check(make, quick=True, progress=lambda done, total: seen.append((done, total)))
    assert (report.samples, report.samples_read) == (QUICK_SAMPLES + 40, QUICK_SAMPLES)
    assert only_problem(report)[0] == "missing partner"
    assert seen[-1] == (QUICK_SAMPLES, QUICK_SAMPLES)
    assert f"{QUICK_SAMPLES} of them read" in report.to_text()


def test_the_real_landscapes(shared: Callable[..., Path]) -> None:
    report = check_dataset(open_dataset(shared("data", "landscapes.zip")), quick=True)
    assert report.problems == ()
    assert report.samples_read == QUICK_SAMPLES
    assert {label.name for label in report.labels} <= {
        "sky-other", "mountain", "snow", "tree", "grass", "dirt", "sea", "water-other", "road", "building-other", "bush", "unlabeled"
    }


# ---- the sum


def test_data_without_any_known_label_are_refused(make: Any) -> None:
    good(make)
    dataset = open_dataset(make.root)
    other = dataset.with_channels(LabelChannels.from_label_set(dataset.label_set, [168, 123], "last", edge=False))
    report = check_dataset(other)
    assert [problem.kind for problem in report.problems] == ["no known label"]
    assert "the data show" in report.to_text()
    assert "mountain" in report.problems[0].message
    with pytest.raises(DataError, match="the generator has a channel for"):
        refuse_unknown_labels(other)
    refuse_unknown_labels(dataset)


def test_data_that_are_unlabeled_all_over_are_refused(make: Any) -> None:
    for number in range(2):
        make.pair(f"p{number}", values=255, seed=number, height=64, width=64)
    report = check(make)
    assert [problem.kind for problem in report.problems] == ["no known label"]
    assert "unlabeled pixels alone" in report.problems[0].message


def test_data_with_few_known_labels_are_warned_about(make: Any) -> None:
    labels = np.full((64, 64), 134)
    labels[:6] = 156
    make.pair("a", values=labels, height=64, width=64)
    dataset = open_dataset(make.root)
    report = check_dataset(dataset.with_channels(LabelChannels.from_label_set(dataset.label_set, [156], "last", edge=False)))
    assert report.exit_code == 0
    assert "only 9.4% of the pixels have a label" in report.to_text()
