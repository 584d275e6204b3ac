from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tqdm import tqdm

from spade_studio.engine.batch import renderer as batch_module
from spade_studio.engine.cli import batch_command
from spade_studio.engine.cli.main import main
from spade_studio.engine.errors import OutOfMemoryError
from spade_studio.engine.pictures.provenance import read_provenance
from spade_studio.engine.rendering.renderer import Renderer

Render = Callable[..., Any]


# ---- inspection and errors


def test_inspect_reports_on_stdout(render: Render, weights: Path, layout_weights: Path) -> None:
    done = render("--inspect", weights)
    assert (done.code, done.err) == (0, "")
    for words in ("tiny", "4 Tiny labels (0..3), unlabeled (4), instance edges (5)", "Trained at", "128x128"):
        assert words in done.out
    assert "Label set:" in render("--inspect", layout_weights).out


def test_weights_of_the_papers_comparisons_are_inspected_and_rendered(
    render: Render, kit: Any, maps: Path, tmp_path: Path, concatenation_weights: Path, photos: tuple[Path, Path]
) -> None:
    done = render("--inspect", concatenation_weights)
    assert (done.code, done.err) == (0, "")
    for words in ("layout concatenated at every convolution", "Style image:    yes", "Noise:          yes"):
        assert words in done.out
    for folder, style in (("seeds", ("--variations", 2)), ("photo", ("--style", photos[0]))):
        done = render(maps, "--output", tmp_path / folder, "--weights", concatenation_weights, *style)
        assert done.code == 0, done.err
    names = [tmp_path / folder / name for folder in ("seeds", "photo") for name in kit.names(tmp_path / folder)]
    pictures = [kit.read(name) for name in names]
    assert all(picture.shape == (128, 128, 3) for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == len(pictures) == 9
    again = render("--from", names[-1], "--output", tmp_path / "again", "--weights", concatenation_weights)
    assert again.code == 0, again.err
    assert (kit.read(tmp_path / "again" / names[-1].name) == pictures[-1]).all()
    done = render(maps, "--output", tmp_path / "out", "--weights", concatenation_weights, "--raw-size", "--size", "100x128")
    assert (done.code, "96x128" in done.err) == (1, True)


def test_inspect_refuses_what_is_no_weights_file(render: Render, tmp_path: Path, photos: tuple[Path, Path]) -> None:
    for path in (photos[0], tmp_path, tmp_path / "missing"):
        done = render("--inspect", path)
        assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
        assert done.err.startswith("Error: ")
        assert "Traceback" not in done.err


def test_weights_that_leave_something_open_name_the_options(render: Render, maps: Path, tmp_path: Path, ambiguous: Path) -> None:
    done = render(maps, "--output", tmp_path / "out", "--weights", ambiguous)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "--crop-size" in done.err
    assert "--upsampling more|normal" in done.err
    done = render("--inspect", ambiguous)
    assert (done.code, "--upsampling" in done.err) == (1, True)


def test_options_settle_what_weights_leave_open_and_are_remembered(render: Render, kit: Any, tmp_path: Path, ambiguous: Path) -> None:
    kit.save(tmp_path / "a.png", kit.label_map(1, 128, 128, ids=(0, 1, 5, 255)))
    settled = ("--upsampling", "more", "--crop-size", "256", "--aspect-ratio", "1", "--unlabeled", "first", "--weights", ambiguous)
    done = render(tmp_path / "a.png", "--output", tmp_path / "out", *settled)
    assert done.code == 0, done.err
    options = read_provenance(tmp_path / "out" / "a.png")[0].options
    assert (options.upsampling, options.crop_size, options.aspect_ratio, options.unlabeled) == ("more", 256, 1.0, "first")
    done = render("--from", tmp_path / "out" / "a.png", "--output", tmp_path / "again", "--weights", ambiguous)
    assert done.code == 0, done.err
    assert "bit for bit" in done.out
    done = render("--inspect", ambiguous, *settled[:-2])
    assert (done.code, "stride 64" in done.out) == (0, True)


def test_a_label_set_names_the_channels_of_weights_that_have_no_names(render: Render, kit: Any, tmp_path: Path, ambiguous: Path) -> None:
    import json

    labels = [{"id": 100 + i, "name": f"thing {i}", "color": f"#0000{i + 1:02x}"} for i in range(7)]
    (tmp_path / "mine.json").write_text(json.dumps({"name": "Mine", "unlabeled_id": None, "labels": labels}))
    by_channel = kit.label_map(1, ids=(0, 3, 6))
    colours = np.zeros((128, 128, 3), np.uint8)
    colours[..., 2] = by_channel + 1
    kit.save(tmp_path / "channel.png", by_channel)
    kit.save(tmp_path / "ids.png", by_channel + 100)
    kit.save(tmp_path / "colours.png", colours)
    settled = ("--upsampling", "normal", "--crop-size", "128", "--aspect-ratio", "1", "--weights", ambiguous, "--output", tmp_path / "out")
    assert render(tmp_path / "channel.png", *settled).code == 0
    done = render(tmp_path / "ids.png", tmp_path / "colours.png", *settled, "--label-set", tmp_path / "mine.json")
    assert (done.code, done.err) == (0, "")
    pictures = [kit.read(tmp_path / "out" / f"{name}.png") for name in ("channel", "ids", "colours")]
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[0] == pictures[2]).all()
    done = render("--from", tmp_path / "out" / "ids.png", "--output", tmp_path / "again", "--weights", ambiguous)
    assert "bit for bit" in done.out, done.err


