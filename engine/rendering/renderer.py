"""The renderer: from layouts and styles to pictures by load > set_style > set_layout > render, with numpy arrays."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from spade_studio.engine.bank.canvas import Kept, compose
from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.photographs import Origin
from spade_studio.engine.bank.weights import open_bank_of
from spade_studio.engine.detail.finisher import Finisher
from spade_studio.engine.device import allow_tf32, available_devices, choose_device, choose_dtype, device_errors, dtype_name
from spade_studio.engine.errors import RenderError, StyleError, WeightsError
from spade_studio.engine.hardware import DeviceEntry
from spade_studio.engine.inference.pictures import PictureMaker, make_picture_maker
from spade_studio.engine.inference.transfer import to_device
from spade_studio.engine.labels import LabelChannels, check_label_map
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.layout import Layout, resize_nearest
from spade_studio.engine.networks.noise import Regions, texture_of
from spade_studio.engine.rendering.frame_sizes import SAME_ASPECT
from spade_studio.engine.rendering.result_plan import ResultPlan, ResultWish, plan_result
from spade_studio.engine.style import StyleCode, check_truncation, interpolate_styles, style_from_seed
from spade_studio.engine.weights import LoadedWeights, PublishedOptions, WeightsInfo, default_weights_path, load_weights

__all__ = ["Frame", "LayoutReport", "Renderer", "interpolate_styles"]

MAX_SIDE = 8192
IntegerT = TypeVar("IntegerT", bound=np.integer)
Modulation = Literal["auto", "fast", "dense"]


@dataclass(frozen=True)
class LayoutReport:
    """The result of set_layout: size of the picture, and number of pixels by id for ids that the weights lack.

    ``origin`` names the photographs that the picture is composed of, for weights with a memory bank.
    """

    size: tuple[int, int]
    unknown_ids: dict[int, int]
    origin: Origin | None = None


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture, uint8 [H, W, 3], and whether all its pixels were recomputed."""

    image: npt.NDArray[np.uint8]
    quality: Literal["preview", "exact"]


