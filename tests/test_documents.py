"""The documents: what they show runs, what they name exists, what they promise to be short is short."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "packaging").rglob("*.md"), *(ROOT / "examples").glob("*.md")])
_LINK = re.compile(r"(?<=\]\()(?![a-z][a-z0-9+.-]*:)([^)\s]*)(?=\))")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.+)$", _FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    dead: list[str] = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 9000


def test_the_architecture_is_one_page_and_names_only_what_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert len(text.split()) < 1100
    named = set(re.findall(r"`((?:app|train|engine|tests|packaging|docs|resources)/[\w./-]+)`", text))
    assert len(named) > 30
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_architecture_names_every_room() -> None:
    tree = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("```")[1]
    rooms: dict[str, set[str]] = {}
    top = ""
    for line in tree.strip().splitlines():
        if not line.startswith(" "):
            top = line.partition("/")[0]
        names = line.split("  ")[1 if line.startswith(" ") and not line.startswith("   ") else 0]
        if line.startswith("  ") and line[2] != " ":
            names = line[2:].split("  ")[0] if "  " in line[2:] else line[2:]
            rooms.setdefault(top, set()).update(re.findall(r"(\w+)/", names))
    for top in ("engine", "train", "app"):
        there = {path.parent.name for path in (ROOT / top).glob("*/__init__.py")}
        assert rooms[top] == there, top


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (folder / "README.md").read_text("utf-8")))
    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}


def python_blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_python_in_the_documents_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = python_blocks(page)
    assert blocks
    first: dict[str, Any] = {}
    exec(blocks[0], first)
    assert first["picture"].shape == (256, 256, 3)
    assert first["picture"].std() > 1
    for block in blocks[1:]:
        exec(block, dict(first))


def test_the_first_example_is_six_lines() -> None:
    for page in ("README.md", "docs/api.md"):
        assert len([line for line in python_blocks(page)[0].splitlines() if line.strip()]) == 6


EXAMPLES = {
    "render_layout.py": ["--output", "lake.png"],
    "style_sheet.py": ["--output", "sheet.png", "--columns", "2", "--rows", "1"],
    "photo_style.py": ["photo.jpg", "--output", "evening.png"],
    "walk_between_styles.py": ["--output", "frames", "--frames", "2"],
    "inspect_weights.py": [],
}


def test_every_example_is_run_here_and_listed() -> None:
    scripts = {path.name for path in (ROOT / "examples").glob("*.py")}
    assert scripts == set(EXAMPLES)
    assert scripts == set(re.findall(r"`(\w+\.py)` \|", (ROOT / "examples" / "README.md").read_text("utf-8")))


@pytest.mark.parametrize("script", EXAMPLES)
def test_examples_run(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (70, 90, 3), np.uint8)).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "examples")
    monkeypatch.setattr(sys, "argv", [script, *EXAMPLES[script]])
    monkeypatch.delitem(sys.modules, "render_layout", raising=False)
    runpy.run_path(str(ROOT / "examples" / script), run_name="__main__")
    pictures = [np.array(Image.open(path)) for path in tmp_path.rglob("*.png")]
    if script == "inspect_weights.py":
        assert "label set of 182" in capsys.readouterr().out
    else:
        assert pictures
        assert all(picture.ndim == 3 and picture.std() > 5 for picture in pictures)


@pytest.fixture
def segmenter(tmp_path: Path) -> Path:
    """Give the folder of a small segmentation model that knows three labels, and calls everything a tree."""
    transformers = pytest.importorskip("transformers", reason="needs the optional package transformers")
    import torch

    config = transformers.SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 8], patch_sizes=[3, 3], strides=[2, 2],
        num_attention_heads=[1, 1], mlp_ratios=[1, 1], decoder_hidden_size=8, id2label={0: "sky-other", 1: "tree", 2: "grass"},
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.SegformerForSemanticSegmentation(config)
    with torch.no_grad():
        model.decode_head.classifier.bias.copy_(torch.tensor([0.0, 100.0, 0.0]))
    folder = tmp_path / "segmenter"
    model.save_pretrained(folder)
    transformers.SegformerImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def test_the_tutorial_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segmenter: Path) -> None:
    from spade_studio.engine.cli.main import main as render
    from spade_studio.train.cli.main import main as train
    from spade_studio.train.evaluation.cli import main as evaluate

    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "images").mkdir(parents=True)
    for number in range(6):
        picture = np.random.default_rng(number).integers(0, 256, (96, 128, 3), np.uint8)
        Image.fromarray(picture).save(tmp_path / "photos" / "images" / f"{number}.jpg")
    assert segmenter == tmp_path / "segmenter"
    programs = {"spade-train": train, "spade-render": render, "spade-eval": evaluate}
    text = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    commands = [shlex.split(line) for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()]
    assert {command[0] for command in commands} == set(programs)
    for program, *arguments in commands:
        assert programs[program](arguments) == 0, (program, arguments)
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 12
    assert (tmp_path / "eval" / "report.html").is_file()


def test_the_version_stands_in_one_place() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    places = [path for top in ("app", "engine", "train") for path in (ROOT / top).rglob("*.py")]
    named = re.compile(rf"""__version__|["']{re.escape(version)}["']""")
    assert [str(path.relative_to(ROOT)) for path in places if named.search(path.read_text("utf-8"))] == []
