"""An upscaler on a device, applied tile by tile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.detail.config import RRDBConfig
from spade_studio.engine.detail.files import LoadedUpscaler, load_upscaler
from spade_studio.engine.detail.networks import build_upscaler, last_convolution
from spade_studio.engine.detail.tiles import divide
from spade_studio.engine.device import allow_tf32, choose_device, choose_dtype, device_errors, dtype_name
from spade_studio.engine.errors import GaveWayError, RenderError
from spade_studio.engine.inference.transfer import to_device

TILE_SIDE = 512
"""Side in pixels of a tile that the network reads, which bounds memory."""

TILE_MARGIN = 64
"""Overlap of tiles in pixels. RRDBNet's receptive field is larger, but pixels beyond change the result by less than 1/255 on average;
with half the overlap, seams show in regular textures."""

MAX_RESULT_SIDE = 16384

Picture = npt.NDArray[np.float32]
"""RGB in [0, 1], float32 [3, H, W]."""


class Upscaler:
    """One super-resolution network on one device.

    Deterministic: the result is a function of network, picture, device and compute type.

    Args:
        loaded: The upscaler, from :func:`~spade_studio.engine.detail.files.load_upscaler`.
        device: Device to compute on.
        dtype: Compute type; the output convolution is always float32.
    """

    def __init__(self, loaded: LoadedUpscaler, device: torch.device, dtype: torch.dtype) -> None:
        self.info = loaded.info
        self.sha256 = loaded.sha256
        self._device = device
        self._dtype = dtype
        if device.type == "cuda":
            allow_tf32()
        with device_errors(device):
            with torch.device("meta"):
                network = build_upscaler(loaded.info.config)
            network.load_state_dict(loaded.tensors, assign=True)
            network.requires_grad_(False).eval().to(device, dtype)
            network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue, reportUnknownMemberType]
            last_convolution(network).to(torch.float32)
            self._network = network

    @classmethod
    def load(cls, path: Path, *, device: str = "auto", dtype: str = "auto") -> Upscaler:
        """Load an upscaler's file.

        Args:
            path: See :func:`~spade_studio.engine.detail.files.inspect_upscaler`.
            device: Device, as for :meth:`Renderer.load`.
            dtype: Compute type, as for :meth:`Renderer.load`.

        Raises:
            WeightsError, RenderError: with what to do.
        """
        chosen = choose_device(device)
        return cls(load_upscaler(path), chosen, choose_dtype(dtype, chosen))

    @property
    def scale(self) -> int:
        """Factor by which each side is enlarged."""
        return self.info.scale

    @property
    def device(self) -> str:
        """Name of the device."""
        return str(self._device)

    @property
    def dtype(self) -> str:
        """Name of the compute type."""
        return dtype_name(self._dtype)

    def upscale(
        self, picture: Picture, *, progress: Callable[[float], None] | None = None, should_stop: Callable[[], bool] | None = None
    ) -> Picture | None:
        """Enlarge a picture.

        Args:
            picture: [3, H, W] in [0, 1].
            progress: Callback with the completed fraction, from 0 to 1.
            should_stop: Callback, polled between convolutions.

        Returns:
            The enlarged picture, [3, scale H, scale W] in [0, 1], or None where ``should_stop`` returned true.

        Raises:
            OutOfMemoryError, RenderError: the device failed, or a result of more than 16384 pixels on a side.
        """
        _, height, width = picture.shape
        scale = self.scale
        if max(height, width) * scale > MAX_RESULT_SIDE:
            found = f"a picture of {width * scale}x{height * scale} from an upscaler"
            raise RenderError(found, f"at most {MAX_RESULT_SIDE} on each side", "Choose a smaller size")
        config = self.info.config
        unshuffle = config.unshuffle if isinstance(config, RRDBConfig) else 1
        rows, columns = (divide(side, TILE_SIDE, TILE_MARGIN) for side in (height, width))
        result = np.empty((3, height * scale, width * scale), np.float32)
        area = sum(row.stop - row.start for row in rows) * sum(column.stop - column.start for column in columns)
        pulse = _Pulse(config.multiplications * area, progress, should_stop)
        with device_errors(self._device), torch.inference_mode():
            try:
                for row in rows:
                    for column in columns:
                        tile = to_device(np.ascontiguousarray(picture[:, row.start : row.stop, column.start : column.stop]), self._device)
                        made = self._network.forward(_padded(tile[None], unshuffle), pulse)[0].clamp_(0, 1)
                        top, left = (row.first - row.start) * scale, (column.first - column.start) * scale
                        bottom, right = (row.last - row.start) * scale, (column.last - column.start) * scale
                        kept = made[:, top:bottom, left:right].cpu().numpy()
                        result[:, row.first * scale : row.last * scale, column.first * scale : column.last * scale] = kept
            except GaveWayError:
                return None
        if progress is not None:
            progress(1.0)
        return result


class _Pulse:
    """Tells how far the work is, and ends it where it is asked to."""

    def __init__(self, total: int, progress: Callable[[float], None] | None, should_stop: Callable[[], bool] | None) -> None:
        self._total, self._progress, self._should_stop = total, progress, should_stop
        self._done = 0  # multiplications, among them those of rows that are computed twice

    def __call__(self, multiplications: int) -> None:
        if self._should_stop is not None and self._should_stop():
            raise GaveWayError
        if self._progress is not None:
            self._progress(min(1.0, self._done / self._total))
        self._done += multiplications


def _padded(tile: Tensor, multiple: int) -> Tensor:
    """Repeat the last pixels so that both sides are multiples; what that adds to the result is below and right of what is kept."""
    height, width = tile.shape[2:]
    return F.pad(tile, (0, -width % multiple, 0, -height % multiple), mode="replicate")
