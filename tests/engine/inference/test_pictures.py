"""Picture makers: bytes and floats at the border, several styles, frames and previews, and the choice of the faster maker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spade_studio.engine.inference import preview as previews
from spade_studio.engine.inference.pictures import (
    DefinitionMaker,
    FastMaker,
    PictureMaker,
    Pictures,
    TimedChoice,
    make_picture_maker,
)
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    ConcatenationConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    Pix2PixHDConfig,
)
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.style import StyleCode

CPU = torch.device("cpu")
PATHS = pytest.mark.parametrize("path", ["fast", "dense"])


def maker_of(tiny: Any, path: Any, **changes: Any) -> PictureMaker:
    config: GeneratorConfig = tiny.config(**({"input": "noise"} | changes))
    return make_picture_maker(config, tiny.state(config), CPU, torch.float32, path)


@pytest.fixture(autouse=True)
def without_gradients() -> Any:
    with torch.inference_mode():
        yield


def test_levels_are_rounded_and_clipped() -> None:
    values = torch.tensor([-1.2, -1.0, -0.996, 0.0, 0.5, 1.0, 1.2, 0.9999]).view(1, 1, 2, 4).expand(1, 3, 2, 4)
    found = Pictures(values).to_bytes()
    assert found.dtype == np.uint8
    assert found.shape == (1, 2, 4, 3)
    assert found[0, :, :, 1].reshape(-1).tolist() == [0, 0, 1, 128, 191, 255, 255, 255]


def test_arrays_are_their_receivers_own() -> None:
    values = torch.zeros(1, 3, 4, 4)
    pictures = Pictures(values)
    as_bytes, as_floats = pictures.to_bytes(), pictures.to_floats()
    values.fill_(1)
    assert (as_bytes == 128).all()
    assert not as_floats.any()
    assert as_floats.dtype == np.float32


@PATHS
def test_styles_of_one_layout_are_those_rendered_alone(tiny: Any, path: Any) -> None:
    maker = maker_of(tiny, path)
    layout, styles = tiny.layout(0), tiny.style(0, count=3)
    together = maker.pictures(layout, styles).to_floats()
    alone = np.concatenate([maker.pictures(layout, styles[i : i + 1]).to_floats() for i in range(3)])
    assert together.shape == (3, 3, 64, 64)
    assert np.array_equal(together, alone)
    assert np.abs(together[0] - together[1]).max() > 0.01


@pytest.mark.parametrize("changes", [{"input": "noise"}, {"input": "layout", "norm": "instance"}], ids=str)
def test_paths_agree_and_name_themselves(tiny: Any, changes: dict[str, Any]) -> None:
    z = tiny.style(0) if changes["input"] == "noise" else None
    fast, dense = maker_of(tiny, "fast", **changes), maker_of(tiny, "dense", **changes)
    assert isinstance(fast, FastMaker)
    assert isinstance(dense, DefinitionMaker)
    difference = np.abs(fast.pictures(tiny.layout(0), z).to_floats() - dense.pictures(tiny.layout(0), z).to_floats())
    assert difference.max() <= 1e-4


def test_auto_is_fast_on_a_cpu_and_the_definition_where_there_is_no_other(tiny: Any) -> None:
    assert isinstance(maker_of(tiny, "auto"), FastMaker)
    others: list[AnyGeneratorConfig] = [
        Pix2PixHDConfig(6, 4, 2, 2, crop_size=64),
        ConcatenationConfig(6, 4, crop_size=64),
        LayeredPix2PixHDConfig(6, 4, 2, 2, hidden_width=8, crop_size=64),
    ]
    for config in others:
        for path in ("auto", "fast", "dense"):
            maker = make_picture_maker(config, build_generator(config).state_dict(), CPU, torch.float32, path)
            assert isinstance(maker, DefinitionMaker)
            assert maker.pictures(tiny.layout(0), None).to_bytes().shape == (1, 64, 64, 3)


def test_the_definition_loads_states_without_counters(tiny: Any) -> None:
    """Published files may lack num_batches_tracked."""
    config = tiny.config(input="noise")
    state = {name: value for name, value in tiny.state(config).items() if not name.endswith("num_batches_tracked")}
    assert len(state) < len(tiny.state(config))
    found = DefinitionMaker(config, state, CPU, torch.float32).pictures(tiny.layout(0), tiny.style(0)).to_floats()
    assert np.array_equal(found, maker_of(tiny, "dense").pictures(tiny.layout(0), tiny.style(0)).to_floats())


def test_frames_are_previews_while_the_hand_moves(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_COST_OF_A_POSITION", 0)
    maker, z = maker_of(tiny, "fast"), tiny.style(0)
    labels = tiny.channels(0)
    found: list[tuple[str, bool]] = []
    for edit, style, moving in ((0, z, True), (1, z, True), (2, z, True), (2, z, False), (2, z + 1, True), (3, z + 1, True)):
        labels[0, 10:14, 10:14] = edit
        layout = Layout.from_channels(labels.copy(), 6, edge_channel=True)
        frame = maker.frame(layout, style, preview=moving, should_stop=None)
        assert frame is not None
        exact = maker_of(tiny, "fast").pictures(layout, style).to_floats()
        found.append((frame[1], bool(np.abs(frame[0].to_floats() - exact).max() <= 1e-5)))
    # First nothing is kept, and a new style changes every place.
    assert [quality for quality, _ in found] == ["exact", "preview", "preview", "exact", "exact", "preview"]
    assert all(same for quality, same in found if quality == "exact")


def test_a_frame_that_gives_way_is_none_and_the_next_is_right(tiny: Any) -> None:
    maker, layout, z = maker_of(tiny, "fast"), tiny.layout(0), tiny.style(0)
    expected = maker.pictures(layout, z).to_floats()
    assert maker.frame(tiny.layout(1), z, preview=False, should_stop=lambda: True) is None
    frame = maker.frame(layout, z, preview=True, should_stop=lambda: False)
    assert frame is not None
    assert frame[1] == "exact"
    assert np.array_equal(frame[0].to_floats(), expected)


def test_pictures_between_frames_do_not_disturb_previews(tiny: Any) -> None:
    """Exact pictures of other styles, as for a contact sheet, are not what a preview may build on."""
    maker, layout, z = maker_of(tiny, "fast"), tiny.layout(0), tiny.style(0)
    maker.frame(layout, z, preview=False, should_stop=None)
    maker.pictures(tiny.layout(1), tiny.style(5, count=2))
    frame = maker.frame(layout, z, preview=True, should_stop=None)
    assert frame is not None
    assert np.array_equal(frame[0].to_floats(), maker.pictures(layout, z).to_floats())


class Clock:
    """Stands in for the time module: advances only when a maker works."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Worker:
    """Makes black pictures in a given time on the clock; fails above a size."""

    path: Any = "dense"

    def __init__(self, clock: Clock, seconds: float, largest: int = 10**6) -> None:
        self.clock, self.seconds, self.largest = clock, seconds, largest
        self.styles: list[int] = []
        self.released = 0
        self.textures: list[Any] = []

    def set_texture(self, texture: Any) -> None:
        self.textures.append(texture)

    def pictures(self, layout: Layout, z: StyleCode | None) -> Pictures:
        if layout.height > self.largest:
            raise torch.OutOfMemoryError
        count = 1 if z is None else len(z)
        self.styles.append(count)
        self.clock.now += self.seconds * count * layout.height
        return Pictures(torch.zeros(count, 3, layout.height, layout.width))

    def frame(self, layout: Layout, z: StyleCode | None, *, preview: bool, should_stop: Any) -> Any:
        return self.pictures(layout, z), "exact"

    def release_memory(self) -> None:
        self.released += 1


