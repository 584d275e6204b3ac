from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import load_label_set
from spade_studio.train.evaluation.cli import main
from spade_studio.train.evaluation.study import draw_study, write_study
from spade_studio.train.evaluation.study_answers import krippendorff_alpha, preferences, read_answers, wilson

Write = Callable[..., Path]


def _folder(path: Path, value: int, count: int = 4, size: tuple[int, int] = (8, 8), ending: str = "") -> Path:
    path.mkdir()
    for number in range(count):
        information = PngImagePlugin.PngInfo()
        information.add_text("weights", "secret-name")
        Image.fromarray(np.full((*size, 3), value, np.uint8)).save(path / f"m{number}{ending}.png", pnginfo=information)
    return path


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    folder = tmp_path / "maps"
    folder.mkdir()
    for number in range(4):
        Image.fromarray(np.full((8, 8), 156, np.uint8)).save(folder / f"m{number}.png")
    return folder


def _content(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="study">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return json.loads(found[1])


def test_questions_are_drawn_for_every_pair_with_the_first(tmp_path: Path, maps: Path) -> None:
    folders = [_folder(tmp_path / "a", 1), _folder(tmp_path / "b", 2, ending="_0000"), _folder(tmp_path / "c", 3, count=3)]
    study = draw_study(folders, ["a", "b", "c"], maps, questions=2, seed=0)
    assert [question.methods for question in study.questions] == [(0, 1), (0, 1), (0, 2), (0, 2)]
    assert all(question.layout != "m3" for question in study.questions)  # c has no picture of it
    assert len({question.id for question in study.questions}) == 4
    assert draw_study(folders, ["a", "b", "c"], maps, questions=2, seed=0).questions == study.questions
    layouts = {tuple(q.layout for q in draw_study(folders, ["a", "b", "c"], maps, questions=2, seed=seed).questions) for seed in range(8)}
    assert len(layouts) > 1


def test_nothing_beside_the_page_tells_a_method(tmp_path: Path, maps: Path) -> None:
    out = tmp_path / "out"
    code = main(
        ["study", str(_folder(tmp_path / "secret-name", 1)), str(_folder(tmp_path / "b", 2)), "--layouts", str(maps), "--output", str(out)]
    )
    assert code == 0
    for path in (out / "pictures").iterdir():
        assert "secret-name" not in path.name
        assert b"secret-name" not in path.read_bytes()
    content = _content(out / "study.html")
    assert content["reference"] == "secret-name"
    assert len(content["questions"]) == 4
    for question in content["questions"]:
        assert question["labels"] == [["sky-other", "#87ceeb"]] or question["labels"][0][0] == "sky-other"
        values = {picture["method"]: int(np.asarray(Image.open(out / picture["file"]))[0, 0, 0]) for picture in question["pictures"]}
        assert values == {"secret-name": 1, "b": 2}


def test_pages_deal_the_questions(tmp_path: Path, maps: Path) -> None:
    study = draw_study([_folder(tmp_path / "a", 1), _folder(tmp_path / "b", 2)], ["a", "b"], maps, questions=9, seed=0)
    pages = write_study(study, tmp_path / "out", load_label_set("coco_stuff"), data="", pages=3)
    dealt = [[question["id"] for question in _content(page)["questions"]] for page in pages]
    assert sorted(map(len, dealt)) == [1, 1, 2]
    assert sorted(number for page in dealt for number in page) == ["0000", "0001", "0002", "0003"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a"], "two or more methods"),
        (["a", "b", "--names", "x"], "1 names for 2 folders"),
        (["a", "b", "--names", "x", "x"], "different names"),
        (["a", "nothing"], "is not a folder"),
        (["a", "empty"], "has no picture of any of the 4 layouts"),
        (["a", "large"], "differ in size"),
        (["a", "b", "--pages", "9"], "at least one question"),
    ],
)
def test_what_cannot_be_asked_is_said(
    tmp_path: Path, maps: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    _folder(tmp_path / "a", 1)
    _folder(tmp_path / "b", 2)
    _folder(tmp_path / "empty", 2, count=0)
    _folder(tmp_path / "large", 2, size=(16, 16))
    given = [str(tmp_path / word) if (tmp_path / word).is_dir() or word == "nothing" else word for word in arguments]
    assert main(["study", *given, "--layouts", str(maps), "--output", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out" / "study.html").exists()


def test_neither_pictures_nor_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study"]) == 1
    assert "--collect" in capsys.readouterr().err


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(person: str, choices: dict[str, bool], *, other: str = "CRN", saved: str = "2026-01-01", **changes: Any) -> Path:
        answers = [
            {"question": name, "layout": name, "methods": ["SPADE", other], "left": "SPADE", "chosen": "SPADE" if favours else other}
            for name, favours in choices.items()
        ]
        content = {
            "format": "spade-studio-study-answers", "version": 1, "study": "s", "data": "maps", "reference": "SPADE", "page": 1,
            "rater": person, "saved": saved, "answers": answers,
        } | changes  # fmt: skip
        path = tmp_path / f"{person}-{saved}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return make


def test_share_interval_and_agreement(write: Write) -> None:
    # Ten questions, five raters; all agree but on two questions.
    votes = [5] * 7 + [3, 1, 0]
    paths = [write(f"r{rater}", {f"q{n}": rater < count for n, count in enumerate(votes)}) for rater in range(5)]
    (item,) = preferences(read_answers(paths))
    assert (item.reference, item.other, item.questions, item.answers, item.raters, item.left) == ("SPADE", "CRN", 10, 50, 5, item.share)
    assert item.share == (7 * 5 + 3 + 1) / 50
    # Of a question with 3 of 5, 4 of 10 pairs agree; with 1 of 5, 6 of 10.
    assert item.agreement == pytest.approx((8 * 10 + 4 + 6) / 100)
    # Answers to one question nearly repeat each other: the interval is that of hardly more than ten.
    assert wilson(item.share, 50)[0] > item.low > wilson(item.share, 10)[0] - 0.02
    assert item.high - item.low > 1.5 * (wilson(item.share, 50)[1] - wilson(item.share, 50)[0])


def test_wilson_is_that_of_the_textbook() -> None:
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for votes, count, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):
        assert wilson(votes / count, count) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_alpha_is_that_of_its_definition() -> None:
    random = np.random.default_rng(0)
    counts = [(int(random.integers(0, count + 1)), int(count)) for count in random.integers(1, 6, 40)]
    several = [(votes, count) for votes, count in counts if count > 1]
    coincidences = np.zeros((2, 2))
    for votes, count in several:
        values = [1] * votes + [0] * (count - votes)
        for i, one in enumerate(values):
            for j, two in enumerate(values):
                if i != j:
                    coincidences[one, two] += 1 / (count - 1)
    totals = coincidences.sum(0)
    expected = 1 - coincidences[0, 1] * (totals.sum() - 1) / (totals[0] * totals[1])
    assert krippendorff_alpha(counts) == pytest.approx(expected)
    assert krippendorff_alpha([(2, 2), (0, 2)]) == 1
    assert krippendorff_alpha([(1, 1)]) is None
    assert krippendorff_alpha([(2, 2), (3, 3)]) is None


def test_the_file_saved_last_counts(write: Write) -> None:
    later = write("r", {"q0": True, "q1": True}, saved="2026-01-02")
    answers = read_answers([later, write("r", {"q0": False, "q2": False})])
    assert sorted((answer.question, answer.favours) for answer in answers.answers) == [("q0", True), ("q1", True), ("q2", False)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "JSON of another kind"),
        ({"version": 2}, "version 2"),
        ({"answers": {}}, "no list of answers"),
        ({"answers": [3]}, "something else than answers"),
        ({"rater": "a\x1b[2J"}, "no usable rater"),
        ({"study": ""}, "no usable study"),
        ({"answers": [{"question": "q", "methods": ["SPADE", "CRN"], "left": "CRN", "chosen": "SIMS"}]}, "'SIMS'"),
        ({"answers": [{"question": "q", "methods": ["A", "B"], "left": "A", "chosen": "A"}]}, "a choice between SPADE"),
        ({"answers": []}, "no answers"),
    ],
)
def test_files_that_hold_something_else(write: Write, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError, match=re.escape(message)):
        preferences(read_answers([write("r", {}, **changes)]))


def test_files_of_two_studies_and_files_that_are_none(write: Write, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="one study"):
        read_answers([write("a", {"q": True}), write("b", {"q": True}, study="t")])
    for content, message in ((b"{", "is not JSON"), (b"[]", "something else"), (b"\xff", "is not JSON")):
        (tmp_path / "x.json").write_bytes(content)
        with pytest.raises(EngineError, match=message):
            read_answers([tmp_path / "x.json"])
    with pytest.raises(EngineError, match="cannot be read"):
        read_answers([tmp_path / "missing.json"])


def test_collected_figures_stand_beside_the_papers(write: Write, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    paths = [write("a", {"q0": True, "q1": True}), write("b", {"q0": True, "q1": False}, other="SIMS")]
    assert main(["study", "--collect", *map(str, paths), "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert re.search(r"against CRN +100\.0 % ", said)
    assert re.search(r"against SIMS +50\.0 % ", said)
    assert re.search(r"Cityscapes +63\.60 % +53\.64 % +51\.52 %", said)
    figures = json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))["preferences"]
    assert [(entry["other"], entry["share"]) for entry in figures] == [("CRN", 1.0), ("SIMS", 0.5)]
    assert math.isclose(figures[0]["high"], 1.0)


