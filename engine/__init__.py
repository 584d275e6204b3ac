"""Layout in, photograph out.

```python
renderer = Renderer.load()
renderer.set_style(renderer.style_from_seed(7))
renderer.set_layout(labels)  # uint8 [H, W], ids of the weights' label set
picture = renderer.render()[0]  # uint8 [H, W, 3]
```

Importing this package is cheap: its members are loaded when they are first used, and torch with :class:`Renderer`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from spade_studio.engine.errors import EngineError
    from spade_studio.engine.labels.label_set import LabelSet, load_label_set
    from spade_studio.engine.pictures.map_readings import read_label_map
    from spade_studio.engine.rendering.renderer import Frame, LayoutReport, Renderer
    from spade_studio.engine.rendering.service import RenderService
    from spade_studio.engine.style import interpolate_styles
    from spade_studio.engine.weights import inspect_weights

__all__ = [
    "EngineError",
    "Frame",
    "LabelSet",
    "LayoutReport",
    "RenderService",
    "Renderer",
    "inspect_weights",
    "interpolate_styles",
    "load_label_set",
    "read_label_map",
]

_PLACES: Final = {
    "EngineError": "errors",
    "Frame": "rendering.renderer",
    "LabelSet": "labels.label_set",
    "LayoutReport": "rendering.renderer",
    "RenderService": "rendering.service",
    "Renderer": "rendering.renderer",
    "inspect_weights": "weights",
    "interpolate_styles": "style",
    "load_label_set": "labels.label_set",
    "read_label_map": "pictures.map_readings",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
