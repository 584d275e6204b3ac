"""Initialisation of networks for training."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn


def initialize_xavier(network: nn.Module, gain: float = 0.02) -> None:
    """Draw the weights of all convolutions and linear layers from Xavier's normal distribution, and zero the biases.

    Args:
        network: Network, modified in place.
        gain: Factor on the standard deviation; 0.02 in the paper's code.
    """
    for weight in _weights_with_zeroed_biases(network):
        nn.init.xavier_normal_(weight, gain=gain)


def initialize_normal(network: nn.Module, deviation: float = 0.02) -> None:
    """Draw convolution and linear weights from N(0, deviation**2), batch norm scales from N(1, deviation**2), and zero the biases.

    Args:
        network: Network, modified in place.
        deviation: Standard deviation; 0.02 in pix2pixHD.
    """
    for weight in _weights_with_zeroed_biases(network):
        nn.init.normal_(weight, 0.0, deviation)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.normal_(module.weight, 1.0, deviation)
            nn.init.zeros_(module.bias)


def _weights_with_zeroed_biases(network: nn.Module) -> Iterator[Tensor]:
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            # Under spectral norm ``weight`` is derived and ``weight_orig`` is the parameter.
            parameters = dict(module.named_parameters(recurse=False))
            weight = parameters.get("weight_orig", parameters.get("weight"))
            assert isinstance(weight, Tensor)
            yield weight
            if module.bias is not None:
                nn.init.zeros_(module.bias)
