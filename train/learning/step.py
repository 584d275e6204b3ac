"""One training step: an update of generator and encoder, then one of the discriminator on newly generated fakes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.noise import injected
from spade_studio.engine.networks.refinement import CRNGenerator
from spade_studio.engine.networks.semiparametric import SIMSGenerator
from spade_studio.train.config.losses import LossConfig
from spade_studio.train.learning.augmentations import augmented
from spade_studio.train.learning.content import ContentLoss
from spade_studio.train.learning.judging import judged, r1_penalty
from spade_studio.train.learning.losses import discriminator_adversarial, label_cross_entropy
from spade_studio.train.learning.objective import Generated, objective
from spade_studio.train.learning.optimizer import Optimizers, Side
from spade_studio.train.learning.preparation import keep_spectral_norms_wide, mend_instance_norms
from spade_studio.train.learning.styles import draw_styles, own_styles
from spade_studio.train.pretrained.vgg import PerceptualDistance

Seed = tuple[int, ...]
Phase = Literal["generator", "discriminator"]
"""The two updates of a step."""


class TrainingBatch(Protocol):
    """Batch of a training step.

    Attributes:
        photos: Photographs [B, 3, H, W] in [-1, 1].
        layout: The B layouts of size H x W.
        indices: Random number keys of the samples, independent of ranks; they differ where a sample is repeated within an epoch.
    """

    @property
    def photos(self) -> Tensor:  # noqa: D102
        ...

    @property
    def layout(self) -> Layout:  # noqa: D102
        ...

    @property
    def indices(self) -> tuple[int, ...]:  # noqa: D102
        ...


def style_noise(seed: int, step: int, phase: Phase, indices: Sequence[int], width: int) -> Tensor:
    """Return standard normal noise [len(indices), width] for samples.

    It depends on seed, step, phase and each sample's index only, not on the distribution of samples over ranks or micro-batches.
    """
    phases: dict[Phase, int] = {"generator": 0, "discriminator": 1}
    rows = [np.random.default_rng((seed, step, phases[phase], index)).standard_normal(width, np.float32) for index in indices]
    return torch.from_numpy(np.stack(rows))  # pyright: ignore[reportUnknownMemberType]


@dataclass(frozen=True)
class LossValues:
    """Detached weighted terms of one side's objective, on the networks' device.

    Attributes:
        terms: Enabled terms by name.
    """

    terms: dict[str, Tensor]

    @property
    def total(self) -> Tensor:
        """Sum of the terms."""
        return torch.stack(list(self.terms.values())).sum()

    def numbers(self) -> dict[str, float]:
        """Return the terms as Python numbers; synchronises with the device."""
        return {name: float(value) for name, value in self.terms.items()}

    def __add__(self, other: LossValues) -> LossValues:
        return LossValues({name: value + other.terms[name] for name, value in self.terms.items()})


@contextmanager
def frozen(network: nn.Module) -> Generator[None]:
    """Disable gradients of a network's parameters in the block; gradients of its input still flow."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


