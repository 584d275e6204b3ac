"""What the render thread runs first: it imports torch without freezing the window, then loads the weights."""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spade_studio.app.ui import collector
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelChannels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spade_studio.app.ui.settings import Settings
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.labels.label_set import LabelSet
    from spade_studio.engine.pictures.provenance import Provenance
    from spade_studio.engine.rendering.frame_sizes import SizeWish
    from spade_studio.engine.rendering.renderer import Renderer
    from spade_studio.engine.rendering.result_plan import ResultWish
    from spade_studio.engine.weights.facts import WeightsFacts
    from spade_studio.engine.weights.info import PublishedOptions


@dataclass(frozen=True)
class LoadOptions:
    """Which weights to render with, and how; changed by :class:`spade_studio.app.rendering.controller.RenderingController` only.

    Attributes:
        weights: A bundle, a published folder or a ``.pth``; the default weights where None.
        device: As :meth:`Renderer.load` takes it.
        dtype: As :meth:`Renderer.load` takes it.
        published: What a published file does not tell, as a person answered.
        is_device_remembered: Whether the device was chosen at an earlier start: it gives way to ``auto`` where the machine lacks it now.
        is_dtype_remembered: Likewise for the compute type.
    """

    weights: Path | None = None
    device: str = "auto"
    dtype: str = "auto"
    published: PublishedOptions | None = None
    is_device_remembered: bool = False
    is_dtype_remembered: bool = False


def starting_options(weights: Path | None, device: str | None, dtype: str | None, settings: Settings) -> LoadOptions:
    """Return what to load at the start: the command line's device and compute type, remembered ones where it names none (None)."""
    return LoadOptions(
        weights,
        device or settings.render_device,
        dtype or settings.render_dtype,
        is_device_remembered=device is None,
        is_dtype_remembered=dtype is None,
    )


def renderer_loader(options: LoadOptions, *, tries: bool = False) -> Callable[[], Renderer]:
    """Return the function that the render thread calls to get its renderer.

    Args:
        options: What to load.
        tries: Whether to render a blank layout before the renderer counts as loaded, so that one which cannot render fails as one that
            cannot be loaded does, beside another one that can.
    """

    def load() -> Renderer:
        preload_torch_libraries()
        with _no_garbage_collection():
            from spade_studio.engine.device import choose_device, choose_dtype
            from spade_studio.engine.rendering.renderer import Renderer

            device = _or_auto(options.device, choose_device) if options.is_device_remembered else options.device
            dtype = options.dtype
            if options.is_dtype_remembered:
                dtype = _or_auto(dtype, lambda name: choose_dtype(name, choose_device(device)))
            renderer = Renderer.load(options.weights, device=device, dtype=dtype, options=options.published)
        if tries:
            _render_blank(renderer)
        return renderer

    return load


def _or_auto(name: str, check: Callable[[str], object]) -> str:
    try:
        check(name)
    except EngineError:
        return "auto"
    return name


def _render_blank(renderer: Renderer) -> None:
    import numpy as np

    size = renderer.config.nearest_size(renderer.config.smallest_side, renderer.config.smallest_side)
    renderer.set_style(renderer.style_from_seed(0) if renderer.z_width else None)
    renderer.set_layout(np.full(size, renderer.channels.known_ids[0], np.uint8), size=size)
    renderer.render()
    renderer.release_memory()


def render_described(
    renderer: Renderer,
    labels: NDArray[np.uint8],
    instances: NDArray[np.integer] | None,
    source: LabelSet | None,
    size: tuple[int, int] | SizeWish | ResultWish | None,
    style: int | NDArray[np.float32],
    *,
    texture: int = 0,
    texture_regions: NDArray[np.uint16] | None = None,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> DescribedPicture:
    """Render one picture with its record, on the render thread: :func:`spade_studio.engine.batch.picture.render_described`."""
    from spade_studio.engine.batch import picture

    noise = {"texture": texture, "texture_regions": texture_regions}
    return picture.render_described(renderer, labels, instances, source, size, style, **noise, progress=progress, should_stop=should_stop)


def differences(recorded: Provenance, renderer: Renderer) -> list[str]:
    """Say what is not as a picture was rendered, on the render thread: :func:`spade_studio.engine.pictures.record.differences`."""
    from spade_studio.engine.pictures import record

    return record.differences(recorded, renderer)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep the collector away while hundreds of thousands of lasting objects are made, and from these for ever after.

    A full collection holds Python's lock from its beginning to its end: with torch's modules in memory, a tenth of a second or three.
    """
    with collector.held():
        try:
            yield
        finally:
            gc.freeze()


def peek_channels(options: LoadOptions) -> LabelChannels | None:
    """Read from a bundle's header which labels it knows, so that the palette is right before anything is loaded.

    Returns:
        None for published files, which only torch can read, and for damaged ones: the render thread will say what is wrong.
    """
    from spade_studio.engine.weights import default_weights_path, inspect_weights

    path = options.weights or default_weights_path()
    if path.suffix != ".safetensors":
        return None
    try:
        return inspect_weights(path).channels
    except EngineError:
        return None


def default_weights() -> Path:
    """Return where the weights that come with the program lie."""
    from spade_studio.engine.weights import default_weights_path

    return default_weights_path()


def examine_weights(path: Path, options: PublishedOptions | None = None) -> WeightsFacts:
    """Tell what weights are, without torch: :func:`spade_studio.engine.weights.examine_weights`."""
    from spade_studio.engine import weights

    return weights.examine_weights(path, options)


def deciding_files(path: Path) -> tuple[Path, ...]:
    """Return the files whose bytes decide what weights render: :func:`spade_studio.engine.weights.deciding_files`."""
    from spade_studio.engine import weights

    return weights.deciding_files(path)


def devices() -> list[str]:
    """Return the devices of this machine in words: ``cpu``, ``cuda:0 (NVIDIA H200)``."""
    from spade_studio.engine.device import available_devices

    return [f"{entry.name} ({entry.title})" if entry.title else entry.name for entry in available_devices()]


def fingerprint(files: Sequence[Path], progress: Callable[[int, int], object]) -> str:
    """Return the hash of files: :func:`spade_studio.engine.weights.fingerprint`."""
    from spade_studio.engine import weights

    return weights.fingerprint(files, progress)


def preload_torch_libraries() -> None:
    """Load torch's native libraries (hundreds of megabytes) while other threads run.

    ``import torch`` loads them too, but holds Python's lock meanwhile, and so would :class:`ctypes.CDLL`: a window could not move. A
    foreign function call gives the lock away, so the system's ``dlopen`` is called as one. Whatever fails here, ``import torch`` will do
    or report. On Windows torch loads them by foreign calls itself.
    """
    if os.name != "posix" or "torch" in sys.modules:
        return
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return
    suffix = "dylib" if sys.platform == "darwin" else "so"
    folder = Path(spec.origin).parent / "lib"
    open_library = ctypes.CDLL(None).dlopen
    open_library.restype = ctypes.c_void_p
    open_library.argtypes = (ctypes.c_char_p, ctypes.c_int)
    # The first holds what torch wants visible to all libraries, the second draws in all others.
    for name, mode in ((f"libtorch_global_deps.{suffix}", os.RTLD_LAZY | os.RTLD_GLOBAL), (f"libtorch.{suffix}", os.RTLD_LAZY)):
        library = folder / name
        if library.is_file():
            open_library(os.fsencode(library), mode)
