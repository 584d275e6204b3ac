"""Requests that are completed on the render thread before they are rendered."""

from __future__ import annotations

import queue
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.service import RenderRequest, RenderResult, RenderService


def test_a_request_is_completed_on_the_thread(tiny_weights: Path) -> None:
    threads: list[str] = []

    def prepare(request: RenderRequest) -> RenderRequest:
        threads.append(threading.current_thread().name)
        return replace(request, labels=np.full_like(request.labels, 10))

    deliveries: queue.Queue[object] = queue.Queue()
    service = RenderService(lambda: Renderer.load(tiny_weights), deliveries.put, prepare)
    service.start()
    service.submit(RenderRequest(1, np.full((32, 32), 99, np.uint8), 1))
    result = [deliveries.get(timeout=60) for _ in range(2)][-1]
    service.close()
    assert isinstance(result, RenderResult)
    assert not result.unknown_ids
    assert threads == ["render"]
