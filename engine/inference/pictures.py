"""What renders pictures from a layout and style codes: the readable definition, or the fast generator.

It knows nothing of label sets and files; the renderer chooses and owns one maker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spade_studio.engine.config import AnyGeneratorConfig, GeneratorConfig
from spade_studio.engine.inference.fast_generator import FastGenerator, GaveWayError
from spade_studio.engine.inference.transfer import to_host
from spade_studio.engine.inference.preview import preview as render_preview
from spade_studio.engine.layout import Layout
from spade_studio.engine.networks import build_generator
from spade_studio.engine.style import StyleCode

Quality = Literal["preview", "exact"]


@dataclass
class Pictures:
    """Pictures on their device: [N, 3, H, W] in [-1, 1]."""

    values: Tensor

    def to_bytes(self) -> npt.NDArray[np.uint8]:
        """Return uint8 [N, H, W, 3]; the only wait for the device."""
        levels = (self.values.float() * 127.5).add_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return to_host(levels.permute(0, 2, 3, 1).contiguous()).numpy()

    def to_floats(self) -> npt.NDArray[np.float32]:
        """Return float32 [N, 3, H, W]."""
        return to_host(self.values.float().contiguous()).numpy()


class PictureMaker(Protocol):
    """Renders exact pictures, and frames that may be previews."""

    def pictures(self, layout: Layout, z: StyleCode | None) -> Pictures:
        """Render one layout with styles [N, z] exactly."""
        ...

    def frame(
        self, layout: Layout, z: StyleCode | None, *, preview: bool, should_stop: Callable[[], bool] | None
    ) -> tuple[Pictures, Quality] | None:
        """Render one picture; None when ``should_stop``, asked between blocks, said yes."""
        ...

    def release_memory(self) -> None:
        """Drop what is kept between frames."""
        ...


class DefinitionMaker:
    """Runs the networks' own modules: the dense path, and generators that have no fast one."""

    def __init__(self, config: AnyGeneratorConfig, state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype) -> None:
        with torch.device("meta"):
            generator = build_generator(config)
        generator.load_state_dict({name: tensor.clone() for name, tensor in state.items()}, strict=False, assign=True)
        self._generator = generator.requires_grad_(False).eval().to(device, dtype, memory_format=torch.channels_last)
        self._device, self._dtype = device, dtype

    def pictures(self, layout: Layout, z: StyleCode | None) -> Pictures:
        """See :class:`PictureMaker`."""
        dense = Layout(layout.codes, layout.book, dense=True)
        if z is None:
            return Pictures(self._generator(dense))
        codes = torch.from_numpy(z).to(self._device, self._dtype)
        return Pictures(torch.cat([self._generator(dense, code) for code in codes.split(1)]))

    def frame(
        self, layout: Layout, z: StyleCode | None, *, preview: bool, should_stop: Callable[[], bool] | None
    ) -> tuple[Pictures, Quality] | None:
        """Render exactly and without stopping: see :class:`PictureMaker`."""
        del preview, should_stop
        return self.pictures(layout, z), "exact"

    def release_memory(self) -> None:
        """Nothing is kept."""


class FastMaker:
    """Runs the fast generator; keeps the last frame for previews."""

    def __init__(self, config: GeneratorConfig, state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype) -> None:
        self._generator = FastGenerator(config, state, device, dtype)

    def pictures(self, layout: Layout, z: StyleCode | None) -> Pictures:
        """See :class:`PictureMaker`; styles follow each other, since a batch of them only costs memory on a CPU."""
        if z is None or len(z) == 1:
            return Pictures(self._generator.render(layout, z).permute(0, 3, 1, 2))
        parts = [self._generator.render(layout, z[i : i + 1]) for i in range(len(z))]
        return Pictures(torch.cat(parts).permute(0, 3, 1, 2))

    def frame(
        self, layout: Layout, z: StyleCode | None, *, preview: bool, should_stop: Callable[[], bool] | None
    ) -> tuple[Pictures, Quality] | None:
        """See :class:`PictureMaker`."""
        generator = self._generator
        if preview and generator.can_preview(layout, z):
            picture = render_preview(generator, layout)
            if picture is not None:
                return Pictures(picture.permute(0, 3, 1, 2)), "preview"
        try:
            return Pictures(generator.render(layout, z, keep=True, should_stop=should_stop).permute(0, 3, 1, 2)), "exact"
        except GaveWayError:
            return None

    def release_memory(self) -> None:
        """See :class:`PictureMaker`."""
        self._generator.release_memory()


def make_picture_maker(
    config: AnyGeneratorConfig,
    state: Mapping[str, Tensor],
    device: torch.device,
    dtype: torch.dtype,
    modulation: Literal["auto", "fast", "dense"],
) -> PictureMaker:
    """Choose what renders; generators without SPADE layers have only their definition."""
    if modulation == "dense" or not isinstance(config, GeneratorConfig):
        return DefinitionMaker(config, state, device, dtype)
    return FastMaker(config, state, device, dtype)
