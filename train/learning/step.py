"""One training step: the generator's and encoder's update, then the discriminator's on a newly generated fake."""

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
"""Which half of a step noise is drawn for."""


class TrainingBatch(Protocol):
    """What a step reads of a batch.

    Attributes:
        photos: [B, 3, H, W] in [-1, 1].
        layout: The B layouts, H x W.
        indices: Of the samples, others where one comes again in an epoch, for random numbers that do not depend on ranks.
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
    """Draw standard normal noise [len(indices), width] for samples.

    It depends on seed, step, phase and each sample's index alone, so not on how samples are spread over ranks or micro-batches.
    """
    phases: dict[Phase, int] = {"generator": 0, "discriminator": 1}
    rows = [np.random.default_rng((seed, step, phases[phase], index)).standard_normal(width, np.float32) for index in indices]
    return torch.from_numpy(np.stack(rows))  # pyright: ignore[reportUnknownMemberType]


@dataclass(frozen=True)
class LossValues:
    """The weighted terms of one side's objective, detached; on the networks' device.

    Attributes:
        terms: By name; what is switched off is missing.
    """

    terms: dict[str, Tensor]

    @property
    def total(self) -> Tensor:
        """Their sum."""
        return torch.stack(list(self.terms.values())).sum()

    def numbers(self) -> dict[str, float]:
        """Return the terms as numbers."""
        return {name: float(value) for name, value in self.terms.items()}

    def __add__(self, other: LossValues) -> LossValues:
        return LossValues({name: value + other.terms[name] for name, value in self.terms.items()})


@contextmanager
def frozen(network: nn.Module) -> Generator[None]:
    """Compute no gradients of a network's parameters inside; those of its input are unchanged."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


class TrainingNetworks:
    """Generator, encoder and discriminator in training, and what they minimise.

    Args:
        generator: Called with (layout, z), and with the seeds of textures where it injects noise.
        encoder: None for networks without one.
        discriminator: Judges pictures beside their layouts; None for trainings by the content loss.
        losses: Terms and weights.
        perceptual: Needed where a term reads its features.
        content: Needed for steps without a discriminator.
        autocast: Compute type of the networks' forward passes; None for that of their parameters.
        scaler: Of the losses before their backward passes; None scales nothing.
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
        """Add the generator's and encoder's gradients of a batch to those accumulated.

        Args:
            batch: Photographs and layouts.
            noise: Standard normal [B, z_width], from which styles and textures come; one wide where there are textures
                alone; None for generators that take neither.
            share: Of the step's samples that this batch holds; terms that are means count by it.
            seed: Of the step: decides crops and, with each sample's index, its directions and augmentations.

        Returns:
            The terms, each times ``share`` where it is a mean: sums over all batches of a step are its values.
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
        """Add the discriminator's gradients of a batch to those accumulated.

        The fake is generated anew in training mode, so batch statistics and power iterations of generator and encoder move again.

        Args:
            batch: Photographs and layouts.
            noise: As for :meth:`generator_step`.
            share: The same.
            seed: The same.
            penalized: Whether the R1 penalty is added.
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
        if penalized:  # after the backward pass of the rest, so that memory holds one graph at a time
            count, weight = len(batch.photos), self.losses.r1_weight / 2 * self.losses.r1_every
            penalty = r1_penalty(self.discriminator, planes[-count:], pictures[-count:])
            values = LossValues({**values.terms, **self._backward({"r1": share * weight * penalty}).terms})
        return values

    def _content_step(self, batch: TrainingBatch, share: float) -> LossValues:
        """Add the gradients of the content loss, and of the label scores where the generator gives any."""
        if self.content is None:
            raise ValueError("there is neither a discriminator nor a content loss")
        config, photos = self.losses.content, batch.photos
        terms: dict[str, Tensor] = {}
        with self._forward():
            planes = batch.layout.planes(photos.device, photos.dtype)
            labels = batch.layout.book.label_channels
            planes, scores = planes[:, :labels], None  # edges of objects are no class
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
        """Return batch statistics and the vectors of spectral norms: what moves without an optimiser."""
        networks: tuple[nn.Module | None, ...] = (self.generator, self.encoder, self.discriminator)
        return [buffer for network in networks if network is not None for buffer in network.buffers()]

    def compile(self) -> None:
        """Compile, at their first call, the networks whose shapes stay: encoder, discriminator, perceptual network.

        A SPADE generator is left alone: the number of distinct neighbourhoods is another in every batch.
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
        """Return fakes [B, 3, H, W] and, with an encoder, the posterior (mu, logvar) that the styles of the first were drawn from."""
        textures = {} if noise is None else injected(self.generator, noise[:, 0].float().contiguous().view(torch.int32))
        if self.encoder is None or noise is None:
            return self.generator(batch.layout, noise, **textures), None
        own = self._own_styles(batch)
        mu, logvar = self.encoder(batch.photos[:own])
        z = draw_styles(mu, logvar, noise, of_photographs=self.losses.chance_styles == "photographs")
        return self.generator(batch.layout, z, **textures), (mu, logvar)

    def _own_styles(self, batch: TrainingBatch) -> int:
        """Return how many pictures, the first ones, have the style of their photograph."""
        count = batch.photos.shape[0]
        return count if self.encoder is None else own_styles(count, self.losses.prior_share)

    def _seen(self, fake: Tensor, batch: TrainingBatch, seed: Seed) -> tuple[Tensor, Tensor]:
        """Return what the discriminator is given: planes, and N fakes before N photographs, as :func:`judged` takes them."""
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
    """Tensors that may have to become again what they are now.

    Args:
        tensors: They change in place.
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        by_type: dict[torch.dtype, list[Tensor]] = {}
        for tensor in tensors:
            by_type.setdefault(tensor.dtype, []).append(tensor)
        self._groups = [(group, _flat(group)) for group in by_type.values()]

    def keep_where(self, flag: Tensor) -> None:
        """Undo all changes where a flag, bool [] on the tensors' device, is not set; a few kernels, and nobody waits for it."""
        for group, before in self._groups:
            kept = torch.split(torch.where(flag, _flat(group), before), [tensor.numel() for tensor in group])
            parts = [part.view_as(tensor) for part, tensor in zip(kept, group, strict=True)]
            torch._foreach_copy_(group, parts)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.flatten() for tensor in tensors])


@dataclass(frozen=True)
class StepReport:
    """What one step did.

    Attributes:
        generator, discriminator: Loss values, summed over the step's batches; the discriminator's are None if its turn did not come, or
            there is none.
        finite: bool []: whether losses and, without a gradient scaler, gradients were finite. Where not, the side in question did not
            move, nor did what comes after it, and its turn left no trace in batch statistics. On a CPU the step ended there.
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
    """Update both sides once.

    Args:
        networks: In training mode.
        optimizers: Of the same networks.
        batches: One, or several whose gradients are accumulated.
        noise: Gives the noise for (phase, number of the batch), as :func:`style_noise` does.
        average: Averages gradients over all ranks, in place, and with them the loss: so a NaN reaches every rank and all decide
            alike. None for one process.
        seed: Of the run and of the step, for random crops, directions and augmentations.
        samples: The samples of the whole step over the number of ranks, where ranks hold unequal numbers of them; those of
            ``batches`` where None.
        penalized: Whether the discriminator's turn has the R1 penalty.
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
    ended = finite.device.type == "cpu" and not finite  # elsewhere a look at it would make the host wait
    if optimizers.discriminator is not None and not ended:
        discriminator_values, finite = turn(optimizers.discriminator, "discriminator", finite)
    optimizers.scaler.update()
    return StepReport(generator_values, discriminator_values, finite)
