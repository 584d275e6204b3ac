"""Folds a generator's state into what rendering needs: convolutions and modulation columns.

Spectral norm, batch norm and the shortcut's bias disappear here; the modules of engine.networks are not built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from spade_studio.engine.inference.convolution import Convolution, folded_weight
from spade_studio.engine.inference.modulation_table import RowSource
from spade_studio.engine.networks.config import GeneratorConfig

_BATCH_NORM_EPS = 1e-5


@dataclass
class FoldedBlock:
    """One residual block.

    Attributes:
        upsample: Whether its input is enlarged x2 first.
        conv_0, conv_1: Its convolutions.
        shortcut: The learned 1x1 shortcut, or None.
        sources: Of its modulation tables, in the order of BlockTables: scale and shift of norm_0, of norm_1 and, with a learned
            shortcut, the scale of norm_s and its shift after the shortcut.
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

    @property
    def multiplications(self) -> int:
        """Of its convolutions, for one position."""
        shortcut = self.in_channels * self.out_channels if self.shortcut else 0
        return 9 * self.middle_channels * (self.in_channels + self.out_channels) + shortcut


def fold_spade(state: Mapping[str, Tensor], name: str, shortcut: Tensor | None = None) -> tuple[RowSource, RowSource]:
    """Fold one SPADE layer into the sources of a scale and a shift, so that the layer is ``x * scale + shift``.

    With batch statistics, ``(x - mean) / std * (1 + gamma) + beta``: scale = (1 + gamma) / std, shift = beta - mean * scale.
    Instance statistics are not known before the picture is; then x comes normalised.

    Args:
        state: The generator's state.
        name: Of the layer.
        shortcut: float64 [out, in] of the 1x1 convolution that follows; the shift is then that of its output.
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
        middle = min(in_channels, out_channels)
        conv_0, conv_1 = (
            Convolution(folded_weight(state, f"{name}.{part}"), state[f"{name}.{part}.bias"], device, dtype)
            for part in ("conv_0", "conv_1")
        )
        blocks.append(FoldedBlock(name, in_channels, middle, out_channels, upsample, conv_0, conv_1, shortcut, sources))
    last = Convolution(state["conv_img.weight"].double(), state["conv_img.bias"], device, dtype)
    return blocks, last
