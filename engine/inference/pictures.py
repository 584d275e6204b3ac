"""Rendering of a layout with style codes: by the network definition or by the fast generator."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spade_studio.engine.errors import GaveWayError
from spade_studio.engine.inference.captured import CapturedForward
from spade_studio.engine.inference.fast_generator import FastGenerator
from spade_studio.engine.inference.preview import estimated_share
from spade_studio.engine.inference.preview import preview as render_preview
from spade_studio.engine.inference.transfer import to_device, to_host
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import AnyGeneratorConfig, GeneratorConfig
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.noise import Texture, TextureNoise
from spade_studio.engine.style import StyleCode

Quality = Literal["preview", "exact"]
ModulationPath = Literal["fast", "dense"]


@dataclass
class Pictures:
    """Pictures [N, 3, H, W] in [-1, 1], on the device."""

    values: Tensor

    def to_bytes(self) -> npt.NDArray[np.uint8]:
        """Return uint8 [N, H, W, 3]; the only synchronisation with the device."""
        levels = (self.values.float() * 127.5).add_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return to_host(levels.permute(0, 2, 3, 1).contiguous()).numpy()

    def to_floats(self) -> npt.NDArray[np.float32]:
        """Return float32 [N, 3, H, W]."""
        return to_host(self.values.float().contiguous()).numpy()


class PictureMaker(Protocol):
    """Interface of exact pictures, and of frames that may be previews."""

    @property
    def path(self) -> ModulationPath:
        """Path of the last picture: ``dense`` or ``fast``."""
        ...

    def set_texture(self, texture: Texture) -> None:
        """Set the noise seeds; ignored by generators without noise injection."""
        ...

    def pictures(self, layout: Layout, z: StyleCode | None) -> Pictures:
        """Return exact pictures of one layout in styles [N, z]."""
        ...

    def frame(
        self, layout: Layout, z: StyleCode | None, *, preview: bool, should_stop: Callable[[], bool] | None
    ) -> tuple[Pictures, Quality] | None:
        """Return one picture, or None where ``should_stop``, polled between blocks, returned true."""
        ...

    def preview_share(self, layout: Layout, z: StyleCode | None) -> float | None:
        """Return the estimated time of a preview relative to an exact frame; None where the frame would be exact."""
        ...

    def release_memory(self) -> None:
        """Drop all caches."""
        ...


class DefinitionMaker:
    """Runs the network modules themselves: the dense path, and generators without a fast one."""

    path: ModulationPath = "dense"

    def __init__(self, config: AnyGeneratorConfig, state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype) -> None:
        # Counters of batch norm may be missing in published files and do not matter in evaluation.
        with torch.device("meta"):
            generator = build_generator(config)
        complete = {name: torch.zeros((), dtype=torch.long) for name in generator.state_dict() if name.endswith("num_batches_tracked")}
        generator.load_state_dict(complete | dict(state), assign=True)
        moved = generator.requires_grad_(False).eval().to(device=device, dtype=dtype)
        for module in generator.modules():
            if not any(True for _ in module.children()):
                module.register_forward_pre_hook(self._give_way)
        self._generator: torch.nn.Module = moved.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownMemberType]
        self._device, self._dtype = device, dtype
        self._should_stop: Callable[[], bool] | None = None
        self._noise: dict[str, TextureNoise] = {}
        self._injects = isinstance(config, GeneratorConfig) and config.noise_injection
        self.set_texture(0)

    def set_texture(self, texture: Texture) -> None:
        """See :class:`PictureMaker`."""
        if self._injects:
            self._noise = {"noise": TextureNoise.of(texture, self._device)}

    def _give_way(self, _module: torch.nn.Module, _inputs: object) -> None:
        if self._should_stop is not None and self._should_stop():
            raise GaveWayError

    def pictures(self, layout: Layout, z: StyleCode | None) -> Pictures:
        """See :class:`PictureMaker`."""
        if z is None:
            return Pictures(self._generator(layout, **self._noise))
        codes = to_device(z, self._device, self._dtype)
        return Pictures(torch.cat([self._generator(layout, codes[i : i + 1], **self._noise) for i in range(len(codes))]))

    def frame(
        self, layout: Layout, z: StyleCode | None, *, preview: bool, should_stop: Callable[[], bool] | None
    ) -> tuple[Pictures, Quality] | None:
        """Return an exact picture; ``should_stop`` is polled before each layer."""
        del preview
        self._should_stop = should_stop
        try:
            return self.pictures(layout, z), "exact"
        except GaveWayError:
            return None
        finally:
            self._should_stop = None

    def preview_share(self, layout: Layout, z: StyleCode | None) -> float | None:
        """Return None: all frames are exact."""
        del layout, z

    def release_memory(self) -> None:
        """Do nothing: nothing is cached."""


class FastMaker:
    """Runs the fast generator; caches the last frame for previews, and on CUDA a graph for style-only frames."""

    path: ModulationPath = "fast"

    def __init__(self, config: GeneratorConfig, state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype) -> None:
        self._generator = FastGenerator(config, state, device, dtype)
        self._captured = CapturedForward(self._generator) if device.type == "cuda" else None

    def set_texture(self, texture: Texture) -> None:
        """See :class:`PictureMaker`."""
        self._generator.texture = texture

    def pictures(self, layout: Layout, z: StyleCode | None) -> Pictures:
        """See :class:`PictureMaker`; styles are rendered one at a time, since a batch saves no time."""
        parts = [self._exact(layout, None if z is None else z[i : i + 1]) for i in range(1 if z is None else len(z))]
        return Pictures((parts[0] if len(parts) == 1 else torch.cat(parts)).permute(0, 3, 1, 2))

    def _exact(self, layout: Layout, z: StyleCode | None, should_stop: Callable[[], bool] | None = None) -> Tensor:
        if self._captured is not None and z is not None:
            plan = self._generator.plan(layout)
            plan.activations = None
            if should_stop is not None and should_stop():  # a graph that has begun runs to its end
                raise GaveWayError
            picture = self._captured.render(plan, z)
            if picture is not None:
                return picture.clone()  # the graph's own memory is written again by the next style
        return self._generator.render(layout, z, should_stop=should_stop)

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
            if self._captured is not None and not preview:
                picture = self._exact(layout, z, should_stop)
            else:
                picture = generator.render(layout, z, keep=True, should_stop=should_stop)
            return Pictures(picture.permute(0, 3, 1, 2)), "exact"
        except GaveWayError:
            return None

    def preview_share(self, layout: Layout, z: StyleCode | None) -> float | None:
        """See :class:`PictureMaker`."""
        return estimated_share(self._generator, layout, z)

    def release_memory(self) -> None:
        """See :class:`PictureMaker`."""
        self._generator.release_memory()
        if self._captured is not None:
            self._captured.forget()


class TimedChoice:
    """Times the definition and the fast generator once at each size and uses the faster one.

    One that exhausts memory counts as slower.

    Args:
        makers: Factories of the candidates, called on first use.
        synchronize: Waits for the device, for timing.
    """

    def __init__(self, makers: list[Callable[[], PictureMaker]], synchronize: Callable[[], None]) -> None:
        self._build = makers
        self._built: dict[int, PictureMaker] = {}
        self._synchronize = synchronize
        self.chosen: dict[tuple[int, int], int] = {}
        self.path: ModulationPath = "fast"
        self._texture: Texture = 0

    def set_texture(self, texture: Texture) -> None:
        """See :class:`PictureMaker`."""
        self._texture = texture
        for maker in self._built.values():
            maker.set_texture(texture)

    def _maker(self, index: int) -> PictureMaker:
        if index not in self._built:
            self._built[index] = self._build[index]()
            self._built[index].set_texture(self._texture)
        return self._built[index]

    def _faster(self, layout: Layout, z: StyleCode | None) -> PictureMaker:
        size = (layout.height, layout.width)
        if size not in self.chosen:
            seconds: list[float] = []
            for index in range(len(self._build)):
                try:
                    seconds.append(self._seconds(self._maker(index), layout, z))
                except torch.OutOfMemoryError:
                    self._built.pop(index, None)
                    if index == len(self._build) - 1 and not any(map(math.isfinite, seconds)):
                        raise
                    seconds.append(math.inf)
            self.chosen[size] = seconds.index(min(seconds))
            for index in set(self._built) - set(self.chosen.values()):
                del self._built[index]
        maker = self._maker(self.chosen[size])
        self.path = maker.path
        return maker

    def _seconds(self, maker: PictureMaker, layout: Layout, z: StyleCode | None) -> float:
        maker.pictures(layout, z)  # algorithms are chosen and memory is taken in the first frame
        self._synchronize()
        start = time.perf_counter()
        maker.pictures(layout, z)
        self._synchronize()
        return time.perf_counter() - start

    def pictures(self, layout: Layout, z: StyleCode | None) -> Pictures:
        """See :class:`PictureMaker`."""
        return self._faster(layout, z if z is None else z[:1]).pictures(layout, z)

    def frame(
        self, layout: Layout, z: StyleCode | None, *, preview: bool, should_stop: Callable[[], bool] | None
    ) -> tuple[Pictures, Quality] | None:
        """See :class:`PictureMaker`."""
        return self._faster(layout, z).frame(layout, z, preview=preview, should_stop=should_stop)

    def preview_share(self, layout: Layout, z: StyleCode | None) -> float | None:
        """See :class:`PictureMaker`."""
        index = self.chosen.get((layout.height, layout.width))
        return None if index is None else self._maker(index).preview_share(layout, z)

    def release_memory(self) -> None:
        """See :class:`PictureMaker`."""
        for maker in self._built.values():
            maker.release_memory()


def make_picture_maker(
    config: AnyGeneratorConfig,
    state: Mapping[str, Tensor],
    device: torch.device,
    dtype: torch.dtype,
    modulation: Literal["auto", "fast", "dense"],
) -> PictureMaker:
    """Return the picture maker of a generator.

    ``auto`` is ``fast`` on a CPU, where it is faster at all measured sizes (tests/benchmarks/render.py) and timing the dense path would
    cost seconds at start; elsewhere both are timed. Generators other than SPADE's have their definition only.
    """
    if modulation == "dense" or not isinstance(config, GeneratorConfig):
        return DefinitionMaker(config, state, device, dtype)
    if modulation == "fast" or device.type == "cpu":
        return FastMaker(config, state, device, dtype)
    makers: list[Callable[[], PictureMaker]] = [
        lambda: DefinitionMaker(config, state, device, dtype),
        lambda: FastMaker(config, state, device, dtype),
    ]
    return TimedChoice(makers, lambda: torch.accelerator.synchronize(device))