class Contest:
    """Two workers in a TimedChoice."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **workers: Any) -> None:
        self.clock = Clock()
        monkeypatch.setattr("spade_studio.engine.inference.pictures.time", self.clock)
        self.workers = [Worker(self.clock, *values) for values in workers.values()]
        self.built: list[int] = []
        self.waits = 0

        def builder(index: int) -> Any:
            def build() -> Worker:
                self.built.append(index)
                return self.workers[index]

            return build

        def synchronize() -> None:
            self.waits += 1

        self.choice = TimedChoice([builder(i) for i in range(len(self.workers))], synchronize)


@pytest.mark.parametrize(("first", "second", "winner"), [(2.0, 1.0, 1), (1.0, 2.0, 0)])
def test_the_faster_maker_is_kept(tiny: Any, monkeypatch: pytest.MonkeyPatch, first: float, second: float, winner: int) -> None:
    contest = Contest(monkeypatch, first=(first,), second=(second,))
    layout, styles = tiny.layout(0), tiny.style(0, count=3)
    assert contest.choice.pictures(layout, styles).values.shape == (3, 3, 64, 64)
    # Both were warmed up and timed with one style; only the faster rendered what was asked for.
    assert contest.workers[winner].styles == [1, 1, 3]
    assert contest.workers[1 - winner].styles == [1, 1]
    assert contest.waits == 4
    contest.choice.pictures(layout, styles)
    contest.choice.frame(layout, styles[:1], preview=True, should_stop=None)
    assert contest.workers[winner].styles == [1, 1, 3, 3, 1]
    assert contest.workers[1 - winner].styles == [1, 1]
    assert contest.built == [0, 1]
    contest.choice.release_memory()
    assert (contest.workers[winner].released, contest.workers[1 - winner].released) == (1, 0)


def test_a_texture_is_handed_on_once(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = Contest(monkeypatch, first=(1.0,), second=(2.0,))
    for texture in (3, 4):
        contest.choice.set_texture(texture)
        for _ in range(3):
            contest.choice.frame(tiny.layout(0), tiny.style(0), preview=False, should_stop=None)
    assert contest.workers[0].textures == [3, 4]


def test_every_size_is_timed_once(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = Contest(monkeypatch, first=(1.0,), second=(2.0,))
    for height in (64, 96, 64, 96):
        contest.choice.pictures(tiny.layout(0, height), tiny.style(0))
    assert contest.choice.chosen == {(64, 64): 0, (96, 64): 0}
    assert contest.workers[1].styles == [1, 1, 1, 1]


def test_a_maker_without_memory_counts_as_slow(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = Contest(monkeypatch, quick_but_large=(1.0, 64), slow=(2.0, 96))
    for height in (64, 96):
        contest.choice.pictures(tiny.layout(0, height), tiny.style(0))
    assert contest.choice.chosen == {(64, 64): 0, (96, 64): 1}
    with pytest.raises(torch.OutOfMemoryError):
        contest.choice.pictures(tiny.layout(0, 128), tiny.style(0))
    assert (128, 64) not in contest.choice.chosen
    assert contest.choice.pictures(tiny.layout(0, 96), tiny.style(0)).values.shape == (1, 3, 96, 64)


def test_real_makers_are_timed(tiny: Any) -> None:
    config = tiny.config(input="noise")
    state = tiny.state(config)
    choice = TimedChoice(
        [lambda: DefinitionMaker(config, state, CPU, torch.float32), lambda: FastMaker(config, state, CPU, torch.float32)], lambda: None
    )
    layout, z = tiny.layout(0), tiny.style(0)
    found = choice.pictures(layout, z).to_floats()
    expected = maker_of(tiny, choice.path).pictures(layout, z).to_floats()
    assert np.array_equal(found, expected)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("kind", ["noise", "layout"])
def test_a_gpu_agrees_with_the_cpu_and_waits_once(tiny: Any, kind: str, dtype: torch.dtype) -> None:
    config = tiny.config(input=kind)
    cuda = torch.device("cuda")
    z = tiny.style(0) if kind == "noise" else None
    expected = maker_of(tiny, "dense", input=kind).pictures(tiny.layout(0), z).to_floats()
    for path in ("fast", "dense"):
        maker = make_picture_maker(config, tiny.state(config), cuda, dtype, path)  # pyright: ignore[reportArgumentType]
        with torch.cuda.stream(torch.cuda.Stream(cuda)):
            maker.pictures(tiny.layout(1), z)  # weights go to the device, graphs are captured
            maker.pictures(tiny.layout(0), z)
            torch.cuda.synchronize()
            torch.cuda.set_sync_debug_mode("error")
            try:
                pictures = maker.pictures(tiny.layout(0), z)
                maker.frame(tiny.layout(0), z, preview=True, should_stop=None)
            finally:
                torch.cuda.set_sync_debug_mode("default")
            difference = np.abs(pictures.to_floats() - expected)
        assert difference.mean() < (1e-4 if dtype == torch.float32 else 0.01)


def test_the_definition_gives_way_between_layers_and_renders_the_next_frame(tiny: Any) -> None:
    maker, layout, z = maker_of(tiny, "dense"), tiny.layout(0), tiny.style(0)
    asked: list[bool] = []

    def later() -> bool:
        asked.append(True)
        return len(asked) > 5

    assert maker.frame(layout, z, preview=False, should_stop=later) is None
    assert len(asked) == 6
    frame = maker.frame(layout, z, preview=False, should_stop=lambda: False)
    assert frame is not None
    assert np.array_equal(frame[0].to_floats(), maker.pictures(layout, z).to_floats())


class Graph:
    """Stands in for a captured graph, which needs CUDA."""

    def __init__(self, picture: torch.Tensor | None) -> None:
        self.picture = picture
        self.replayed = 0

    def render(self, *_given: object) -> torch.Tensor | None:
        self.replayed += 1
        return self.picture


@pytest.mark.parametrize("is_captured", [True, False])
def test_an_exact_frame_gives_way_beside_a_graph_too(tiny: Any, is_captured: bool) -> None:
    maker = maker_of(tiny, "fast")
    assert isinstance(maker, FastMaker)
    layout, style = tiny.layout(0), tiny.style(0)
    graph = Graph(torch.zeros(1, 64, 64, 3) if is_captured else None)
    maker._captured = graph  # pyright: ignore[reportAttributeAccessIssue] - stands in for it
    asked: list[None] = []

    def should_stop(after: int) -> bool:
        asked.append(None)
        return len(asked) > after

    assert maker.frame(layout, style, preview=False, should_stop=lambda: should_stop(0)) is None
    assert graph.replayed == 0
    asked.clear()
    frame = maker.frame(layout, style, preview=False, should_stop=lambda: should_stop(1))
    assert (frame is not None) == is_captured  # a graph that has begun runs to its end
    assert graph.replayed == 1
