"""Loading of torch and the weights on the render thread without freezing the window."""

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
    """Weights, device and compute type of a renderer; changed by :class:`spade_studio.app.rendering.controller.RenderingController` only.

    Attributes:
        weights: A bundle, a published folder or a ``.pth`` file; None for the default weights.
        device: Device name as for :meth:`Renderer.load`.
        dtype: Compute type as for :meth:`Renderer.load`.
        published: The user's answers to what a published file does not specify.
        is_device_remembered: Whether the device comes from the settings; if the machine lacks it, ``auto`` is used instead.
        is_dtype_remembered: Whether the compute type comes from the settings; if the device does not support it, ``auto`` is used.
    """

    weights: Path | None = None
    device: str = "auto"
    dtype: str = "auto"
    published: PublishedOptions | None = None
    is_device_remembered: bool = False
    is_dtype_remembered: bool = False


def starting_options(weights: Path | None, device: str | None, dtype: str | None, settings: Settings) -> LoadOptions:
    """Return the options at startup: device and compute type from the command line; where None, those in the settings."""
    return LoadOptions(
        weights,
        device or settings.render_device,
        dtype or settings.render_dtype,
        is_device_remembered=device is None,
        is_dtype_remembered=dtype is None,
    )


def renderer_loader(options: LoadOptions, *, tries: bool = False) -> Callable[[], Renderer]:
    """Return the function that the render thread calls to load its renderer.

    Args:
        options: The weights, device and compute type to load.
        tries: Whether to render a blank layout before the renderer counts as loaded, so that weights that load but cannot render are
            reported as a loading failure and the present renderer stays.
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
    """Render one picture with its provenance, on the render thread; see :func:`spade_studio.engine.batch.picture.render_described`."""
    from spade_studio.engine.batch import picture

    noise = {"texture": texture, "texture_regions": texture_regions}
    return picture.render_described(renderer, labels, instances, source, size, style, **noise, progress=progress, should_stop=should_stop)


def differences(recorded: Provenance, renderer: Renderer) -> list[str]:
    """List differences from a recorded renderer, on the render thread; see :func:`spade_studio.engine.pictures.record.differences`."""
    from spade_studio.engine.pictures import record

    return record.differences(recorded, renderer)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Suspend garbage collection while hundreds of thousands of long-lived objects are created, then freeze those objects.

    A full collection holds the GIL throughout: with torch's modules in memory, 0.1 to 0.3 s.
    """
    with collector.held():
        try:
            yield
        finally:
            gc.freeze()


def peek_channels(options: LoadOptions) -> LabelChannels | None:
    """Read the label channels from a bundle's header, so that the palette is right before the weights are loaded.

    Returns:
        The channels; None for published files, which need torch to read, and for damaged files, which the render thread reports.
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
    """Return the path of the bundled weights."""
    from spade_studio.engine.weights import default_weights_path

    return default_weights_path()


def examine_weights(path: Path, options: PublishedOptions | None = None) -> WeightsFacts:
    """Inspect weights without torch; see :func:`spade_studio.engine.weights.examine_weights`."""
    from spade_studio.engine import weights

    return weights.examine_weights(path, options)


def deciding_files(path: Path) -> tuple[Path, ...]:
    """Return the files whose content determines the rendering; see :func:`spade_studio.engine.weights.deciding_files`."""
    from spade_studio.engine import weights

    return weights.deciding_files(path)


def devices() -> list[str]:
    """Return descriptions of this machine's devices: ``cpu``, ``cuda:0 (NVIDIA H200)``."""
    from spade_studio.engine.device import available_devices

    return [f"{entry.name} ({entry.title})" if entry.title else entry.name for entry in available_devices()]


def fingerprint(files: Sequence[Path], progress: Callable[[int, int], object]) -> str:
    """Return the SHA-256 of files; see :func:`spade_studio.engine.weights.fingerprint`."""
    from spade_studio.engine import weights

    return weights.fingerprint(files, progress)


def preload_torch_libraries() -> None:
    """Load torch's native libraries (hundreds of megabytes) without blocking other threads.

    ``import torch`` and :class:`ctypes.CDLL` hold the GIL while they load a library, which would freeze the window. A ctypes call
    releases it, so ``dlopen`` is called through ctypes. Failures are ignored here, since ``import torch`` retries or reports them. On
    Windows torch itself loads its libraries through ctypes calls.
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
    # The first holds the symbols that torch needs globally visible, the second depends on all others.
    for name, mode in ((f"libtorch_global_deps.{suffix}", os.RTLD_LAZY | os.RTLD_GLOBAL), (f"libtorch.{suffix}", os.RTLD_LAZY)):
        library = folder / name
        if library.is_file():
            open_library(os.fsencode(library), mode)