class TrainingNetworks:
    """Generator, encoder and discriminator in training, with their objectives.

    Args:
        generator: Generator, called with (layout, z), and with texture seeds where it injects noise.
        encoder: Encoder; None for networks without one.
        discriminator: Conditional discriminator; None for training with the content loss.
        losses: Loss configuration.
        perceptual: Perceptual distance; required by terms that read its features.
        content: Content loss; required without a discriminator.
        autocast: Compute type of forward passes; None for the type of the parameters.
        scaler: Gradient scaler; None for no scaling.
    """

    def __init__(
        self,
        generator: nn.Module,
        encoder: Encoder | None,
        discriminator: MultiscaleDiscriminator | None,
        losses: LossConfig,
        *,
        perceptual: PerceptualDistance | None = None,
        content: ContentLoss | None = None,
        autocast: torch.dtype | None = None,
        scaler: torch.amp.GradScaler | None = None,
    ) -> None:
        self.generator, self.encoder, self.discriminator = generator, encoder, discriminator
        for network in (generator, encoder, discriminator):
            if network is not None:
                mend_instance_norms(network)
                keep_spectral_norms_wide(network)
        self.losses = losses
        self.perceptual = perceptual
        self.content = content
        self.autocast = autocast
        self.scaler = scaler

    def generator_step(self, batch: TrainingBatch, noise: Tensor | None, *, share: float = 1.0, seed: Seed = (0,)) -> LossValues:
        """Accumulate the gradients of generator and encoder for a batch.

        Args:
            batch: Batch of photographs and layouts.
            noise: Standard normal noise for styles and textures, [B, z_width], or [B, 1] for textures only; None for generators with
                neither.
            share: Share of the step's samples in this batch, 0 to 1, the weight of terms that are means.
            seed: Seed of the step, for crops and, with each sample's index, for slicing directions and augmentations.

        Returns:
            The weighted terms, means multiplied by ``share``: their sums over all batches are the values of the step.
        """
        if self.discriminator is None:
            return self._content_step(batch, share)
        with self._forward(), frozen(self.discriminator):
            fake, posterior = self._generate(batch, noise)
            features = judged(self.discriminator, *self._seen(fake, batch, seed), photos_learn=False)
            own = self._own_styles(batch)
            made = Generated(
                fake, batch.photos, batch.layout, own, *features, posterior, self.losses, self.perceptual, share, seed, batch.indices
            )
            terms = dict(objective(made))
        return self._backward(terms)

    def discriminator_step(
        self, batch: TrainingBatch, noise: Tensor | None, *, share: float = 1.0, seed: Seed = (0,), penalized: bool = False
    ) -> LossValues:
        """Accumulate the gradients of the discriminator for a batch.

        Fakes are generated again in training mode, which also updates batch statistics and spectral norms of generator and encoder.

        Args:
            batch: Batch of photographs and layouts.
            noise: Noise as for :meth:`generator_step`.
            share: Share of the step's samples as for :meth:`generator_step`.
            seed: Seed of the step as for :meth:`generator_step`.
            penalized: Whether to add the R1 penalty.
        """
        if self.discriminator is None:
            raise ValueError("there is no discriminator")
        with self._forward():
            with torch.no_grad():
                fake, _ = self._generate(batch, noise)
            planes, pictures = self._seen(fake, batch, seed)
            judged_fake, judged_real = judged(self.discriminator, planes, pictures)
            kind = self.losses.adversarial
            terms = {
                "fake": share * discriminator_adversarial(kind, judged_fake, real=False),
                "real": share * discriminator_adversarial(kind, judged_real, real=True),
            }
        values = self._backward(terms)
        if penalized:  # after the other terms' backward pass, so that one graph is in memory at a time
            count, weight = len(batch.photos), self.losses.r1_weight / 2 * self.losses.r1_every
            penalty = r1_penalty(self.discriminator, planes[-count:], pictures[-count:])
            values = LossValues({**values.terms, **self._backward({"r1": share * weight * penalty}).terms})
        return values

    def _content_step(self, batch: TrainingBatch, share: float) -> LossValues:
        """Accumulate the gradients of the content loss, and of the label scores where the generator returns any."""
        if self.content is None:
            raise ValueError("there is neither a discriminator nor a content loss")
        config, photos = self.losses.content, batch.photos
        terms: dict[str, Tensor] = {}
        with self._forward():
            planes = batch.layout.planes(photos.device, photos.dtype)
            labels = batch.layout.book.label_channels
            planes, scores = planes[:, :labels], None  # without the plane of instance edges
            if isinstance(self.generator, CRNGenerator):
                pictures = self.generator.pictures(batch.layout)
            elif isinstance(self.generator, SIMSGenerator):
                picture, scores = self.generator.outputs(batch.layout)
                pictures = picture.unsqueeze(1)
            else:
                pictures = self.generator(batch.layout, None).unsqueeze(1)
            terms["content"] = share * config.weight * self.content(pictures, photos, planes)
            if scores is not None and config.label_weight:
                terms["labels"] = share * config.label_weight * label_cross_entropy(scores[:, :labels], planes)
        return self._backward(terms)

    def buffers(self) -> list[Tensor]:
        """Return batch statistics and the vectors of spectral norms, which change without an optimiser."""
        networks: tuple[nn.Module | None, ...] = (self.generator, self.encoder, self.discriminator)
        return [buffer for network in networks if network is not None for buffer in network.buffers()]

    def compile(self) -> None:
        """Compile the networks with static shapes at their first call: encoder, discriminator and perceptual network.

        A SPADE generator is not compiled, since the number of distinct neighbourhoods changes with every batch.
        """
        patches = () if self.discriminator is None else self.discriminator.patches
        stages = (stage for patch in patches for stage in patch.later)
        for network in (self.encoder, *stages, self.perceptual, self.content):
            if network is not None:
                network.compile()  # pyright: ignore[reportUnknownMemberType]

    @contextmanager
    def _forward(self) -> Generator[None]:
        device = next(self.generator.parameters()).device.type
        with torch.autocast(device, self.autocast, enabled=self.autocast is not None):
            yield

    def _generate(self, batch: TrainingBatch, noise: Tensor | None) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
        """Return fakes [B, 3, H, W] and, with an encoder, the posterior (mu, logvar) of the leading ones' styles."""
        textures = {} if noise is None else injected(self.generator, noise[:, 0].float().contiguous().view(torch.int32))
        if self.encoder is None or noise is None:
            return self.generator(batch.layout, noise, **textures), None
        own = self._own_styles(batch)
        mu, logvar = self.encoder(batch.photos[:own])
        z = draw_styles(mu, logvar, noise, of_photographs=self.losses.chance_styles == "photographs")
        return self.generator(batch.layout, z, **textures), (mu, logvar)

    def _own_styles(self, batch: TrainingBatch) -> int:
        """Return the number of leading pictures with the style of their photograph."""
        count = batch.photos.shape[0]
        return count if self.encoder is None else own_styles(count, self.losses.prior_share)

    def _seen(self, fake: Tensor, batch: TrainingBatch, seed: Seed) -> tuple[Tensor, Tensor]:
        """Return the discriminator's input: planes, and N fakes followed by N photographs, as :func:`judged` takes them."""
        photos = batch.photos
        planes, pictures = batch.layout.planes(photos.device, photos.dtype), torch.cat((fake.to(photos.dtype), photos))
        if self.losses.augmentations:
            seeds = [(*seed, real, index) for real in (0, 1) for index in batch.indices]
            seen = augmented(torch.cat((planes, planes)), pictures, self.losses.augmentations, seeds)
            planes, pictures = seen[:, :-3], seen[:, -3:]
        return planes, pictures

    def _backward(self, terms: dict[str, Tensor]) -> LossValues:
        total = torch.stack(list(terms.values())).sum()
        (total if self.scaler is None else self.scaler.scale(total)).backward()  # pyright: ignore[reportUnknownMemberType]
        return LossValues({name: term.detach() for name, term in terms.items()})


