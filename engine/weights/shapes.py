"""Names and shapes of the tensors that a configuration asks for, computed without torch (REFERENCE.md, section 1).

It does not know values or files. The networks say the same, which a test compares; here a file can be checked before torch is loaded.
"""

from __future__ import annotations

from math import prod
from typing import Final

from spade_studio.engine.config import AnyGeneratorConfig, ConvNorm, DiscriminatorConfig, EncoderConfig, GeneratorConfig, Pix2PixHDConfig

AnyConfig = AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig
Shapes = dict[str, tuple[int, ...]]

# A discriminator's widths double up to this.
_MAX_PATCH_WIDTH: Final = 512
# A counter of batch norm's that no evaluation reads; files may have it or not, and networks are built without.
_UNREAD: Final = "num_batches_tracked"
_NOT_LEARNED: Final = ("weight_u", "weight_v", "running_mean", "running_var", _UNREAD)


def tensor_shapes(config: AnyConfig) -> Shapes:
    """Return the shape of every entry of the network's state dict but ``num_batches_tracked``."""
    match config:
        case GeneratorConfig():
            return _spade(config)
        case Pix2PixHDConfig():
            return _pix2pixhd(config)
        case EncoderConfig():
            return _encoder(config)
        case DiscriminatorConfig():
            return _discriminator(config)


def parameter_count(config: AnyConfig) -> int:
    """Return how many numbers the network learns."""
    return sum(prod(shape) for name, shape in tensor_shapes(config).items() if not name.endswith(_NOT_LEARNED))


def is_needed(name: str) -> bool:
    """Tell whether an entry is part of what networks compute with."""
    return not name.endswith(_UNREAD)


def _convolution(shapes: Shapes, name: str, weight: tuple[int, ...], *, spectral: bool = False, bias: bool = True, dim: int = 0) -> None:
    """Add a convolution or linear layer; ``dim`` is the weight's dimension of output channels (1 where transposed)."""
    outputs = weight[dim]
    if spectral:
        shapes[f"{name}.weight_orig"] = weight
        shapes[f"{name}.weight_u"] = (outputs,)
        shapes[f"{name}.weight_v"] = (prod(weight) // outputs,)
    else:
        shapes[f"{name}.weight"] = weight
    if bias:
        shapes[f"{name}.bias"] = (outputs,)


def _statistics(shapes: Shapes, name: str, channels: int, *, affine: bool) -> None:
    for entry in ("weight", "bias") if affine else ():
        shapes[f"{name}.{entry}"] = (channels,)
    for entry in ("running_mean", "running_var"):
        shapes[f"{name}.{entry}"] = (channels,)


def _spade(config: GeneratorConfig) -> Shapes:
    shapes: Shapes = {}
    first = 16 * config.base_channels
    if config.input == "noise":
        height, width = config.first_grid
        _convolution(shapes, "fc", (first * height * width, config.z_width))
    else:
        _convolution(shapes, "fc", (first, config.semantic_channels, 3, 3))
    for name, inputs, outputs, _ in config.block_plan:
        middle = min(inputs, outputs)
        _convolution(shapes, f"{name}.conv_0", (middle, inputs, 3, 3), spectral=config.spectral_norm)
        _convolution(shapes, f"{name}.conv_1", (outputs, middle, 3, 3), spectral=config.spectral_norm)
        norms = {"norm_0": inputs, "norm_1": middle}
        if inputs != outputs:
            _convolution(shapes, f"{name}.conv_s", (outputs, inputs, 1, 1), spectral=config.spectral_norm, bias=False)
            norms["norm_s"] = inputs
        for norm, channels in norms.items():
            _spade_layer(shapes, f"{name}.{norm}", channels, config)
    _convolution(shapes, "conv_img", (3, config.final_channels, 3, 3))
    return shapes


def _spade_layer(shapes: Shapes, name: str, channels: int, config: GeneratorConfig) -> None:
    kernel = (config.kernel_size, config.kernel_size)
    if config.norm != "instance":
        _statistics(shapes, f"{name}.param_free_norm", channels, affine=False)
    _convolution(shapes, f"{name}.mlp_shared.0", (config.hidden_width, config.semantic_channels, *kernel))
    _convolution(shapes, f"{name}.mlp_gamma", (channels, config.hidden_width, *kernel))
    _convolution(shapes, f"{name}.mlp_beta", (channels, config.hidden_width, *kernel))


def _stage(
    shapes: Shapes, name: str, weight: tuple[int, ...], config: Pix2PixHDConfig | DiscriminatorConfig, *, dim: int = 0
) -> None:
    """Add a convolution and the norm behind it; a bias is there only where no norm follows."""
    norm: ConvNorm = config.norm
    _convolution(shapes, f"{name}.0", weight, spectral=config.spectral_norm, bias=norm == "none", dim=dim)
    if norm in ("batch", "sync_batch"):
        _statistics(shapes, f"{name}.1", weight[dim], affine=True)


def _pix2pixhd(config: Pix2PixHDConfig) -> Shapes:
    shapes: Shapes = {}
    side, inner = config.initial_kernel_size, config.kernel_size
    width = config.base_channels
    _stage(shapes, "model.1", (width, config.semantic_channels, side, side), config)
    index = 3
    for _ in range(config.downsamplings):
        _stage(shapes, f"model.{index}", (2 * width, width, 3, 3), config)
        width *= 2
        index += 2
    for _ in range(config.blocks):
        for layer in (1, 4):
            _stage(shapes, f"model.{index}.conv_block.{layer}", (width, width, inner, inner), config)
        index += 1
    for _ in range(config.downsamplings):
        _stage(shapes, f"model.{index}", (width, width // 2, 3, 3), config, dim=1)
        width //= 2
        index += 2
    _convolution(shapes, f"model.{index + 1}", (3, width, side, side))
    return shapes


def _encoder(config: EncoderConfig) -> Shapes:
    shapes: Shapes = {}
    f = config.base_channels
    widths = [3, f, 2 * f, 4 * f, 8 * f, 8 * f, 8 * f][: config.layers + 1]
    for i in range(config.layers):
        _convolution(shapes, f"layer{i + 1}.0", (widths[i + 1], widths[i], 3, 3), spectral=config.spectral_norm, bias=False)
    for name in ("fc_mu", "fc_var"):
        _convolution(shapes, name, (config.z_width, 8 * f * 16))
    return shapes


def _discriminator(config: DiscriminatorConfig) -> Shapes:
    shapes: Shapes = {}
    for scale in range(config.scales):
        name, width = f"discriminator_{scale}.model", config.base_channels
        _convolution(shapes, f"{name}0.0", (width, config.semantic_channels + config.image_channels, 4, 4))
        for i in range(1, config.layers):
            previous, width = width, min(2 * width, _MAX_PATCH_WIDTH)
            _stage(shapes, f"{name}{i}.0", (width, previous, 4, 4), config)
        _convolution(shapes, f"{name}{config.layers}.0", (1, width, 4, 4))
    return shapes
