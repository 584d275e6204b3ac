"""The SPADE generator for inference: folded weights, modulation gathered from tables, buffers reused between frames."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.errors import GaveWayError
from spade_studio.engine.inference.enlarging import bilinear, enlarged, instance_normalized, repeated
from spade_studio.engine.inference.folding import FoldedBlock, fold_blocks
from spade_studio.engine.inference.modulation_table import ModulationTable
from spade_studio.engine.inference.noise_fields import InjectedNoise, NoiseFields, same_texture
from spade_studio.engine.inference.transfer import to_device
from spade_studio.engine.networks.blocks import LEAKY_SLOPE
from spade_studio.engine.networks.codes import CodeBook, Hashes
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.layout import Layout, Scale
from spade_studio.engine.networks.modulation import window_sum, window_table
from spade_studio.engine.networks.noise import Texture
from spade_studio.engine.style import StyleCode

_TABLE_BUDGET = 384 * 2**20
_SIZES_KEPT = 2
# Bytes of activations in one band: its operands stay in the cache between gather, multiply-add and activation.
_BAND_BYTES = 2**21


@dataclass
class BlockTables:
    """Modulation rows of one block, each [rows, C]; those of the shortcut only where it is learned."""

    scale_0: Tensor
    shift_0: Tensor
    scale_1: Tensor
    shift_1: Tensor
    scale_s: Tensor | None = None
    shift_s: Tensor | None = None


@dataclass
class Stage:
    """One resolution of one output size: its modulation table and its blocks."""

    height: int
    width: int
    table: ModulationTable
    blocks: list[FoldedBlock]
    scale: Scale | None = None
    """Scale of the last layout; the next layout hashes only what differs."""

    def blocks_with_tables(self) -> Iterator[tuple[FoldedBlock, BlockTables]]:
        """Yield each block with its tables."""
        tables = iter(self.table.tables)
        for block in self.blocks:
            yield block, BlockTables(*(next(tables) for _ in block.sources))


@dataclass
class Activations:
    """The activations of one frame, kept for the next preview, all [1, h, w, C].

    Attributes:
        first: Input of the first block.
        middle: Input of norm_1 of each block: the output of conv_0 with style and noise.
        out: Output of each block.
        picture: Picture after tanh, [1, H, W, 3].
        style: Style code of the frame.
        texture: Noise seeds of the frame.
        hashes: Hash of the neighbourhood of each position, flat, for each stage.
    """

    first: Tensor
    middle: list[Tensor] = field(default_factory=list[Tensor])
    out: list[Tensor] = field(default_factory=list[Tensor])
    picture: Tensor | None = None
    style: StyleCode | None = None
    texture: Texture = 0
    hashes: list[Hashes] = field(default_factory=list[Hashes])


@dataclass
class SizePlan:
    """All buffers of one output size."""

    height: int
    width: int
    stages: list[Stage]
    activations: Activations | None = None
    noise: NoiseFields | None = None
    laid: Layout | None = None
    """Layout of ``of_layout``."""
    of_layout: Tensor | None = None
    """First layer's response to the layout, where it reads it: [1, h, w, 16 f], in a fixed buffer."""