class Moving:
    """Snapshot of tensors that may have to be restored.

    Args:
        tensors: Tensors that change in place.
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        by_type: dict[torch.dtype, list[Tensor]] = {}
        for tensor in tensors:
            by_type.setdefault(tensor.dtype, []).append(tensor)
        self._groups = [(group, _flat(group)) for group in by_type.values()]

    def keep_where(self, flag: Tensor) -> None:
        """Restore the tensors where a flag, bool [] on their device, is not set; does not synchronise with the device."""
        for group, before in self._groups:
            kept = torch.split(torch.where(flag, _flat(group), before), [tensor.numel() for tensor in group])
            parts = [part.view_as(tensor) for part, tensor in zip(kept, group, strict=True)]
            torch._foreach_copy_(group, parts)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


@dataclass(frozen=True)
class StepReport:
    """Outcome of a training step.

    Attributes:
        generator, discriminator: Loss values, summed over the step's batches; None for a discriminator that was not trained or does not
            exist.
        finite: Whether losses and, without a gradient scaler, gradients were finite, bool []. If not, parameters and batch statistics of
            the affected side and of later updates are unchanged. On a CPU the step ended there.
    """

    generator: LossValues
    discriminator: LossValues | None
    finite: Tensor


def training_step(
    networks: TrainingNetworks,
    optimizers: Optimizers,
    batches: Sequence[TrainingBatch],
    noise: Callable[[Phase, int], Tensor | None],
    *,
    average: Callable[[list[Tensor]], None] | None = None,
    seed: Seed = (0,),
    samples: float | None = None,
    penalized: bool = False,
) -> StepReport:
    """Update generator, encoder and discriminator once.

    Args:
        networks: Networks in training mode.
        optimizers: Optimisers of the same networks.
        batches: Batches for gradient accumulation, at least one.
        noise: Function from (phase, index of the batch) to noise, see :func:`style_noise`.
        average: Function that averages tensors over all ranks in place. The loss is averaged with the gradients, so that a NaN on one rank
            is seen by all. None for one process.
        seed: Seed of the run and the step, for random crops, slicing directions and augmentations.
        samples: Number of samples of the step on all ranks divided by the number of ranks, for unequal shares; None for that of
            ``batches``.
        penalized: Whether to add the R1 penalty to the discriminator's loss.
    """
    samples = samples or sum(batch.photos.shape[0] for batch in batches)

    def turn(side: Side, phase: Phase, allowed: Tensor | None = None) -> tuple[LossValues, Tensor]:
        moving = Moving(networks.buffers())
        side.zero_gradients()
        values: LossValues | None = None
        for i, batch in enumerate(batches):
            share = batch.photos.shape[0] / samples
            if phase == "generator":
                added = networks.generator_step(batch, noise(phase, i), share=share, seed=seed)
            else:
                added = networks.discriminator_step(batch, noise(phase, i), share=share, seed=seed, penalized=penalized)
            values = added if values is None else values + added
        assert values is not None
        total = values.total
        if average is not None:
            average([*side.gradients(), total])
        finite = side.update(optimizers.scaler, total, allowed)
        side.zero_gradients()
        moving.keep_where(finite)
        return values, finite

    generator_values, finite = turn(optimizers.generator, "generator")
    discriminator_values = None
    ended = finite.device.type == "cpu" and not finite  # on other devices reading the flag would synchronise
    if optimizers.discriminator is not None and not ended:
        discriminator_values, finite = turn(optimizers.discriminator, "discriminator", finite)
    optimizers.scaler.update()
    return StepReport(generator_values, discriminator_values, finite)
