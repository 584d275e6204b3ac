"""How the render thread begins and ends: weights that do not load, closing meanwhile, and what is left of it."""

from __future__ import annotations

import gc
import queue
import subprocess
import sys
import threading
import weakref
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spade_studio.engine.errors import EngineError, OutOfMemoryError, WeightsError
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.service import Delivery, JobDone, RendererReady, RenderFailure, RenderJob, RenderRequest, RenderService

PATIENCE = 30.0


@pytest.mark.parametrize(
    ("error", "told"), [(WeightsError("the file is damaged"), "the file is damaged"), (ValueError("surprise"), "ValueError: surprise")]
)
def test_weights_that_do_not_load_are_a_value(tiny: Any, error: Exception, told: str) -> None:
    deliveries: queue.Queue[Delivery] = queue.Queue()

    def load() -> Renderer:
        raise error

    service = RenderService(load, deliveries.put)
    service.start()
    failure = deliveries.get(timeout=PATIENCE)
    assert isinstance(failure, RenderFailure)
    assert failure.revision == -1
    assert isinstance(failure.error, EngineError)
    assert told in str(failure.error)
    service.submit(RenderRequest(0, tiny.label_map(0), 0))
    service.close()
    assert deliveries.empty()


def test_closing_while_loading_delivers_nothing(tiny: Any, tiny_weights: Path) -> None:
    loading, go_on = threading.Event(), threading.Event()
    deliveries: queue.Queue[Delivery] = queue.Queue()

    def load() -> Renderer:
        loading.set()
        assert go_on.wait(PATIENCE)
        return Renderer.load(tiny_weights, device="cpu", dtype="float32")

    service = RenderService(load, deliveries.put)
    service.start()
    assert loading.wait(PATIENCE)
    service.submit(RenderRequest(0, tiny.label_map(0), 0))
    closer = threading.Thread(target=service.close)
    closer.start()
    with service._changed:
        assert service._changed.wait_for(lambda: service._closing, PATIENCE)
    go_on.set()
    closer.join(PATIENCE)
    assert not closer.is_alive()
    assert deliveries.empty()


def test_the_service_is_imported_without_torch() -> None:
    code = "import sys, spade_studio.engine.rendering.service; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Loaded:
    """A renderer as far as the service looks at it before the first picture."""

    config = SimpleNamespace(smallest_side=32)
    has_texture = False
    info = SimpleNamespace(can_use_style_image=False, channels=None, path=Path("x"))
    device, dtype, stride, z_width, training_size, largest_side, weights_sha256 = "cpu", "float32", 32, None, (64, 64), 64, ""

    def release_memory(self) -> None:
        """Nothing is held."""


def test_a_service_that_has_ended_holds_no_renderer_even_after_a_job_failed() -> None:
    deliveries: queue.Queue[Delivery] = queue.Queue()
    loaded = [Loaded()]
    left = weakref.ref(loaded[0])
    service = RenderService(partial(cast, Any, loaded.pop()), deliveries.put)

    def fail(_renderer: Renderer) -> None:
        raise OutOfMemoryError("no room")

    gc.disable()
    try:
        service.start()
        assert isinstance(deliveries.get(timeout=PATIENCE), RendererReady)
        service.submit_job(RenderJob(fail))
        done = deliveries.get(timeout=PATIENCE)
        assert isinstance(done, JobDone)
        assert isinstance(done.error, OutOfMemoryError)
        del done
        assert service.close()
        assert left() is None
    finally:
        gc.enable()