class FastGenerator:
    """A generator's weights, folded for one device and compute type.

    Args:
        config: Architecture.
        state: State dict, float32, with the published names.
    """

    def __init__(self, config: GeneratorConfig, state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype) -> None:
        self.config = config
        self.device, self.dtype = device, dtype
        self.blocks, self.last = fold_blocks(config, state, device, dtype)
        f16 = 16 * config.base_channels
        self._fc: tuple[Tensor, Tensor] | None = None
        self._fc_layout = self._fc_noise = None
        if config.input == "layout_and_style":
            self._fc = (state["fc.weight"].to(device, dtype), state["fc.bias"].to(device, dtype))
            self._fc_layout = (state["fc_layout.weight"].float().to(device), state["fc_layout.bias"].float().to(device))
        elif config.input == "noise":
            height, width = config.first_grid
            # Rows reordered so that the linear layer writes channels last.
            weight = state["fc.weight"].view(f16, height * width, config.z_width).transpose(0, 1).reshape(-1, config.z_width)
            bias = state["fc.bias"].view(f16, height * width).T.reshape(-1)
            self._fc = (weight.to(device, dtype), bias.to(device, dtype))
        else:
            self._fc_layout = (state["fc.weight"].float().to(device), state["fc.bias"].float().to(device))
        if config.noise_injection:
            self._fc_noise = state["fc_noise.strength"].to(device, dtype)
        self.texture: Texture = 0
        """Seed of the noise, or seeds int32 [H, W] of every pixel; without effect on generators without noise."""
        self._plans: OrderedDict[tuple[int, int, CodeBook], SizePlan] = OrderedDict()
        self._buffers: dict[str, Tensor] = {}
        self.memory_generation = 0
        """Grows when a buffer moves in memory; a captured graph that writes to it is void then."""

    def release_memory(self) -> None:
        """Drop tables, activations and buffers."""
        self._plans.clear()
        self._buffers.clear()
        self.memory_generation += 1

    def edges(self) -> list[Tensor]:
        """Return the cached edge indices of all convolutions, for a caller that needs them beyond the next frame."""
        blocks = (convolution for block in self.blocks for convolution in (block.conv_0, block.conv_1))
        return [tensor for convolution in (*blocks, self.last) for tensor in convolution.edges()]

    def plan(self, layout: Layout) -> SizePlan:
        """Return the plan of the layout's size, its tables updated for the layout."""
        if layout.book.replicate != self.config.replicates_layout:
            raise ValueError(f"a layout with replicate={layout.book.replicate} for a generator with padding {self.config.padding!r}")
        key = (layout.height, layout.width, layout.book)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = SizePlan(layout.height, layout.width, self._stages(layout))
            while len(self._plans) > _SIZES_KEPT:
                self._plans.popitem(last=False)
        self._plans.move_to_end(key)
        for stage in plan.stages:
            stage.scale = layout.scale(stage.height, stage.width, self.config.kernel_size, like=stage.scale)
            stage.table.update(stage.scale)
        if self._fc_noise is not None:
            if plan.noise is None:
                sizes = [((stage.height, stage.width), block.noise) for stage in plan.stages for block in stage.blocks]
                first = (plan.height // self.config.stride, plan.width // self.config.stride), self._fc_noise
                plan.noise = NoiseFields(first, [(size, noise) for size, noise in sizes if noise is not None])
                self.memory_generation += 1
            plan.noise.draw(self.texture)
        if self._fc_layout is not None and plan.laid is not layout:
            grid = self._of_layout(layout, *self._fc_layout)
            plan.of_layout = grid if plan.of_layout is None else plan.of_layout.copy_(grid)
            plan.laid = layout
        return plan

    def hashes(self, plan: SizePlan, layout: Layout) -> list[Hashes]:
        """Return the hash of the neighbourhood of each position, flat, for each stage."""
        kernel = self.config.kernel_size
        scales = (layout.scale(stage.height, stage.width, kernel, like=stage.scale) for stage in plan.stages)
        return [scale.hashes.reshape(-1) for scale in scales]

    def _stages(self, layout: Layout) -> list[Stage]:
        height, width = layout.height // self.config.stride, layout.width // self.config.stride
        grouped: list[tuple[int, int, list[FoldedBlock]]] = []
        for block in self.blocks:
            if block.upsample:
                height, width = 2 * height, 2 * width
            if grouped and grouped[-1][:2] == (height, width):
                grouped[-1][2].append(block)
            else:
                grouped.append((height, width, [block]))
        stages: list[Stage] = []
        for height, width, blocks in grouped:
            sources = [source for block in blocks for source in block.sources]
            table = ModulationTable(sources, layout.book, _TABLE_BUDGET // len(grouped), self.device, self.dtype)
            stages.append(Stage(height, width, table, blocks))
        return stages

    def can_preview(self, layout: Layout, z: StyleCode | None) -> bool:
        """Whether a frame of this size and style is cached, so that only an edit has to be recomputed."""
        return self.kept_plan(layout, z) is not None

    def kept_plan(self, layout: Layout, z: StyleCode | None) -> SizePlan | None:
        """Return the plan with a cached frame of this size and style, its tables not updated for the layout; None where there is none."""
        plan = self._plans.get((layout.height, layout.width, layout.book))
        if plan is None or plan.activations is None:
            return None
        style = plan.activations.style
        same = style is z or (style is not None and z is not None and np.array_equal(style, z))
        return plan if same and same_texture(plan.activations.texture, self.texture) else None

    def codes(self, z: StyleCode | None) -> Tensor | None:
        """Return a style code [1, z] on the device."""
        return None if z is None else to_device(z, self.device, self.dtype)

    def first(self, plan: SizePlan, codes: Tensor | None) -> Tensor:
        """Return the input of the first block before noise, [1, h, w, 16 f], in newly allocated memory."""
        if codes is None or self._fc is None:
            assert plan.of_layout is not None
            return plan.of_layout.clone()
        x = F.linear(codes, *self._fc)
        if plan.of_layout is not None:
            return plan.of_layout + x.view(len(codes), 1, 1, -1)
        x = x.view(len(codes), *self.config.first_grid, -1)
        grid = (plan.height // self.config.stride, plan.width // self.config.stride)
        if grid != self.config.first_grid:
            x = F.interpolate(x.permute(0, 3, 1, 2), size=grid, mode="bilinear", align_corners=False).permute(0, 2, 3, 1)
        return x.contiguous()

    def _of_layout(self, layout: Layout, weight: Tensor, bias: Tensor) -> Tensor:
        """Compute a 3 x 3 convolution of the layout at the first grid: [B, h, w, out]."""
        grid = (layout.height // self.config.stride, layout.width // self.config.stride)
        scale = layout.scale(*grid, 3)
        windows, ids = scale.windows_at(np.arange(scale.codes.size))
        label_of, edge_of = layout.book.rows()
        label_rows = to_device(label_of[windows], self.device)
        edge_rows = to_device(edge_of[windows], self.device) if layout.book.edges else None
        rows = window_sum(window_table(weight), label_rows, edge_rows) + bias
        x = rows.index_select(0, to_device(ids[:, 4], self.device))  # the window around the position itself
        return x.view(layout.batch, *grid, -1).to(self.dtype)

    def with_first_noise(self, plan: SizePlan, x: Tensor) -> Tensor:
        """Add the first block's noise to its input x [1, h, w, 16 f] in place."""
        if plan.noise is not None:
            plan.noise.first.add_to(x)
        return x

    def render(self, layout: Layout, z: StyleCode | None, *, keep: bool = False, should_stop: Callable[[], bool] | None = None) -> Tensor:
        """Render exactly.

        Args:
            layout: Layout, batch of one.
            z: Style code [1, z]; None with layout input.
            keep: Whether to keep the activations for previews, in place of those of an earlier frame.
            should_stop: Callback, polled between blocks.

        Returns:
            Picture [1, H, W, 3] in [-1, 1].

        Raises:
            GaveWayError: ``should_stop`` returned true; activations kept earlier remain valid for previews.
        """
        plan = self.plan(layout)
        codes = self.codes(z)
        kept = self.forward(plan, self.first(plan, codes), codes, keep=keep, should_stop=should_stop)
        assert kept.picture is not None
        if keep:
            kept.style, kept.texture, kept.hashes = z, self.texture, self.hashes(plan, layout)
            plan.activations = kept
        return kept.picture

    def forward(
        self, plan: SizePlan, x: Tensor, codes: Tensor | None, *, keep: bool = False, should_stop: Callable[[], bool] | None = None
    ) -> Activations:
        """Run the blocks on x [1, h, w, 16 f] with an up-to-date plan; device work only.

        Without ``keep`` each block reuses the memory of the last one, while it is in the processor's cache.

        Raises:
            GaveWayError: ``should_stop`` returned true.
        """
        x = self.with_first_noise(plan, x)
        kept = Activations(x)
        number = 0
        for stage in plan.stages:
            for block, tables in stage.blocks_with_tables():
                if should_stop is not None and should_stop():
                    raise GaveWayError
                noise = None if plan.noise is None else plan.noise.blocks[number]
                number += 1
                x, middle = self._block(block, x, stage.table.slots, tables, (stage.height, stage.width), codes, noise)
                if keep:
                    kept.middle.append(middle)
                    kept.out.append(x)
                del middle
        activated = self._buffer("modulated", tuple(x.shape)).copy_(x)
        kept.picture = torch.tanh(self.last(F.leaky_relu_(activated, LEAKY_SLOPE)))
        return kept

    def _block(
        self,
        block: FoldedBlock,
        x: Tensor,
        slots: Tensor,
        tables: BlockTables,
        size: tuple[int, int],
        codes: Tensor | None,
        noise: tuple[InjectedNoise, InjectedNoise] | None,
    ) -> tuple[Tensor, Tensor]:
        """Run one block: (its output, what enters norm_1), each [1, h, w, C]."""
        instance_norm = self.config.norm == "instance"
        repeats = block.upsample
        if repeats and self.config.upsampling_filter == "bilinear":
            x, repeats = bilinear(x), False
        if block.shortcut is not None:
            out = x.new_empty(1, *size, block.out_channels)
        elif repeats:
            out = repeated(x)
        else:
            out = x.clone()
        modulated = self._buffer("modulated", (1, *size, block.in_channels))
        entered = instance_normalized(x) if instance_norm else x
        for begin, end, band in self._bands(slots, size, block.in_channels):
            grid, source = enlarged(entered, begin, end, size[1], repeats)
            scale = self._gather("scale", tables.scale_0, band)
            target = modulated[0, begin:end].view(-1, block.in_channels)
            torch.index_select(tables.shift_0, 0, band, out=target)
            F.leaky_relu_(target.view(grid).addcmul_(source, scale.view(grid)), LEAKY_SLOPE)
            if block.shortcut is not None and tables.scale_s is not None and tables.shift_s is not None:
                scaled = self._gather("scale", tables.scale_s, band)
                scaled.view(grid).mul_(source)
                torch.index_select(tables.shift_s, 0, band, out=out[0, begin:end].view(-1, block.out_channels))
                block.shortcut.add_to(out[:, begin:end], scaled.view(1, end - begin, size[1], block.in_channels))
        middle = block.conv_0(modulated)
        style = block.style_rows(codes)
        if style is not None:
            middle.mul_(style[0]).add_(style[1])
        if noise is not None:
            noise[0].add_to(middle)
        entered = instance_normalized(middle) if instance_norm else middle
        modulated = self._buffer("modulated", (1, *size, block.middle_channels))
        for begin, end, band in self._bands(slots, size, block.middle_channels):
            scale = self._gather("scale", tables.scale_1, band)
            target = modulated[0, begin:end].view(-1, block.middle_channels)
            torch.index_select(tables.shift_1, 0, band, out=target)
            F.leaky_relu_(target.addcmul_(entered[0, begin:end].view(-1, block.middle_channels), scale), LEAKY_SLOPE)
        block.conv_1.add_to(out, modulated)
        if noise is not None:
            noise[1].add_to(out)
        return out, middle

    def _bands(self, slots: Tensor, size: tuple[int, int], channels: int) -> Iterator[tuple[int, int, Tensor]]:
        """Yield (first row, end row, slots of its pixels) for bands of the picture that fit the processor's cache."""
        height, width = size
        band = height
        if self.device.type == "cpu":
            band = min(height, max(2, _BAND_BYTES // (self.dtype.itemsize * width * channels) // 2 * 2))
        for begin in range(0, height, band):
            end = min(height, begin + band)
            yield begin, end, slots[begin * width : end * width]

    def _gather(self, buffer: str, table: Tensor, band: Tensor) -> Tensor:
        """Return the table's rows of a band's pixels [n, C], valid until the next gather into that buffer."""
        return torch.index_select(table, 0, band, out=self._buffer(buffer, (len(band), table.shape[1])))

    def _buffer(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Return memory of a shape, the same at every call with this name as long as it is large enough."""
        count = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or len(buffer) < count:
            buffer = self._buffers[name] = torch.empty(count, dtype=self.dtype, device=self.device)
            self.memory_generation += 1
        return buffer[:count].view(shape)
