"""From the generator's picture to the result: the upscaler of a level of detail, then exact resampling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from spade_studio.engine.detail.levels import DetailLevel, level_path
from spade_studio.engine.detail.passes import Size, pass_sizes
from spade_studio.engine.detail.upscaler import Picture, Upscaler


class Finisher:
    """Upscalers on one device, loaded on first use.

    Args:
        device: Device, as for :meth:`Renderer.load`.
        dtype: Compute type, as for :meth:`Renderer.load`.
    """

    def __init__(self, device: str, dtype: str) -> None:
        self._device, self._dtype = device, dtype
        self._loaded: dict[Path, Upscaler] = {}
        self._replaced: dict[DetailLevel, Path] = {}

    def replace(self, level: DetailLevel, path: Path | None) -> Upscaler | None:
        """Replace the upscaler of a level by that in a file, or restore the level's own where None; return the upscaler.

        Raises:
            WeightsError, RenderError: the file holds no usable upscaler; nothing changes.
        """
        upscaler = None if path is None else self.upscaler(level, path)
        if path is None:
            self._replaced.pop(level, None)
        else:
            self._replaced[level] = path
        return upscaler

    def upscaler(self, level: DetailLevel, path: Path | None = None) -> Upscaler | None:
        """Return the upscaler of a level; None for ``none``.

        Args:
            level: The level.
            path: A file in place of the level's.

        Raises:
            WeightsError, RenderError: the file is missing, or holds no usable upscaler.
        """
        found = None if level == "none" else path or self._replaced.get(level) or level_path(level)
        if found is None:
            return None
        if found not in self._loaded:
            self._loaded[found] = Upscaler.load(found, device=self._device, dtype=self._dtype)
        return self._loaded[found]

    def finish(
        self,
        picture: Picture,
        result: Size,
        level: DetailLevel,
        path: Path | None = None,
        *,
        progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Picture | None:
        """Bring a picture to the size of the result.

        Args:
            picture: The generator's picture, [3, H, W] in [0, 1].
            result: (height, width) of the result.
            level: Level of detail.
            path: Upscaler file in place of the level's.
            progress: Callback with the completed fraction, from 0 to 1.
            should_stop: Callback, polled within the networks.

        Returns:
            The result, [3, height, width] in [0, 1], or None where ``should_stop`` returned true.

        Raises:
            WeightsError, OutOfMemoryError, RenderError: with what to do.
        """
        upscaler = self.upscaler(level, path)
        if upscaler is None:
            return resample(picture, result)
        _, height, width = picture.shape
        sizes = pass_sizes((height, width), result, upscaler.scale)
        costs = np.array([size[0] * size[1] for size in sizes], float)
        made = picture
        for number, size in enumerate(sizes):
            before, share = costs[:number].sum() / costs.sum(), costs[number] / costs.sum()

            def tell(part: float, before: float = before, share: float = share) -> None:
                if progress is not None:
                    progress(min(1.0, before + part * share))

            enlarged = upscaler.upscale(resample(made, size), progress=tell, should_stop=should_stop)
            if enlarged is None:
                return None
            made = enlarged
        return resample(made, result)

    def finish_bytes(
        self,
        image: npt.NDArray[np.uint8],
        result: Size,
        level: DetailLevel,
        path: Path | None = None,
        *,
        progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> npt.NDArray[np.uint8] | None:
        """As :meth:`finish`, for uint8 [H, W, 3]."""
        if level == "none" and image.shape[:2] == result:
            return np.ascontiguousarray(image)
        made = self.finish(to_floats(image), result, level, path, progress=progress, should_stop=should_stop)
        return None if made is None else to_bytes(made)

    def release_memory(self) -> None:
        """Drop the upscalers; they are loaded again on next use."""
        self._loaded.clear()


def resample(picture: Picture, size: Size) -> Picture:
    """Resize a picture [3, H, W] in [0, 1] to (height, width): bicubic, antialiased where it becomes smaller."""
    if picture.shape[1:] == size:
        return picture
    with torch.inference_mode():
        x = torch.from_numpy(np.ascontiguousarray(picture))[None]  # pyright: ignore[reportUnknownMemberType]
        return F.interpolate(x, size, mode="bicubic", antialias=True)[0].clamp_(0, 1).numpy()


def to_floats(image: npt.NDArray[np.uint8]) -> Picture:
    """Return uint8 [H, W, 3] as float32 [3, H, W] in [0, 1]."""
    return image.transpose(2, 0, 1).astype(np.float32) / np.float32(255)


def to_bytes(picture: Picture) -> npt.NDArray[np.uint8]:
    """Return float32 [3, H, W] in [0, 1] as uint8 [H, W, 3]."""
    return np.ascontiguousarray((picture * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0))
