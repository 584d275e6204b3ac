"""Preparing networks for training: initial weights, memory layout, and workarounds for spectral and instance norm in torch."""

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

_AT_ONCE = 1 << 19  # elements per chunk


def initialize(network: nn.Module, gain: float = 0.02, modulation_gain: float = 0.02, distribution: Distribution = "xavier") -> None:
    """Draw initial weights from torch's global random state and zero the biases.

    Args:
        network: Generator, encoder or discriminator; changed in place.
        gain: Factor on Xavier's standard deviation (0.02 in the published code), or the standard deviation itself for ``normal``.
        modulation_gain: Gain of the convolutions inside SPADE layers.
        distribution: Xavier normal, or one normal distribution for all layers.
    """
    draw = initialize_xavier if distribution == "xavier" else initialize_normal
    draw(network, gain)
    for module in network.modules():
        if isinstance(module, SPADE):
            draw(module, modulation_gain)


def keep_channels_last(network: nn.Module) -> None:
    """Convert convolution weights, and thereby activations, to the channels-last memory format; values are unchanged."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def keep_spectral_norms_wide(network: nn.Module) -> None:
    """Compute spectral norms in the type of their weights, also inside autocast.

    On CUDA, autocast would compute them in the narrow type; in bfloat16 the norm, and with it the layer's scale, would be off by up to
    one per cent, differently at every step.
    """
    for module in network.modules():
        for hook in module._forward_pre_hooks.values():  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(hook, SpectralNorm):
                hook.__class__ = WideSpectralNorm


class WideSpectralNorm(SpectralNorm):
    """Spectral norm computed in the weights' type with few passes over them; inside autocast the result is cast to the compute type.

    The last product of the power iteration also gives the norm, channels-last weights are not copied, and the backward pass needs no
    temporary tensors of the weights' size.
    """

    def compute_weight(self, module: nn.Module, do_power_iteration: bool) -> Tensor:
        """Return the normalised weight, after a power iteration where asked."""
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
    """Return a view of x with its dimensions in the memory order of ``like``, output channels first."""
    last = like.ndim == 4 and like.is_contiguous(memory_format=torch.channels_last)
    return x.permute(0, 2, 3, 1) if last else x


class _Divide(torch.autograd.Function):
    """A weight divided by its spectral norm ``left @ weight @ right``; gradients treat the vectors as constants."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, left: Tensor, right: Tensor, norm: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the quotient in ``dtype``."""
        ctx.save_for_backward(weight, left, right, norm)
        factor = norm.reciprocal()
        if dtype == weight.dtype or weight.device.type != "cpu":
            return (weight * factor).to(dtype)
        quotient = torch.empty_like(weight, dtype=dtype)
        step = max(1, _AT_ONCE * len(weight) // max(1, weight.numel()))  # intermediate results stay in the CPU cache
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
        if weight.device.type == "cpu" and not torch.compiler.is_compiling():  # one pass; elsewhere reading it would synchronise
            rows.addr_(left * (-along * factor), right, beta=float(factor))
        else:
            rows.mul_(factor).addr_(left * (-along * factor), right)
        return grad, None, None, None, None


def mend_instance_norms(network: nn.Module) -> None:
    """Make the gradients that instance norms receive contiguous.

    On the CPU, instance norm of torch 2.13 returns wrong input gradients for a batch of one picture with a channels-last output gradient,
    as fast modulation gives. Forward passes and larger batches are correct.
    """
    for module in network.modules():
        if isinstance(module, nn.InstanceNorm2d):
            module.register_forward_hook(_ask_for_contiguous_gradient)


def _ask_for_contiguous_gradient(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    del module, inputs
    if output.requires_grad and output.shape[0] == 1:
        output.register_hook(Tensor.contiguous)  # pyright: ignore[reportUnknownMemberType]
