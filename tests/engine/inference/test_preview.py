"""Stroke previews: exact where nothing is approximate, near elsewhere, gone without a trace, refused where they cannot help."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from spade_studio.engine.errors import GaveWayError
from spade_studio.engine.inference import modulation_table
from spade_studio.engine.inference import preview as previews
from spade_studio.engine.inference.fast_generator import FastGenerator
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.layout import Layout

CPU = torch.device("cpu")
SIZE = 128
INPUTS = pytest.mark.parametrize("kind", ["noise", "layout", "textured"])
TEXTURED: dict[str, Any] = {
    "noise_injection": True,
    "style_modulation": True,
    "upsampling_filter": "bilinear",
    "wide_last_block": True,
    "padding": "replicate",
}


class Painting:
    """A generator and a map that is edited disc by disc."""

    def __init__(self, tiny: Any, kind: str, dtype: torch.dtype = torch.float32, **changes: Any) -> None:
        options = {"input": kind} if kind != "textured" else TEXTURED | {"input": "layout_and_style"}
        self.config: GeneratorConfig = tiny.config(**options, crop_size=SIZE, **changes)
        self.state = tiny.state(self.config)
        self.generator = FastGenerator(self.config, self.state, CPU, dtype)
        self.z = None if self.config.style_width is None else tiny.style(0)
        self.labels: NDArray[np.int64] = tiny.channels(7, SIZE, SIZE)[0]

    def disc(self, x: int, y: int, radius: int, step: int = 1) -> NDArray[np.bool_]:
        """Move every label inside a disc on by 1 to 4."""
        rows, columns = np.mgrid[:SIZE, :SIZE]
        inside = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
        self.labels = np.where(inside, (self.labels + step) % 5, self.labels)
        return inside

    @property
    def layout(self) -> Layout:
        config = self.config
        return Layout.from_channels(
            self.labels[None].copy(), config.semantic_channels, edge_channel=True, replicate=config.replicates_layout
        )

    def exact(self) -> Tensor:
        """Render exactly and keep it for previews; a copy."""
        with torch.inference_mode():
            return self.generator.render(self.layout, self.z, keep=True).clone()

    def preview(self) -> Tensor | None:
        assert self.generator.can_preview(self.layout, self.z)
        with torch.inference_mode():
            picture = previews.preview(self.generator, self.layout)
        return None if picture is None else picture.clone()

    def previewed(self) -> Tensor:
        picture = self.preview()
        assert picture is not None
        return picture

    def truth(self) -> Tensor:
        """What a generator that has seen nothing else renders."""
        with torch.inference_mode():
            return FastGenerator(self.config, self.state, CPU, torch.float32).render(self.layout, self.z)


def worst(found: Tensor, expected: Tensor) -> float:
    assert found.shape == expected.shape
    return float((found.float() - expected.float()).abs().max())


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Preview every edit: in networks this small the coarse resolutions, which an edit soon fills, cost more than all others."""
    monkeypatch.setattr(previews, "_COST_OF_A_POSITION", 0)


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recompute the whole picture at every edit, whatever it costs: then nothing of a preview is approximate."""
    monkeypatch.setattr(previews, "_MARGIN", SIZE)
    monkeypatch.setattr(previews, "_COST_OF_A_POSITION", 0)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("changes", [{}, {"kernel_size": 1}, {"kernel_size": 5, "spectral_norm": False}, {"upsampling": "most"}], ids=str)
@INPUTS
def test_a_preview_of_everything_is_exact(tiny: Any, kind: str, changes: dict[str, Any]) -> None:
    painting = Painting(tiny, kind, **changes)
    before = painting.exact()
    for x, y, radius in [(40, 40, 6), (100, 20, 12), (0, 127, 9)]:
        painting.disc(x, y, radius)
        found, expected = painting.previewed(), painting.truth()
        assert worst(before, expected) > 0.01
        assert worst(found, expected) <= 1e-4
        before = expected


@pytest.mark.usefixtures("everything")
def test_previews_stay_exact_when_rows_are_evicted(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modulation_table, "_FIRST_CAPACITY", 300)
    monkeypatch.setattr("spade_studio.engine.inference.fast_generator._TABLE_BUDGET", 1)
    painting = Painting(tiny, "noise")
    painting.exact()
    for i in range(8):
        painting.disc(15 * i, 100 - 12 * i, 9, i % 4 + 1)
        assert worst(painting.previewed(), painting.truth()) <= 1e-4


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@INPUTS
def test_a_preview_is_near_the_exact_picture(tiny: Any, kind: str, dtype: torch.dtype) -> None:
    painting = Painting(tiny, kind, dtype)
    before = painting.exact()
    inside = torch.from_numpy(painting.disc(80, 60, 8))  # 1.2 % of the area
    found, expected = painting.previewed().float(), painting.truth()
    error, jump = (found - expected).abs(), (before.float() - expected).abs()
    assert error.mean() < 0.02
    assert error[0, inside].mean() < 0.04
    assert error[0, inside].mean() < 0.25 * jump[0, inside].mean()
    # Only near the edit has anything changed at all: there it follows, elsewhere it waits.
    near = torch.zeros(SIZE, SIZE, dtype=torch.bool)
    near[60 - 8 - 4 : 60 + 8 + 5, 80 - 8 - 4 : 80 + 8 + 5] = True
    assert torch.equal(found[0, ~near], before.float()[0, ~near])


@pytest.mark.usefixtures("cheap")
@INPUTS
def test_the_exact_picture_after_previews_has_no_trace_of_them(tiny: Any, kind: str) -> None:
    painting = Painting(tiny, kind)
    painting.exact()
    for i in range(6):
        painting.disc(20 + 15 * i, 30 + 5 * i, 6)
        painting.previewed()
    assert worst(painting.exact(), painting.truth()) <= 1e-5


def test_a_preview_without_an_edit_is_the_last_picture(tiny: Any) -> None:
    painting = Painting(tiny, "noise")
    before = painting.exact()
    assert torch.equal(painting.previewed(), before)


@pytest.mark.usefixtures("cheap")
def test_undoing_an_edit_by_preview_comes_back(tiny: Any) -> None:
    painting = Painting(tiny, "noise")
    before, labels = painting.exact(), painting.labels
    inside = torch.from_numpy(painting.disc(60, 60, 8))
    painting.previewed()
    painting.labels = labels
    after = painting.previewed()
    assert (after - before).abs()[0, inside].mean() < 0.02


def test_the_cost_grows_with_the_edit_and_large_ones_render_fully(tiny: Any) -> None:
    painting = Painting(tiny, "noise")
    painting.exact()
    shares: list[float] = []
    for radius in (0, 6, 14, 30, 64):
        if radius:
            painting.disc(70, 50, radius)
        with torch.inference_mode():
            plan = painting.generator.plan(painting.layout)
        assert plan.activations is not None
        hashes = painting.generator.hashes(plan, painting.layout)
        shares.append(previews.cost_share(plan, previews.changed_masks(plan, plan.activations.hashes, hashes)))
        painting.exact()
    assert shares == sorted(set(shares))
    assert shares[0] < 0.2
    assert shares[-1] > 1
    painting.disc(64, 64, 64)
    assert painting.preview() is None
    assert painting.preview() is None  # the tables have been brought up to date; what is kept is still older
    assert worst(painting.exact(), painting.truth()) <= 1e-5


@pytest.mark.usefixtures("everything")
def test_a_render_that_gave_way_leaves_the_frame_before_to_build_on(tiny: Any) -> None:
    """The hand rests, the exact picture begins, the hand moves again: the next stroke is previewed at once."""
    painting = Painting(tiny, "noise")
    painting.exact()
    painting.disc(30, 30, 10)
    with torch.inference_mode(), pytest.raises(GaveWayError):
        painting.generator.render(painting.layout, painting.z, keep=True, should_stop=iter([False, False, True]).__next__)
    painting.disc(90, 90, 10)
    assert worst(painting.previewed(), painting.truth()) <= 1e-4


def test_instance_norm_renders_fully(tiny: Any) -> None:
    """Its statistics change everywhere with every edit."""
    painting = Painting(tiny, "noise", norm="instance")
    painting.exact()
    painting.disc(60, 60, 4)
    assert painting.preview() is None
    assert worst(painting.exact(), painting.truth()) <= 1e-5


def test_only_the_same_size_style_and_kind_of_layout_can_be_previewed(tiny: Any) -> None:
    painting = Painting(tiny, "noise")
    generator, layout, z = painting.generator, painting.layout, painting.z
    assert z is not None
    assert not generator.can_preview(layout, z)
    with torch.inference_mode():
        generator.render(layout, z)
        assert not generator.can_preview(layout, z)  # it was not kept
        generator.render(layout, z, keep=True)
    assert generator.can_preview(layout, z.copy())
    assert not generator.can_preview(layout, z + 1e-6)
    assert not generator.can_preview(tiny.layout(0, 64, SIZE), z)
    assert not generator.can_preview(tiny.layout(0, SIZE, SIZE, edges=False), z)
    painting.disc(10, 10, 5)
    assert generator.can_preview(painting.layout, z)


@pytest.mark.parametrize("fails", ["update", "block"])
@pytest.mark.usefixtures("everything")
def test_a_preview_that_failed_leaves_nothing_wrong_to_build_on(tiny: Any, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """Some tables may be up to date then and others not; a half-recomputed picture is no base for the next preview."""
    painting = Painting(tiny, "noise")
    painting.exact()
    painting.disc(30, 30, 10)
    calls = iter([False, False, True])

    def fail_third(original: Any) -> Any:
        def failing(*arguments: Any) -> Any:
            if next(calls):
                raise torch.OutOfMemoryError
            return original(*arguments)

        return failing

    with monkeypatch.context() as patch:
        if fails == "update":
            patch.setattr(modulation_table, "hidden_rows", fail_third(modulation_table.hidden_rows))
        else:
            patch.setattr(previews, "_block", fail_third(previews._block))
        with pytest.raises(torch.OutOfMemoryError):
            painting.preview()
    painting.disc(100, 100, 10)
    if fails == "block":
        assert not painting.generator.can_preview(painting.layout, painting.z)
        painting.exact()
        painting.disc(60, 20, 10)
    assert worst(painting.previewed(), painting.truth()) <= 1e-4
