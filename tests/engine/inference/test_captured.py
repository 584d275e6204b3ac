"""When a captured graph may be replayed; a stand-in records on the CPU, and a test on CUDA replays real graphs."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.inference.captured import CapturedForward
from spade_studio.engine.inference.fast_generator import FastGenerator, SizePlan
from spade_studio.engine.networks.layout import Layout

CPU = torch.device("cpu")


class Replay:
    """Stands in for a CUDA graph: writes the picture of the memory that it was captured with, as a graph would."""

    def __init__(self, generator: FastGenerator, plan: SizePlan, codes: Tensor) -> None:
        self.generator, self.plan, self.codes = generator, plan, codes
        self.memory = self.addresses()
        self.edges = [weakref.ref(tensor) for tensor in generator.edges()]
        self.picture = self.run().clone()

    def addresses(self) -> list[int]:
        tensors = [tensor for stage in self.plan.stages for tensor in (stage.table.slots, *stage.table.tables)]
        return [tensor.data_ptr() for tensor in (*tensors, *self.generator._buffers.values())]

    def run(self) -> Tensor:
        picture = self.generator.forward(self.plan, self.generator.first(self.plan, self.codes), self.codes).picture
        assert picture is not None
        return picture

    def replay(self) -> None:
        assert self.addresses() == self.memory, "a graph would have read or written memory that is no longer its own"
        assert all(edge() is not None for edge in self.edges), "a graph would have read memory that was freed"
        self.picture.copy_(self.run())


class Recorder(CapturedForward):
    """Captures on the CPU and counts."""

    def __init__(self, generator: FastGenerator) -> None:
        super().__init__(generator)
        self.captures = 0
        self.fails: Exception | None = None

    def _record(self, plan: SizePlan, codes: Tensor) -> Any:
        self.captures += 1
        if self.fails is not None:
            raise self.fails
        replay = Replay(self._generator, plan, codes)
        return replay, replay.picture


class Frames:
    """Renders with and without capture and compares."""

    def __init__(self, tiny: Any, **changes: Any) -> None:
        self.config = tiny.config(**({"input": "noise"} | changes))
        self.state = tiny.state(self.config)
        self.generator = FastGenerator(self.config, self.state, CPU, torch.float32)
        self.captured = Recorder(self.generator)

    def show(self, layout: Layout, z: np.ndarray) -> int:
        """Render a frame, check it, and return how many captures there were in all."""
        with torch.inference_mode():
            plan = self.generator.plan(layout)
            picture = self.captured.render(plan, z)
            fresh = FastGenerator(self.config, self.state, CPU, torch.float32)
            fresh.texture = self.generator.texture
            expected = fresh.render(layout, z)
        assert picture is not None
        torch.testing.assert_close(picture, expected, rtol=0, atol=1e-5)
        return self.captured.captures


def test_new_styles_replay(tiny: Any) -> None:
    frames = Frames(tiny)
    assert [frames.show(tiny.layout(0), tiny.style(i)) for i in range(4)] == [1, 1, 1, 1]


def test_strokes_replay_until_a_table_grows(tiny: Any) -> None:
    frames = Frames(tiny)
    labels = tiny.channels(0)
    captures: list[int] = []
    for i in range(5):  # the first layout fills its tables; the first stroke doubles them
        captures.append(frames.show(Layout.from_channels(labels.copy(), 6, edge_channel=True), tiny.style(0)))
        labels[0, 10 * i : 10 * i + 2, 10:12] = (labels[0, 10 * i : 10 * i + 2, 10:12] + 1) % 5
    assert captures == [1, 2, 2, 2, 2]
    noise = np.random.default_rng(0).integers(0, 5, labels.shape)
    assert frames.show(Layout.from_channels(noise, 6, edge_channel=True), tiny.style(0)) == 3


def test_new_textures_replay(tiny: Any) -> None:
    frames = Frames(tiny, input="layout_and_style", noise_injection=True)
    layout = tiny.layout(0)
    captures: list[int] = []
    for texture in (0, 5, np.arange(64 * 64, dtype=np.int32).reshape(64, 64), 0):
        frames.generator.texture = texture
        captures.append(frames.show(layout, tiny.style(0)))
    assert captures == [1, 1, 1, 1]


def test_another_size_is_captured_anew(tiny: Any) -> None:
    frames = Frames(tiny)
    captures = [frames.show(tiny.layout(0, height, 64), tiny.style(0)) for height in (64, 96, 64)]
    assert captures == [1, 2, 3]


def test_a_frame_of_another_size_in_between_moves_buffers(tiny: Any) -> None:
    """A preview of a larger size runs kernel by kernel, so the graph is not asked, but its buffers are taken from it."""
    frames = Frames(tiny)
    assert frames.show(tiny.layout(0), tiny.style(0)) == 1
    with torch.inference_mode():
        frames.generator.render(tiny.layout(1, 96, 96), tiny.style(0))
    assert frames.show(tiny.layout(0), tiny.style(1)) == 2


def test_what_a_graph_reads_of_edges_lives_as_long_as_the_graph(tiny: Any) -> None:
    """Convolutions with replicate padding keep edges of a few sizes; frames of other sizes run kernel by kernel in between."""
    frames = Frames(tiny, padding="replicate")

    def layout(height: int, width: int) -> Layout:
        return tiny.layout(0, height, width, replicate=True)

    sizes = {"A": (64, 64), "B": (32, 64), "C": (64, 32)}
    assert frames.show(layout(*sizes["A"]), tiny.style(0)) == 1
    for name in ("B", "A", "C"):
        with torch.inference_mode():
            frames.generator.render(layout(*sizes[name]), tiny.style(0))
    assert frames.show(layout(*sizes["A"]), tiny.style(1)) == 1
    replay: Any = frames.captured._graph
    edges = [edge() for edge in replay.edges]
    assert len(edges) == 2 * (2 * len(frames.generator.blocks) + 1)
    assert all(held is edge for held, edge in zip(frames.captured._held, edges, strict=True))
    for name in ("B", "C"):
        with torch.inference_mode():
            frames.generator.render(layout(*sizes[name]), tiny.style(0))
    del edges
    gc.collect()
    assert all(edge() is not None for edge in replay.edges)
    frames.captured.forget()
    gc.collect()
    assert not any(edge() is not None for edge in replay.edges)


def test_released_memory_is_captured_anew(tiny: Any) -> None:
    frames = Frames(tiny)
    assert frames.show(tiny.layout(0), tiny.style(0)) == 1
    frames.generator.release_memory()
    assert frames.show(tiny.layout(0), tiny.style(0)) == 2


def test_a_device_that_cannot_capture_is_asked_once(tiny: Any, caplog: pytest.LogCaptureFixture) -> None:
    frames = Frames(tiny)
    frames.captured.fails = RuntimeError("operation not permitted when stream is capturing")
    layout = tiny.layout(0)
    with torch.inference_mode():
        plan = frames.generator.plan(layout)
        assert [frames.captured.render(plan, tiny.style(i)) for i in range(3)] == [None, None, None]
    assert frames.captured.captures == 1
    assert "does not capture graphs" in caplog.text


def test_running_out_of_memory_is_no_verdict_on_the_device(tiny: Any) -> None:
    frames = Frames(tiny)
    frames.captured.fails = torch.OutOfMemoryError()
    with pytest.raises(torch.OutOfMemoryError):
        frames.show(tiny.layout(0), tiny.style(0))
    frames.captured.fails = None
    assert frames.show(tiny.layout(0), tiny.style(0)) == 2


@pytest.mark.cuda
def test_replayed_graphs_are_eager_frames(tiny: Any) -> None:
    device = torch.device("cuda")
    config = tiny.config(input="noise")
    generator = FastGenerator(config, tiny.state(config), device, torch.float32)
    eager = FastGenerator(config, tiny.state(config), device, torch.float32)
    captured = CapturedForward(generator)
    with torch.inference_mode(), torch.cuda.stream(torch.cuda.Stream(device)):
        for seed, height in ((0, 64), (0, 64), (1, 64), (1, 96), (2, 64)):
            layout, z = tiny.layout(seed, height), tiny.style(seed + height)
            picture = captured.render(generator.plan(layout), z)
            assert picture is not None
            torch.testing.assert_close(picture, eager.render(layout, z), rtol=0, atol=1e-5)
