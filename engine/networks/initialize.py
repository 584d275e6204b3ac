"""Initial weights of networks before training."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn


def initialize_xavier(network: nn.Module, gain: float = 0.02) -> None:
    """Draw every convolution's and linear layer's weights from Xavier's normal distribution; zero biases.

    Args:
        network: Changed in place.
        gain: Factor on the standard deviation; 0.02 in the paper's code.
    """
    for weight in _weights_with_zeroed_biases(network):
        nn.init.xavier_normal_(weight, gain=gain)


def initialize_normal(network: nn.Module, deviation: float = 0.02) -> None:
    """Draw every convolution's and linear layer's weights from a normal distribution around 0, batch norms' scales around 1; zero biases.

    Args:
        network: Changed in place.
        deviation: Standard deviation of all of them; 0.02 in pix2pixHD.
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
