"""What networks need before they are trained: initial weights, memory layout, ways round two weaknesses of torch.

It does not know which architecture a network has.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.spectral_norm import SpectralNorm

from spade_studio.engine.networks import SPADE, initialize_xavier


def initialize(network: nn.Module, gain: float = 0.02, modulation_gain: float = 0.02) -> None:
    """Draw initial weights from Xavier's normal distribution and zero the biases, from torch's global random state.

    Args:
        network: Generator, encoder or discriminator; changed in place.
        gain: Factor on the standard deviation; 0.02 as published.
        modulation_gain: The same for the convolutions inside SPADE layers.
    """
    initialize_xavier(network, gain)
    for module in network.modules():
        if isinstance(module, SPADE):
            initialize_xavier(module, modulation_gain)


def keep_channels_last(network: nn.Module) -> None:
    """Keep the weights of convolutions, and with them the activations, channels last in memory; values stay the same."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def keep_spectral_norms_wide(network: nn.Module) -> None:
    """Let spectral norms be computed in the type of their weights, also inside autocast.

    On CUDA, autocast would multiply by the vectors in the narrow type; in bfloat16 the norm, and so the layer's scale, would be
    off by up to a percent, by another amount at every step.
    """
    for module in network.modules():
        for hook in module._forward_pre_hooks.values():  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(hook, SpectralNorm):
                hook.__class__ = WideSpectralNorm


class WideSpectralNorm(SpectralNorm):
    """torch's spectral norm, outside autocast."""

    def compute_weight(self, module: nn.Module, do_power_iteration: bool) -> Tensor:
        """Return the normalised weight; with a power iteration first where asked."""
        with torch.autocast(module.get_parameter(f"{self.name}_orig").device.type, enabled=False):
            return super().compute_weight(module, do_power_iteration)


def mend_instance_norms(network: nn.Module) -> None:
    """Let instance norms receive contiguous gradients.

    On the CPU, torch 2.13's instance norm computes wrong gradients for a batch of one picture where the gradient that it receives
    is channels last, as that of fast modulation is. Forward passes and larger batches are right.
    """
    for module in network.modules():
        if isinstance(module, nn.InstanceNorm2d):
            module.register_forward_hook(_ask_for_contiguous_gradient)


def _ask_for_contiguous_gradient(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    del module, inputs
    if output.requires_grad and output.shape[0] == 1:
        output.register_hook(Tensor.contiguous)  # pyright: ignore[reportUnknownMemberType]
