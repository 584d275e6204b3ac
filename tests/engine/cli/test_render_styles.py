from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spade_studio.engine.pictures.provenance import read_provenance
from spade_studio.engine.style import interpolate_styles, style_from_seed

Render = Callable[..., Any]
Photos = tuple[Path, Path]


def code_of(path: Path) -> Any:
    z = read_provenance(path)[0].z
    assert z is not None
    return z


def test_variation_i_uses_seed_n_plus_i(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    assert render(maps / "frame1.png", "--output", tmp_path / "out", "--seed", 5, "--variations", 3).code == 0
    assert kit.names(tmp_path / "out") == ["frame1_0000.png", "frame1_0001.png", "frame1_0002.png"]
    for i in range(3):
        path = tmp_path / "out" / f"frame1_000{i}.png"
        assert (code_of(path) == style_from_seed(5 + i, kit.z_width)).all()
        assert render(maps / "frame1.png", "--output", tmp_path / str(i), "--seed", 5 + i).code == 0
        assert (kit.read(tmp_path / str(i) / "frame1.png") == kit.read(path)).all()
    pictures = [kit.read(tmp_path / "out" / name).astype(int) for name in kit.names(tmp_path / "out")]
    assert np.abs(pictures[0] - pictures[1]).mean() > 1
    assert np.abs(pictures[0] - pictures[2]).mean() > 1


def test_without_a_style_it_is_seed_0_and_truncation_scales_it(render: Render, kit: Any, maps: Path, tmp_path: Path) -> None:
    frame = maps / "frame1.png"
    assert render(frame, "--output", tmp_path / "a").code == 0
    assert render(frame, "--output", tmp_path / "b", "--seed", 0).code == 0
    assert render(frame, "--output", tmp_path / "c", "--truncation", 0.5).code == 0
    assert (tmp_path / "a" / "frame1.png").read_bytes() == (tmp_path / "b" / "frame1.png").read_bytes()
    assert code_of(tmp_path / "c" / "frame1.png") == pytest.approx(style_from_seed(0, kit.z_width) / 2)


def test_one_style_over_numbered_frames_is_steady(render: Render, maps: Path, tmp_path: Path, photos: Photos) -> None:
    for name, style in {"seed": ("--seed", 3), "photo": ("--style", photos[0])}.items():
        assert render(maps, "--output", tmp_path / name, *style).code == 0
        codes = [code_of(path) for path in (tmp_path / name).iterdir()]
        assert (codes[0] == codes[1]).all()
        assert (codes[0] == codes[2]).all()


def test_the_style_moves_over_the_frames_in_their_order(render: Render, maps: Path, tmp_path: Path, photos: Photos) -> None:
    assert render(maps, "--output", tmp_path / "a", "--style", photos[0]).code == 0
    assert render(maps, "--output", tmp_path / "b", "--style", photos[1]).code == 0
    start, end = code_of(tmp_path / "a" / "frame1.png"), code_of(tmp_path / "b" / "frame1.png")
    assert np.abs(start - end).max() > 0.01
    for share in ("0/1", "0/2", "1/2"):  # the place in the sequence does not depend on who renders it
        done = render(maps, "--output", tmp_path / "film", "--style", photos[0], "--style-to", photos[1], "--shard", share, "--overwrite")
        assert done.code == 0, done.err
    for place, name in enumerate(("frame1", "frame2", "frame10")):
        assert code_of(tmp_path / "film" / f"{name}.png") == pytest.approx(interpolate_styles(start, end, place / 2))


def test_variations_of_a_photographs_style_are_drawn_around_it(render: Render, maps: Path, tmp_path: Path, photos: Photos) -> None:
    frame = maps / "frame1.png"
    assert render(frame, "--output", tmp_path / "out", "--style", photos[0], "--variations", 3).code == 0
    assert render(frame, "--output", tmp_path / "again", "--style", photos[0], "--variations", 3).code == 0
    codes = [code_of(tmp_path / "out" / f"frame1_000{i}.png") for i in range(3)]
    assert (codes[0] != codes[1]).any()
    assert (codes[1] != codes[2]).any()
    assert (codes[1] == code_of(tmp_path / "again" / "frame1_0001.png")).all()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((8,), ["frame1.png"]), ((1, 8), ["frame1.png"]), ((2, 8), ["frame1_0000.png", "frame1_0001.png"])],
)
def test_style_codes_from_a_file(render: Render, kit: Any, maps: Path, tmp_path: Path, shape: Any, expected: list[str]) -> None:
    codes = np.random.default_rng(0).standard_normal(shape)
    np.save(tmp_path / "z.npy", codes)
    done = render(maps / "frame1.png", "--output", tmp_path / "out", "--z", tmp_path / "z.npy")
    assert done.code == 0, done.err
    assert kit.names(tmp_path / "out") == expected
    for name, code in zip(expected, codes.reshape(-1, 8), strict=True):
        assert (code_of(tmp_path / "out" / name) == code.astype(np.float32)).all()


def test_style_codes_that_cannot_be_used(render: Render, maps: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "wide.npy", rng.standard_normal(9))
    np.save(tmp_path / "cube.npy", rng.standard_normal((2, 2, 8)))
    np.save(tmp_path / "nan.npy", np.full(8, np.nan))
    np.save(tmp_path / "text.npy", np.array(["a"] * 8))
    np.save(tmp_path / "objects.npy", np.array([{}] * 8, dtype=object), allow_pickle=True)
    np.savez(tmp_path / "archive.npz", z=rng.standard_normal(8))
    (tmp_path / "empty.npy").touch()
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999, 256)}".ljust(200)
    (tmp_path / "huge.npy").write_bytes(np.lib.format.magic(1, 0) + (200).to_bytes(2, "little") + header)
    expected = {
        "wide.npy": "codes of 8 numbers",
        "cube.npy": "shape [2, 2, 8]",
        "nan.npy": "no finite numbers",
        "text.npy": "type <U1",
        "objects.npy": "no usable .npy",
        "archive.npz": "archive",
        "empty.npy": "no usable .npy",
        "huge.npy": "no usable .npy",
        "missing.npy": "no such file",
    }
    for name, message in expected.items():
        done = render(maps, "--output", tmp_path / "out", "--z", tmp_path / name)
        assert (done.code, message in done.err) == (1, True), (name, done.err)
        assert len(done.err.splitlines()) == 1
    np.save(tmp_path / "two.npy", rng.standard_normal((2, 8)))
    done = render(maps, "--output", tmp_path / "out", "--z", tmp_path / "two.npy", "--variations", 3)
    assert (done.code, "Leave out --variations" in done.err) == (1, True)
    assert list((tmp_path / "out").iterdir()) == []


def test_weights_without_style_refuse_one(render: Render, kit: Any, layout_weights: Path, tmp_path: Path, photos: Photos) -> None:
    frame = kit.save(tmp_path / "a.png", kit.label_map(1, ids=(0, 1, 2, 3)))
    for style in (("--seed", 0), ("--style", photos[0]), ("--variations", 2)):
        done = render(frame, "--output", tmp_path / "out", "--weights", layout_weights, *style)
        assert (done.code, "take no style" in done.err) == (1, True), style
    assert render(frame, "--output", tmp_path / "out", "--weights", layout_weights).code == 0
    assert read_provenance(tmp_path / "out" / "a.png")[0].z is None


def test_a_style_image_that_cannot_be_read_is_one_line(render: Render, maps: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("no photo")
    done = render(maps, "--output", tmp_path / "out", "--style", tmp_path / "photo.jpg")
    assert done.code == 1
    assert "photo.jpg cannot be read as a picture" in done.err.splitlines()[0]
