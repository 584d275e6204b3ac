"""What networks need before they are trained: initial weights, memory layout, ways round two weaknesses of torch."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils.spectral_norm import SpectralNorm

from spade_studio.engine.networks.initialize import initialize_normal, initialize_xavier
from spade_studio.engine.networks.spade import SPADE
from spade_studio.train.config.networks import Distribution

_AT_ONCE = 1 << 19  # numbers


def initialize(network: nn.Module, gain: float = 0.02, modulation_gain: float = 0.02, distribution: Distribution = "xavier") -> None:
    """Draw initial weights and zero the biases, from torch's global random state.

    Args:
        network: Generator, encoder or discriminator; changed in place.
        gain: Factor on Xavier's standard deviation, 0.02 as published, or the standard deviation itself.
        modulation_gain: The same for the convolutions inside SPADE layers.
        distribution: Xavier's normal distribution, or one normal distribution for all layers.
    """
    draw = initialize_xavier if distribution == "xavier" else initialize_normal
    draw(network, gain)
    for module in network.modules():
        if isinstance(module, SPADE):
            draw(module, modulation_gain)


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
    """torch's spectral norm in the weights' own type, with few passes over them; inside autocast the result is narrow at once.

    The power iteration's last product also gives the norm, weights that are channels last are read as they lie, and backward needs
    no temporary tensors of the weights' size.
    """

    def compute_weight(self, module: nn.Module, do_power_iteration: bool) -> Tensor:
        """Return the normalised weight; with a power iteration first where asked."""
        weight = module.get_parameter(f"{self.name}_orig")
        device = weight.device.type
        narrow = torch.is_autocast_enabled(device) and weight.dtype is torch.float32
        dtype = torch.get_autocast_dtype(device) if narrow else weight.dtype
        with torch.autocast(device, enabled=False):
            if self.dim:
                return super().compute_weight(module, do_power_iteration)
            with torch.no_grad():
                u, v = module.get_buffer(f"{self.name}_u"), module.get_buffer(f"{self.name}_v")
                ordered_v = _memory_order(v.view(1, *weight.shape[1:]), weight)  # a view of the buffer
                matrix, left, right = _memory_order(weight, weight).flatten(1), u.clone(), ordered_v.flatten().clone()
                product: Tensor | None = None
                for _ in range(self.n_power_iterations if do_power_iteration else 0):
                    right = F.normalize(torch.mv(matrix.T, left), dim=0, eps=self.eps)
                    product = torch.mv(matrix, right)
                    left = F.normalize(product, dim=0, eps=self.eps)
                if product is None:
                    product = torch.mv(matrix, right)
                if do_power_iteration:
                    u.copy_(left)
                    ordered_v.copy_(right.view_as(ordered_v))
                norm = torch.dot(left, product)
            return cast("Tensor", _Divide.apply(weight, left, right, norm, dtype))  # pyright: ignore[reportUnknownMemberType]


def _memory_order(x: Tensor, like: Tensor) -> Tensor:
    """Return a view of x whose dimensions stand in the order in which ``like`` lies in memory, output channels first."""
    last = like.ndim == 4 and like.is_contiguous(memory_format=torch.channels_last)
    return x.permute(0, 2, 3, 1) if last else x


class _Divide(torch.autograd.Function):
    """A weight divided by its spectral norm ``left @ weight @ right``, whose vectors count as constants."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, left: Tensor, right: Tensor, norm: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the quotient in ``dtype``."""
        ctx.save_for_backward(weight, left, right, norm)
        factor = norm.reciprocal()
        if dtype == weight.dtype or weight.device.type != "cpu":
            return (weight * factor).to(dtype)
        quotient = torch.empty_like(weight, dtype=dtype)
        step = max(1, _AT_ONCE * len(weight) // max(1, weight.numel()))  # what lies between stays in the processor's cache
        for i in range(0, len(weight), step):
            quotient[i : i + step] = weight[i : i + step] * factor
        return quotient

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradient of the weight."""
        weight, left, right, norm = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        grad = torch.empty_like(weight).copy_(cast("Tensor", grad_outputs[0]))
        factor = norm.reciprocal()
        along = torch.dot(_memory_order(grad, weight).reshape(-1), _memory_order(weight, weight).reshape(-1)) * factor
        rows = _memory_order(grad, weight).flatten(1)
        if weight.device.type == "cpu" and not torch.compiler.is_compiling():  # one pass; elsewhere the number must be waited for
            rows.addr_(left * (-along * factor), right, beta=float(factor))
        else:
            rows.mul_(factor).addr_(left * (-along * factor), right)
        return grad, None, None, None, None


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