@pytest.fixture(scope="session")
def ambiguous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published generator for noise input without opt.txt: neither upsampling nor crop size can be told from its shapes."""
    from spade_studio.engine.networks.build import build_generator
    from spade_studio.engine.networks.config import GeneratorConfig

    torch.manual_seed(3)
    config = GeneratorConfig(semantic_channels=7, base_channels=2, hidden_width=4, input="noise", z_width=8, crop_size=128)
    path = tmp_path_factory.mktemp("published") / "latest_net_G.pth"
    torch.save(build_generator(config).state_dict(), path)
    return path


@pytest.mark.parametrize(
    "arguments", [("--label-set", "missing.json"), ("--device", "cuda:99"), ("--dtype", "float16"), ("--weights", "missing.safetensors")]
)
def test_errors_are_one_clear_line(render: Render, maps: Path, tmp_path: Path, arguments: tuple[str, str]) -> None:
    if arguments[0] == "--dtype":
        arguments = (*arguments, "--device", "cpu")  # pyright: ignore[reportAssignmentType]
    done = render(maps, "--output", tmp_path / "out", *arguments)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("Error: ")


# ---- sharing


def test_shares_render_every_picture_once(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    assert render(maps, "--output", tmp_path / "whole", "--variations", 2).code == 0
    rendered = []
    for index in range(4):
        done = render(maps, "--output", tmp_path / "shared", "--variations", 2, "--shard", f"{index}/4")
        assert done.code == 0, done.err
        rendered.append(int(done.out.split()[2]))
    assert rendered == [1, 2, 1, 2]
    assert kit.names(tmp_path / "shared") == kit.names(tmp_path / "whole")
    for name in kit.names(tmp_path / "whole"):
        assert (kit.read(tmp_path / "shared" / name) == kit.read(tmp_path / "whole" / name)).all()


def test_a_torchrun_rank_renders_its_share_and_says_who_it_is(
    render: Render, kit: Any, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "3", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    (maps / "frame2.png").write_bytes(b"broken")
    done = render(maps, tmp_path / "missing.png", "--output", tmp_path / "out")
    assert done.code == 1
    assert all(line.startswith("[1/3] ") for line in done.err.splitlines())
    assert "frame2.png is no PNG" in done.err
    assert "missing.png" not in done.err  # the first rank says that
    assert kit.names(tmp_path / "out") == []


@pytest.mark.slow
def test_torchrun_with_a_bad_file_finishes_all_shares(kit: Any, maps: Path, weights: Path, tmp_path: Path) -> None:
    for number in range(20, 26):
        kit.save(maps / f"frame{number}.png", kit.label_map(number))
    (maps / "frame0.png").write_bytes(b"broken")  # the first thing that the first process meets
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "spade_studio.engine.cli"]
    options = ["--output", str(tmp_path / "out"), "--weights", str(weights), "--device", "cpu", "--dtype", "float32"]
    done = subprocess.run([*command, str(maps), *options], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 1
    assert "[0/2]   " in done.stderr
    assert "frame0.png is no PNG" in done.stderr
    assert "[0/2] Rendered 4 pictures" in done.stdout, done.stderr
    assert "[1/2] Rendered 5 pictures" in done.stdout, done.stderr
    assert len(kit.names(tmp_path / "out")) == 9


# ---- what can happen on the way


def test_an_interrupt_leaves_whole_pictures_and_the_rest_follows(
    render: Render, kit: Any, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Renderer.render
    calls = []

    def interrupted(self: Renderer) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self)

    monkeypatch.setattr(Renderer, "render", interrupted)
    done = render(maps, "--output", tmp_path / "out", "--variations", 2)
    assert done.code == 130
    assert "Interrupted" in done.err
    assert "Traceback" not in done.err
    assert f"Rendered {len(kit.names(tmp_path / 'out'))} picture" in done.out
    for name in kit.names(tmp_path / "out"):
        assert kit.read(tmp_path / "out" / name).shape == (128, 128, 3)
    monkeypatch.undo()
    assert render(maps, "--output", tmp_path / "out", "--variations", 2).code == 0
    assert len(kit.names(tmp_path / "out")) == 6


def test_a_full_disk_ends_it_with_one_message(render: Render, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(batch_module, "write_picture", full)
    done = render(maps, "--output", tmp_path / "out")
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("Error: no picture can be written (No space left on device)")


def test_out_of_memory_is_told_for_each_map(render: Render, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(self: Renderer) -> Any:
        raise OutOfMemoryError("not enough memory on cpu", "", "Render a smaller size")

    monkeypatch.setattr(Renderer, "render", no_memory)
    done = render(maps, "--output", tmp_path / "out")
    assert done.code == 1
    assert done.err.count("not enough memory on cpu") == 3


class AtOnce(ThreadPoolExecutor):
    """Does the work before it returns, so that a test does not depend on which thread is quicker."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future = super().submit(fn, *args, **kwargs)
        wait([future])
        return future


