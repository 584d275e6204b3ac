"""What the render thread runs first: it imports torch without freezing the window, then loads the weights.

Importing this module imports no torch; it knows no widgets and no requests.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelChannels

if TYPE_CHECKING:
    from spade_studio.engine.renderer import Renderer


@dataclass(frozen=True)
class LoadOptions:
    """Which weights to load, and how; as given on the command line.

    Attributes:
        weights: A bundle, a published folder or a ``.pth``; the default weights where None.
        device: As :meth:`Renderer.load` takes it.
        dtype: As :meth:`Renderer.load` takes it.
    """

    weights: Path | None = None
    device: str = "auto"
    dtype: str = "auto"


def renderer_loader(options: LoadOptions) -> Callable[[], Renderer]:
    """Return the function that the render thread calls to get its renderer."""

    def load() -> Renderer:
        preload_torch_libraries()
        with _no_garbage_collection():
            from spade_studio.engine.renderer import Renderer

            return Renderer.load(options.weights, device=options.device, dtype=options.dtype)

    return load


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep the collector away while hundreds of thousands of lasting objects are made, and from these for ever after.

    A full collection holds Python's lock from its beginning to its end: with torch's modules in memory, a tenth of a second or three.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


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
