"""Style-only frames on CUDA: a CUDA graph of the generator over an unchanged plan."""

from __future__ import annotations

import logging

import torch
from torch import Tensor

from spade_studio.engine.inference.fast_generator import FastGenerator, SizePlan
from spade_studio.engine.style import StyleCode

_LOG = logging.getLogger(__name__)
_WARM_UPS = 2


class CapturedForward:
    """Replays one graph of :meth:`FastGenerator.forward` for one plan and number of styles.

    Args:
        generator: Generator on a CUDA device.
    """

    def __init__(self, generator: FastGenerator) -> None:
        self._generator = generator
        self._plan: SizePlan | None = None
        self._key: tuple[int, ...] = ()
        self._graph: torch.cuda.CUDAGraph | None = None
        self._codes: Tensor | None = None
        self._picture: Tensor | None = None
        self._held: list[Tensor] = []  # what the graph reads, and convolutions may let go for other sizes
        self._usable = True

    def forget(self) -> None:
        """Free the graph and its memory."""
        self._plan = self._graph = self._codes = self._picture = None
        self._held = []

    def render(self, plan: SizePlan, z: StyleCode) -> Tensor | None:
        """Return pictures [N, H, W, 3], valid until the next call; None where this device does not support capture.

        Args:
            plan: Plan, up to date with the layout.
            z: Style codes [N, z].
        """
        if not self._usable:
            return None
        codes = self._generator.codes(z)
        assert codes is not None
        if self._plan is not plan or self._key != self._key_of(plan, z):
            self.forget()
            try:
                self._capture(plan, codes)
            except torch.OutOfMemoryError:
                self.forget()
                raise
            except RuntimeError as error:
                _LOG.warning("this device does not capture graphs, frames run kernel by kernel: %s", error)
                self._usable = False
                self.forget()
                return None
            self._plan, self._key = plan, self._key_of(plan, z)
        assert self._codes is not None
        assert self._graph is not None
        self._codes.copy_(codes, non_blocking=True)
        self._graph.replay()
        return self._picture

    def _key_of(self, plan: SizePlan, z: StyleCode) -> tuple[int, ...]:
        """Return what differs as soon as memory that the graph reads or writes has moved."""
        return len(z), self._generator.memory_generation, *(stage.table.memory_generation for stage in plan.stages)

    def _capture(self, plan: SizePlan, codes: Tensor) -> None:
        self._codes = codes.clone()
        for _ in range(_WARM_UPS):  # convolution algorithms are chosen and buffers grow before the capture
            self._generator.forward(plan, self._generator.first(plan, self._codes), self._codes)
        self._held = self._generator.edges()
        self._graph, self._picture = self._record(plan, self._codes)

    def _record(self, plan: SizePlan, codes: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor | None]:
        """Return a graph of one frame and the picture that it writes."""
        torch.cuda.current_stream().synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):
            return graph, self._generator.forward(plan, self._generator.first(plan, codes), codes).picture
