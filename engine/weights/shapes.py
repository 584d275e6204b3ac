"""Names and shapes of the tensors of a configuration, computed without torch."""

from __future__ import annotations

from math import prod
from typing import Final

from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    ConcatenationConfig,
    ConvNorm,
    CRNConfig,
    DiscriminatorConfig,
    EncoderConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    Pix2PixHDConfig,
    SIMSConfig,
)

AnyConfig = AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig
Shapes = dict[str, tuple[int, ...]]

# A discriminator's widths double up to this.
_MAX_PATCH_WIDTH: Final = 512
# A counter of batch norm's that no evaluation reads; files may have it or not, and networks are built without.
_UNREAD: Final = "num_batches_tracked"
_NOT_LEARNED: Final = ("weight_u", "weight_v", "running_mean", "running_var", _UNREAD)


def tensor_shapes(config: AnyConfig) -> Shapes:
    """Return the shape of each entry of the network's state dict except ``num_batches_tracked``."""
    match config:
        case GeneratorConfig() | ConcatenationConfig():
            return _decoder(config)
        case Pix2PixHDConfig():
            return _pix2pixhd(config)
        case LayeredPix2PixHDConfig():
            return _layered_pix2pixhd(config)
        case CRNConfig():
            return _refinement(config)
        case SIMSConfig():
            return _semiparametric(config)
        case EncoderConfig():
            return _encoder(config)
        case DiscriminatorConfig():
            return _discriminator(config)


def parameter_count(config: AnyConfig) -> int:
    """Return the number of learned parameters of the network."""
    return sum(prod(shape) for name, shape in tensor_shapes(config).items() if not name.endswith(_NOT_LEARNED))


def is_needed(name: str) -> bool:
    """Return whether the networks compute with an entry of a state dict."""
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


def _norm(shapes: Shapes, name: str, channels: int, kind: ConvNorm) -> None:
    """Add a normalisation that stands by itself: the batch kinds learn, the others store nothing."""
    if kind in ("batch", "sync_batch"):
        _statistics(shapes, name, channels, affine=True)


def _decoder(config: GeneratorConfig | ConcatenationConfig) -> Shapes:
    shapes: Shapes = {}
    planes = config.semantic_channels if isinstance(config, ConcatenationConfig) else 0
    first = 16 * config.base_channels
    if config.input == "noise":
        height, width = config.first_grid
        _convolution(shapes, "fc", (first * height * width, config.z_width))
    elif config.input == "layout":
        _convolution(shapes, "fc", (first, config.semantic_channels, 3, 3))
    else:
        _convolution(shapes, "fc", (first, config.z_width))
        _convolution(shapes, "fc_layout", (first, config.semantic_channels, 3, 3))
    spade = config if isinstance(config, GeneratorConfig) else None
    noise = spade is not None and spade.noise_injection
    if noise:
        shapes["fc_noise.strength"] = (first,)
    for name, inputs, outputs, _ in config.block_plan:
        middle = min(inputs, outputs) if spade is None else spade.middle_channels(name)
        if spade is not None and spade.style_modulation:
            _convolution(shapes, f"{name}.style", (2 * middle, config.z_width))
        if noise:
            shapes[f"{name}.noise_0.strength"] = (middle,)
            shapes[f"{name}.noise_1.strength"] = (outputs,)
        _convolution(shapes, f"{name}.conv_0", (middle, inputs + planes, 3, 3), spectral=config.spectral_norm)
        _convolution(shapes, f"{name}.conv_1", (outputs, middle + planes, 3, 3), spectral=config.spectral_norm)
        norms = {"norm_0": inputs, "norm_1": middle}
        if inputs != outputs:
            _convolution(shapes, f"{name}.conv_s", (outputs, inputs + planes, 1, 1), spectral=config.spectral_norm, bias=False)
            norms["norm_s"] = inputs
        for norm, channels in norms.items():
            if isinstance(config, GeneratorConfig):
                _spade_layer(shapes, f"{name}.{norm}", channels, config)
            else:
                _norm(shapes, f"{name}.{norm}", channels, config.norm)
    _convolution(shapes, "conv_img", (3, config.final_channels, 3, 3))
    return shapes


def _spade_layer(shapes: Shapes, name: str, channels: int, config: GeneratorConfig | LayeredPix2PixHDConfig) -> None:
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
    _convolution(shapes, f"{name}.0", weight, spectral=config.spectral_norm, bias=config.norm == "none", dim=dim)
    _norm(shapes, f"{name}.1", weight[dim], config.norm)


def _pix2pixhd(config: Pix2PixHDConfig) -> Shapes:
    shapes: Shapes = {}
    side, inner = config.kernels
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


def _layered_pix2pixhd(config: LayeredPix2PixHDConfig) -> Shapes:
    shapes: Shapes = {}
    side, inner = config.kernels

    def stage(name: str, weight: tuple[int, ...], dim: int = 0) -> None:
        _convolution(shapes, f"{name}.conv", weight, spectral=config.spectral_norm, bias=False, dim=dim)
        if config.layout == "spade":
            _spade_layer(shapes, f"{name}.norm", weight[dim], config)
        else:
            _norm(shapes, f"{name}.norm", weight[dim], config.norm)

    width = config.base_channels
    stage("first", (width, config.semantic_channels, side, side))
    for i in range(config.downsamplings):
        stage(f"down.{i}", (2 * width, width, 3, 3))
        width *= 2
    planes = config.semantic_channels if config.layout == "concatenation" else 0
    for i in range(config.blocks):
        stage(f"blocks.{i}.stage_0", (width, width + planes, inner, inner))
        stage(f"blocks.{i}.stage_1", (width, width, inner, inner))
    for i in range(config.downsamplings):
        stage(f"up.{i}", (width, width // 2, 3, 3), dim=1)
        width //= 2
    _convolution(shapes, "last", (3, width, side, side))
    return shapes


def _layer_norm_stage(shapes: Shapes, convolution: str, norm: str, inputs: int, width: int) -> None:
    _convolution(shapes, convolution, (width, inputs, 3, 3), bias=False)
    shapes[f"{norm}.weight"] = shapes[f"{norm}.bias"] = (width,)


def _refinement_module(shapes: Shapes, name: str, inputs: int, width: int) -> None:
    for number, channels in enumerate((inputs, width)):
        _layer_norm_stage(shapes, f"{name}.conv_{number}", f"{name}.norm_{number}", channels, width)


def _refinement(config: CRNConfig) -> Shapes:
    shapes: Shapes = {}
    previous = 0
    for number, width in enumerate(config.widths):
        _refinement_module(shapes, f"stages.{number}", previous + config.semantic_channels, width)
        previous = width
    _convolution(shapes, "last", (3 * config.pictures, previous, 1, 1))
    return shapes


def _semiparametric(config: SIMSConfig) -> Shapes:
    shapes: Shapes = {}
    inputs = config.semantic_channels + 4
    previous = inputs
    for block, (count, width) in enumerate(config.encoder_plan):
        for number in range(count):
            name = f"encoder.{block}"
            _layer_norm_stage(shapes, f"{name}.convolutions.{number}", f"{name}.norms.{number}", width if number else previous, width)
        previous = width
    beside = [previous, *(width for _, width in config.encoder_plan[::-1])]
    previous = 0
    for number, (width, features) in enumerate(zip(config.decoder_widths, beside, strict=True)):
        _refinement_module(shapes, f"decoder.{number}", previous + features + inputs, width)
        previous = width
    _convolution(shapes, "picture", (3, previous, 1, 1))
    _convolution(shapes, "labels", (config.semantic_channels, previous, 1, 1))
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