def test_the_bar_moves_with_every_picture(render: Render, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[int] = []
    real = Renderer.render
    monkeypatch.setattr(Renderer, "render", lambda self: moves.append(0) or real(self))
    monkeypatch.setattr(batch_module, "ThreadPoolExecutor", AtOnce)
    monkeypatch.setattr(tqdm, "update", lambda self, count: moves.append(count))
    assert render(maps / "frame1.png", "--output", tmp_path / "out", "--variations", 4).code == 0
    assert moves == [0, 0, 1, 0, 1, 0, 1, 1]


def test_the_layout_is_set_once_for_all_its_variations(render: Render, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Renderer.set_layout
    calls: list[Any] = []
    monkeypatch.setattr(Renderer, "set_layout", lambda self, *a: calls.append(a) or real(self, *a))
    assert render(maps, "--output", tmp_path / "out", "--variations", 4).code == 0
    assert len(calls) == 3


def test_the_gpu_of_the_local_rank_is_used(render: Render, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    asked: list[str] = []

    def load(path: Path, *, device: str, **options: Any) -> Renderer:
        asked.append(device)
        raise OutOfMemoryError("stop here")

    monkeypatch.setattr(Renderer, "load", load)
    assert render(maps, "--output", tmp_path / "out", "--device", "auto").code == 1
    assert asked == ["cuda:1"]


def test_the_bar_is_the_first_rank_s(render: Render, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[bool] = []
    real = batch_command.Console.progress
    monkeypatch.setattr(batch_command.Console, "progress", lambda self, total, show: shown.append(show) or real(self, total, show))
    for index in range(2):
        assert render(maps, "--output", tmp_path / "out", "--shard", f"{index}/2").code == 0
    assert shown == [True, False]


def test_the_weights_that_come_with_it_are_the_default(kit: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kit.save(tmp_path / "lake.png", kit.label_map(1, ids=(156, 134, 177, 123)))
    assert main([str(tmp_path / "lake.png"), "--output", str(tmp_path / "out"), "--device", "cpu", "--dtype", "float32"]) == 0
    assert "Rendered 1 picture " in capsys.readouterr().out
    assert kit.read(tmp_path / "out" / "lake.png").std() > 10
    record = read_provenance(tmp_path / "out" / "lake.png")[0]
    assert record.label_set == "COCO-Stuff"
    assert set(record.label_names.values()) == {"sky-other", "mountain", "water-other", "grass"}


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo terminal, which Windows lacks")
def test_people_at_a_terminal_see_a_bar_with_rate_and_remaining_time(maps: Path, weights: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "spade_studio.engine.cli", str(maps), "--output", str(tmp_path / "out"), "--weights", str(weights)]
    ours, theirs = os.openpty()
    with subprocess.Popen([*command, "--dtype", "float32"], stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux reports the end of a pseudo terminal as an error
            while piece := os.read(ours, 4096):
                shown += piece
        os.close(ours)
        process.communicate(timeout=120)
    assert process.returncode == 0
    assert b"3/3" in shown
    assert b"pictures/s" in shown or b"s/ pictures" in shown


def test_the_program_runs_from_a_shell(maps: Path, weights: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "spade_studio.engine.cli", str(maps / "frame1.png"), "--output", str(tmp_path / "out")]
    command += ["--weights", str(weights), "--dtype", "float32"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "out" / "frame1.png") as image:
        assert image.size == (128, 128)
