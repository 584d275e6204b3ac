"""Folding of a generator's state for inference: convolutions and modulation columns with spectral and batch norms absorbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.inference.convolution import Convolution, folded_weight
from spade_studio.engine.inference.modulation_table import RowSource
from spade_studio.engine.networks.config import GeneratorConfig

_BATCH_NORM_EPS = 1e-5


@dataclass
class FoldedBlock:
    """One residual block.

    Attributes:
        upsample: Whether its input is upsampled x2.
        conv_0, conv_1: Convolutions.
        shortcut: Learned 1x1 shortcut, or None.
        sources: Sources of the modulation tables, in the order of BlockTables: scale and shift of norm_0, of norm_1 and, with a learned
            shortcut, the scale of norm_s and its shift after the shortcut.
        noise: Strengths [C] of the noise after conv_0 and after the block, with noise injection.
        style: Weight and bias of scale (1 included) and shift between the convolutions, with style modulation.
    """

    name: str
    in_channels: int
    middle_channels: int
    out_channels: int
    upsample: bool
    conv_0: Convolution
    conv_1: Convolution
    shortcut: Convolution | None
    sources: list[RowSource]
    noise: tuple[Tensor, Tensor] | None = None
    style: tuple[Tensor, Tensor] | None = None

    @property
    def multiplications(self) -> int:
        """Number of multiplications of its convolutions for one position."""
        shortcut = self.in_channels * self.out_channels if self.shortcut else 0
        return 9 * self.middle_channels * (self.in_channels + self.out_channels) + shortcut

    def style_rows(self, codes: Tensor | None) -> tuple[Tensor, Tensor] | None:
        """Return scale and shift [1, C] between the convolutions for a style code [1, z]; None without style modulation."""
        if self.style is None or codes is None:
            return None
        scale, shift = F.linear(codes, *self.style).chunk(2, 1)
        return scale, shift


def fold_spade(state: Mapping[str, Tensor], name: str, shortcut: Tensor | None = None) -> tuple[RowSource, RowSource]:
    """Fold one SPADE layer into the sources of a scale and a shift, so that the layer is ``x * scale + shift``.

    With batch statistics, ``(x - mean) / std * (1 + gamma) + beta``: scale = (1 + gamma) / std, shift = beta - mean * scale.
    Instance statistics depend on the picture; with them x must be normalised already.

    Args:
        state: State dict of the generator.
        name: Name of the layer.
        shortcut: Weight of the 1x1 convolution that follows, float64 [out, in]; the shift is then that of its output.
    """

    def flat(kind: str) -> tuple[Tensor, Tensor]:
        weight = state[f"{name}.mlp_{kind}.weight"].double()  # [C, hidden, k, k]
        return weight.permute(0, 2, 3, 1).flatten(1), state[f"{name}.mlp_{kind}.bias"].double()

    (gamma, gamma_bias), (beta, beta_bias) = flat("gamma"), flat("beta")
    gamma_bias = gamma_bias + 1
    running_var = state.get(f"{name}.param_free_norm.running_var")
    if running_var is not None:
        inverse = torch.rsqrt(running_var.double() + _BATCH_NORM_EPS)
        gamma, gamma_bias = gamma * inverse[:, None], gamma_bias * inverse
        mean = state[f"{name}.param_free_norm.running_mean"].double()
        beta, beta_bias = beta - gamma * mean[:, None], beta_bias - gamma_bias * mean
    if shortcut is not None:
        beta, beta_bias = shortcut @ beta, shortcut @ beta_bias
    shared = state[f"{name}.mlp_shared.0.weight"], state[f"{name}.mlp_shared.0.bias"]
    return RowSource(*shared, gamma, gamma_bias), RowSource(*shared, beta, beta_bias)


def fold_blocks(
    config: GeneratorConfig, state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype
) -> tuple[list[FoldedBlock], Convolution]:
    """Fold all residual blocks and the last convolution."""
    blocks: list[FoldedBlock] = []
    for name, in_channels, out_channels, upsample in config.block_plan:
        sources = [*fold_spade(state, f"{name}.norm_0"), *fold_spade(state, f"{name}.norm_1")]
        shortcut: Convolution | None = None
        if in_channels != out_channels:
            matrix = folded_weight(state, f"{name}.conv_s").flatten(1)
            sources += fold_spade(state, f"{name}.norm_s", matrix)
            shortcut = Convolution(matrix[:, :, None, None], None, device, dtype)
        conv_0, conv_1 = (
            Convolution(folded_weight(state, f"{name}.{part}"), state[f"{name}.{part}.bias"], device, dtype, config.padding)
            for part in ("conv_0", "conv_1")
        )
        middle = config.middle_channels(name)
        block = FoldedBlock(name, in_channels, middle, out_channels, upsample, conv_0, conv_1, shortcut, sources)
        if config.noise_injection:
            first, second = (state[f"{name}.noise_{i}.strength"].to(device, dtype) for i in (0, 1))
            block.noise = first, second
        if config.style_modulation:
            bias = state[f"{name}.style.bias"].clone()
            bias[:middle] += 1
            block.style = state[f"{name}.style.weight"].to(device, dtype), bias.to(device, dtype)
        blocks.append(block)
    last = Convolution(state["conv_img.weight"].double(), state["conv_img.bias"], device, dtype, config.padding)
    return blocks, last
