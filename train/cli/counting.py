"""Cost of a training step, counted on meta tensors within seconds for any network."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.refinement import CRNGenerator
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import DataError, PairDataset
from spade_studio.train.datasets.canvas_pairs import open_canvases
from spade_studio.train.datasets.loading import Batch, Collate, TrainingSet, modulation_resolutions
from spade_studio.train.datasets.sampler import SampleKey
from spade_studio.train.datasets.transforms import output_size
from spade_studio.train.learning.content import ContentFeatures, ContentLoss
from spade_studio.train.learning.projected import build_discriminator
from spade_studio.train.learning.step import TrainingBatch, TrainingNetworks
from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures

_MOST = 16  # pictures that are counted; more keep as much each
_STATES = 3  # of every parameter: itself and Adam's two moments
_BESIDE = 1.4  # time of a step over that of its convolutions at their full rate
_MEASURED = 0.5  # seconds of convolutions that tell a device's rate
ConfigT = TypeVar("ConfigT", bound=Any)


@dataclass(frozen=True)
class Counted:
    """Cost of a training step on one rank.

    Attributes:
        operations: Number of floating-point operations of a whole step per picture.
        state: Size in bytes of parameters, moments, averages, gradients of one side at a time, and frozen networks.
        activations: Size in bytes of the activations that the generator step keeps for its backward pass.
    """

    operations: float
    state: int
    activations: int


def count_step(config: TrainConfig, dataset: PairDataset, pictures: int, dtype: torch.dtype | None) -> Counted:
    """Return the cost of a step of a configuration.

    Args:
        config: Configuration of the training.
        dataset: Training data; its first pictures are read, since the cost of fast SPADE depends on their distinct neighbourhoods.
        pictures: Number of pictures that a rank computes at once.
        dtype: Compute type of forward passes; None for float32.

    Raises:
        DataError: the first pictures cannot be read.
    """
    counted = min(pictures, _MOST, len(dataset))
    batch = _first_batch(config, dataset, counted)
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    with mode:
        networks = _networks(config, dataset.channels.semantic_channels, dtype)
        pixels: Tensor = mode.from_tensor(batch.pixels)  # pyright: ignore[reportUnknownMemberType]
        shown = dataclasses.replace(batch, pixels=pixels)
        generator = networks.generator
        width = _generator_config(config, dataset.channels.semantic_channels).style_width or int(getattr(generator, "injects_noise", False))
        noise = torch.zeros(counted, width) if width else None
        kept: dict[int, int] = {}
        trained = [network for network in (generator, networks.encoder, networks.discriminator) if network is not None]
        frozen = [network for network in (networks.perceptual, networks.content) if network is not None]
        own = {_place(tensor) for network in (*trained, *frozen) for tensor in (*network.parameters(), *network.buffers())}

        def note(tensor: Tensor) -> Tensor:
            if (place := _place(tensor)) not in own:
                kept[place] = tensor.untyped_storage().nbytes()
            return tensor

        with FlopCounterMode(display=False) as counter:
            with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
                networks.generator_step(shown, noise)
            if networks.discriminator is not None:
                networks.discriminator_step(shown, noise)
        operations = float(counter.get_total_flops())
        if config.losses.r1_weight:
            operations += _penalty_operations(networks, shown, noise) / config.losses.r1_every
        sizes = [sum(parameter.numel() * 4 for parameter in network.parameters()) for network in trained]
        judging = sum(tensor.numel() * tensor.element_size() for network in frozen for tensor in network.state_dict().values())
    first = sum(sizes[:-1]) if networks.discriminator is not None else sum(sizes)
    gradients = max(first, sum(sizes) - first)
    state = _STATES * sum(sizes) + first + gradients + judging
    return Counted(operations / counted, state, round(sum(kept.values()) * pictures / counted))


def _penalty_operations(networks: TrainingNetworks, batch: TrainingBatch, noise: Tensor | None) -> int:
    counts: list[int] = []
    for penalized in (False, True):
        with FlopCounterMode(display=False) as counter:
            networks.discriminator_step(batch, noise, penalized=penalized)
        counts.append(counter.get_total_flops())
    return counts[1] - counts[0]


def rate_of(device: torch.device, dtype: torch.dtype | None) -> float:
    """Return the rate of a typical convolution in floating-point operations per second, measured for half a second."""
    large = device.type == "cuda"
    batch, channels, side = (16, 256, 128) if large else (2, 128, 64)
    x = torch.randn(batch, channels, side, side, device=device, dtype=dtype).to(memory_format=torch.channels_last)
    weight = torch.randn(channels, channels, 3, 3, device=device, dtype=dtype)

    def seconds() -> float:
        begin = time.perf_counter()
        F.conv2d(x, weight, padding=1)
        if large:
            torch.cuda.synchronize(device)
        return time.perf_counter() - begin

    with torch.no_grad():
        seconds()  # algorithms are chosen at the first
        end, best = time.perf_counter() + _MEASURED, float("inf")
        while time.perf_counter() < end:
            best = min(best, seconds())
    return 2 * 9 * channels**2 * side**2 * batch / best


def seconds_by_operations(operations: float, rate: float) -> float:
    """Return the seconds that a number of operations takes in training, given the rate of a device."""
    return _BESIDE * operations / rate


def _place(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)  # pyright: ignore[reportPrivateUsage]


def _generator_config(config: TrainConfig, channels: int) -> Any:
    return _without_spectral_norm(config.network_configs(channels)[0])


def _without_spectral_norm(config: ConfigT) -> ConfigT:
    """Return a configuration without spectral norm, which costs next to nothing but cannot run on meta tensors."""
    return dataclasses.replace(config, spectral_norm=False) if getattr(config, "spectral_norm", False) else config


def _first_batch(config: TrainConfig, dataset: PairDataset, count: int) -> Batch:
    generator = config.network_configs(dataset.channels.semantic_channels)[0]
    canvases = open_canvases(config, generator, dataset)
    training_set = TrainingSet(dataset, config.geometry, config.seed, multiple=generator.stride, canvases=canvases)
    size = output_size(config.geometry)
    fast = size is not None and config.compute.modulation == "fast"
    resolutions = modulation_resolutions(generator, *size) if fast and size is not None else ()
    collate = Collate(dataset.channels, resolutions, replicate=generator.replicates_layout)
    found = collate.batch([training_set[SampleKey(0, index)] for index in range(count)])
    if isinstance(found, DataError):
        raise found
    return found


def _networks(config: TrainConfig, channels: int, dtype: torch.dtype | None) -> TrainingNetworks:
    generator_config, encoder_config, discriminator_config = config.network_configs(channels)
    losses = config.losses
    generator: nn.Module = build_generator(_without_spectral_norm(generator_config))
    encoder = None if encoder_config is None else Encoder(_without_spectral_norm(encoder_config))
    discriminator = (
        None if discriminator_config is None else build_discriminator(_without_spectral_norm(discriminator_config), config.projected)
    )
    if config.compute.modulation == "fast":
        accelerate(generator)
    if isinstance(generator, CRNGenerator):
        generator.train_last(config.initial.last_modules)
    perceptual = None
    if losses.uses_perceptual_network:
        taps = losses.perceptual.tap_weights
        features = VGGFeatures(losses.perceptual.network, max(i for i, weight in enumerate(taps, 1) if weight))
        perceptual = PerceptualDistance(features, losses.perceptual)
    content = ContentLoss(ContentFeatures(losses.content), losses.content) if losses.content.weight else None
    for network in (generator, encoder, discriminator):
        if network is not None:
            network.train()
    return TrainingNetworks(generator, encoder, discriminator, losses, perceptual=perceptual, content=content, autocast=dtype)