class Renderer:
    """Weights on a device.

    Deterministic: the picture is a function of weights, layout, style, texture, device and compute type.

    Attributes:
        texture: Seed of the noise, see :meth:`set_texture`.
    """

    def __init__(
        self, weights: LoadedWeights, device: torch.device, dtype: torch.dtype, modulation: Modulation, bank: MemoryBank | None = None
    ) -> None:
        info = weights.info
        if info.generator is None or info.channels is None:
            raise WeightsError(
                f"{info.path.name} holds no generator", "weights that render pictures", "Choose a generator's file or folder"
            )
        self.info: WeightsInfo = info
        self.weights_sha256 = weights.sha256
        self.channels: LabelChannels = info.channels
        self.config = info.generator
        self.modulation: Modulation = modulation
        self.bank = bank
        self._pieces: Kept = {}
        self._device = device
        self._dtype = dtype
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        if device.type == "cuda":
            allow_tf32()
        with self._on_device():
            self._maker: PictureMaker = make_picture_maker(self.config, weights.generator, device, dtype, modulation)
            self._encoder = self._build_encoder(weights)
        self.finisher = Finisher(self.device, self.dtype)
        self._z: StyleCode | None = None
        self.texture = 0
        self._layout: Layout | None = None

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        *,
        device: str = "auto",
        dtype: str = "auto",
        modulation: Modulation = "auto",
        options: PublishedOptions | None = None,
        bank: Path | None = None,
    ) -> Renderer:
        """Load weights and prepare them for a device.

        Args:
            path: A bundle, a published folder or a ``.pth``; the default weights where None.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
            dtype: ``auto``, ``float32``, ``bfloat16`` or, on CUDA, ``float16``.
            modulation: ``dense`` for the network definition, ``fast`` for the exact fast path, ``auto`` for the faster one.
            options: Settings that a published file leaves open.
            bank: Memory bank, for weights that require one; that beside them, of the same name, where None.

        Raises:
            WeightsError, BankError, RenderError: unusable weights, bank or device, with the remedy.
        """
        chosen = choose_device(device)
        chosen_type = choose_dtype(dtype, chosen)
        weights = load_weights(path or default_weights_path(), options)
        return cls(weights, chosen, chosen_type, modulation, open_bank_of(weights.info, bank))

    @contextmanager
    def _on_device(self) -> Generator[None]:
        """Run without gradients on the renderer's own stream, errors turned into the engine's."""
        with device_errors(self._device), torch.inference_mode(), torch.cuda.stream(self._stream):
            yield

    def _build_encoder(self, weights: LoadedWeights) -> Encoder | None:
        if weights.encoder is None or weights.info.encoder is None:
            return None
        # Not on the meta device: drawing spectral norm's first vectors there imports a second of torch's compiler.
        encoder = Encoder(weights.info.encoder)
        encoder.load_state_dict(weights.encoder, assign=True)
        return encoder.requires_grad_(False).eval().to(self._device)

    @property
    def device(self) -> str:
        """Name of the device."""
        return str(self._device)

    @property
    def dtype(self) -> str:
        """Name of the compute type."""
        return dtype_name(self._dtype)

    @property
    def modulation_path(self) -> Literal["fast", "dense"]:
        """Modulation path of the last picture, which ``auto`` resolves to."""
        return self._maker.path

    @property
    def stride(self) -> int:
        """Number of pixels that the sides of pictures are multiples of."""
        return self.config.stride

    @property
    def z_width(self) -> int | None:
        """Length of a style code; None for weights without noise input."""
        return self.config.style_width

    @property
    def largest_side(self) -> int:
        """Maximum height and width of a picture in pixels."""
        return MAX_SIDE

    @property
    def training_size(self) -> tuple[int, int]:
        """(height, width) of the training pictures where known, else the generator's nominal size."""
        return self.info.training_size or self.config.picture_size

    def default_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the training size for maps of its aspect ratio (within 2 %), else the map's size, rounded to the stride."""
        trained = self.training_size
        if abs(height * trained[1] / (width * trained[0]) - 1) <= SAME_ASPECT:
            height, width = trained
        return self.nearest_size(height, width)

    def nearest_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the nearest (height, width) that the weights can render."""
        return self.config.nearest_size(min(MAX_SIDE, height), min(MAX_SIDE, width))

    def plan(self, layout: tuple[int, int], wish: ResultWish) -> ResultPlan:
        """Plan a picture of any size for a layout of (height, width); see :mod:`spade_studio.engine.rendering.results`."""
        return plan_result(layout, wish, self.training_size, self.nearest_size, self.stride)

    @staticmethod
    def fitted(plane: npt.NDArray[IntegerT], plan: ResultPlan) -> npt.NDArray[IntegerT]:
        """Crop, resize by nearest neighbour and pad a plane of a layout, [H, W], for the generator as a plan requires."""
        top, left, height, width = plan.part
        return plan.padded(resize_nearest(plane[top : top + height, left : left + width], *plan.base))

    def check_size(self, height: int, width: int) -> None:
        """Check that the weights can render pictures of this size.

        Raises:
            RenderError: they cannot; the message names the nearest size.
        """
        if (height, width) == (nearest := self.nearest_size(height, width)):
            return
        least = self.config.smallest_side
        both = f", not {least} for both" if height == width == least else ""
        raise RenderError(
            f"a picture of {width}x{height}, which does not fit these weights",
            f"multiples of {self.stride} on both sides, {least} to {MAX_SIDE}{both}",
            f"Use {nearest[1]}x{nearest[0]}, the nearest",
        )

    def style_from_seed(self, seed: int, truncation: float = 1.0) -> StyleCode:
        """Draw a style code [z]; see :func:`spade_studio.engine.style.style_from_seed`.

        Raises:
            StyleError: the weights take no style.
        """
        if self.z_width is None:
            raise StyleError("these weights take the layout only", "weights with a style input", "Render without a style")
        return style_from_seed(seed, self.z_width, truncation)

    def style_from_image(self, rgb: npt.NDArray[np.uint8], *, sample_seed: int | None = None, truncation: float = 1.0) -> StyleCode:
        """Encode the style of a photograph, which is first reduced to the training size.

        Args:
            rgb: uint8 [H, W, 3].
            sample_seed: Seed of a sample from the posterior; its mean where None.
            truncation: Factor on the code.

        Returns:
            Style code, float32 [z].

        Raises:
            StyleError: no encoder, or an invalid array.
        """
        if self._encoder is None:
            raise StyleError("these weights have no encoder", "weights with one for a style image", "Use a seed, or choose other weights")
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or min(rgb.shape) < 1:
            raise StyleError(f"a style image of shape {rgb.shape} and type {rgb.dtype}", "8-bit RGB, [height, width, 3]")
        check_truncation(truncation)
        height, width = self.training_size
        reduced = Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC)
        with self._on_device():
            photo = to_device(np.array(reduced), self._device).permute(2, 0, 1).unsqueeze(0) / 127.5 - 1
            mu, logvar = (part[0].double().cpu().numpy() for part in self._encoder(photo))
        if sample_seed is not None:
            mu = mu + np.exp(0.5 * logvar) * style_from_seed(sample_seed, len(mu))
        return (mu * truncation).astype(np.float32)

    def set_style(self, z: StyleCode | None) -> None:
        """Set one style [z] or several [N, z]; None for weights without noise input.

        Raises:
            StyleError: codes of another shape, or not finite.
        """
        if self.z_width is None:
            if z is not None:
                raise StyleError("these weights take the layout only", "no style code")
            return
        if z is None or z.shape[-1:] != (self.z_width,) or z.ndim not in (1, 2) or not len(z) or not np.isfinite(z).all():
            found = "no style" if z is None else f"a style of shape {z.shape}"
            if z is not None and not np.isfinite(z).all():
                found += " with values that are not finite"
            raise StyleError(found, f"finite style codes [{self.z_width}] or [N, {self.z_width}]")
        self._z = np.atleast_2d(z).astype(np.float32)

    @property
    def has_texture(self) -> bool:
        """Whether pictures depend on a texture seed."""
        return isinstance(self.config, GeneratorConfig) and self.config.noise_injection

    def set_texture(self, texture: int, regions: Regions | None = None) -> None:
        """Set the noise seeds; ignored by weights without noise injection.

        Args:
            texture: Seed of the picture.
            regions: Regions with seeds of their own, uint16 [H, W] of any size, stretched over the picture: 0 for ``texture``, one seed for
                each other number.

        Raises:
            StyleError: invalid regions.
        """
        if regions is not None and (regions.ndim != 2 or regions.dtype != np.uint16 or not regions.size):
            raise StyleError(f"texture regions of shape {regions.shape} and type {regions.dtype}", "uint16 [height, width]")
        self._maker.set_texture(texture_of(texture, regions))
        self.texture = texture

    def set_layout(
        self, labels: npt.NDArray[np.uint8], instances: npt.NDArray[np.integer] | None = None, size: tuple[int, int] | None = None
    ) -> LayoutReport:
        """Prepare a layout.

        Args:
            labels: Dataset ids of the weights' label set, uint8 [H, W].
            instances: Instance ids [H, W], for weights with an edge channel; the labels where None.
            size: (height, width) of the picture, see :meth:`check_size`; :meth:`default_size` where None.

        Raises:
            LabelError: not a label map.
            RenderError: a size that these weights cannot render.
            OutOfMemoryError: memory was exhausted.
        """
        labels = check_label_map(labels, "the layout")
        height, width = size or self.default_size(*labels.shape)
        self.check_size(height, width)
        if instances is not None and instances.shape != labels.shape:
            raise RenderError(f"instances of shape {instances.shape} for labels of {labels.shape}", "the same shape")
        unknown = self.channels.unknown_ids(labels)
        with device_errors(torch.device("cpu")):
            small = resize_nearest(labels, height, width)
            channels = self.channels.lookup()[small][None]
            small_instances = small[None] if instances is None else resize_nearest(instances, height, width)[None]
            self._layout = Layout.from_channels(
                channels,
                self.config.semantic_channels,
                instances=small_instances,
                edge_channel=self.channels.edge_channel is not None,
                replicate=self.config.replicates_layout,
            )
            if self.bank is None:
                return LayoutReport((height, width), unknown)
            composition = compose(self.bank, small, kept=self._pieces)
            self._layout.canvas = composition.canvas
        return LayoutReport((height, width), unknown, composition.origin)

    def _ready(self) -> tuple[Layout, StyleCode | None]:
        if self._layout is None:
            raise RenderError("no layout was set", "", "Call set_layout first")
        if self.z_width is not None and self._z is None:
            raise RenderError("no style was set", "", "Call set_style first")
        return self._layout, self._z

    def render(self) -> npt.NDArray[np.uint8]:
        """Return exact pictures, one for each style, uint8 [N, H, W, 3]."""
        layout, z = self._ready()
        with self._on_device():
            return self._maker.pictures(layout, z).to_bytes()

    def render_float(self) -> npt.NDArray[np.float32]:
        """Return exact pictures, one for each style, float32 [N, 3, H, W] in [-1, 1]."""
        layout, z = self._ready()
        with self._on_device():
            return self._maker.pictures(layout, z).to_floats()

    def render_frame(self, *, preview: bool = False, should_stop: Callable[[], bool] | None = None) -> Frame | None:
        """Render one picture interactively.

        Args:
            preview: Whether to recompute changed regions only, where that is faster.
            should_stop: Callback, polled between the generator's blocks.

        Returns:
            The picture, or None where ``should_stop`` returned true.
        """
        layout, z = self._ready()
        with self._on_device():
            made = self._maker.frame(layout, None if z is None else z[:1], preview=preview, should_stop=should_stop)
            return None if made is None else Frame(made[0].to_bytes()[0], made[1])

    def preview_share(self) -> float | None:
        """Return the estimated time of a preview of the set layout relative to an exact frame; None where it would be exact."""
        layout, z = self._ready()
        with self._on_device():
            return self._maker.preview_share(layout, None if z is None else z[:1])

    @staticmethod
    def available_devices() -> tuple[DeviceEntry, ...]:
        """Return the devices of this machine for :meth:`load`."""
        return available_devices()

    def release_memory(self) -> None:
        """Drop all caches."""
        self._layout = None
        self._maker.release_memory()
        self.finisher.release_memory()
