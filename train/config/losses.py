"""Configuration of losses, perceptual taps, optimisers and schedule, with the paper's defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from spade_studio.engine.errors import ConfigError
from spade_studio.train.config.content import ContentConfig
from spade_studio.train.config.plain import check_range

AdversarialKind = Literal["hinge", "least_squares", "cross_entropy", "wasserstein"]
KLForm = Literal["published", "sum", "mean"]
ChanceStyles = Literal["normal", "photographs"]
Augmentation = Literal["colour", "translation", "cut_out", "zoom"]
PerceptualKind = Literal["vgg19", "vgg16", "hed_vgg16"]
TapScale = Literal["activation", "relative"]


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}", f"one of {', '.join(map(repr, choices))}")


@dataclass(frozen=True)
class PerceptualConfig:
    """The perceptual distance: weighted L1 between activations of a network trained on photographs.

    Attributes:
        network: Which network the file holds.
        file: Its path; with vgg19 or vgg16 empty means torchvision's file, downloaded once.
        tap_weights: Weight of relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1; 0 leaves a tap out.
        tap_scale: activation: plain L1, as published with VGG-19 and pictures in [-1, 1]; relative: each tap's L1 divided by the
            mean magnitude of the target's tap, for networks whose activations grow with depth (HED).
        crop_size: Side in pixels of a random crop that the distance is taken on; 0 takes the whole picture.
        batch_share: Share of a batch's pictures that it is taken on, the first ones; at least one picture.
    """

    network: PerceptualKind = "vgg19"
    file: str = ""
    tap_weights: tuple[float, float, float, float, float] = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
    tap_scale: TapScale = "activation"
    crop_size: int = 0
    batch_share: float = 1.0

    def __post_init__(self) -> None:
        _check_choice("perceptual network", self.network, get_args(PerceptualKind))
        _check_choice("perceptual tap_scale", self.tap_scale, get_args(TapScale))
        if len(self.tap_weights) != 5:
            raise ConfigError(f"perceptual tap_weights has {len(self.tap_weights)} numbers", "five, for relu1_1 to relu5_1")
        for weight in self.tap_weights:
            check_range("perceptual tap_weights", weight, 0)
        if not any(self.tap_weights):
            raise ConfigError("every perceptual tap weight is 0", "", "Switch the perceptual loss off by its own weight")
        if self.crop_size and not 16 <= self.crop_size <= 65536:
            raise ConfigError(f"perceptual crop_size is {self.crop_size}", "16 pixels or more, or 0 for the whole picture")
        check_range("perceptual batch_share", self.batch_share, 0, 1)
        if not self.network.startswith("vgg") and not self.file:
            raise ConfigError(f"the perceptual network {self.network} without a file", "the path of its .safetensors file")


@dataclass(frozen=True)
class LossConfig:
    """The terms of the objective (paper, appendix A). A weight of 0 switches a term off.

    Attributes:
        adversarial: Form of the adversarial loss.
        adversarial_weight: Factor on the generator's adversarial term.
        feature_matching_weight: Factor on the L1 distance of the discriminator's features, divided by the number of scales.
        perceptual_weight: Factor on the perceptual distance.
        kl_weight: Factor on the KL divergence of the encoder's posterior from the standard normal distribution.
        kl_form: mean over pictures of the sum over dimensions; published: four times that, what the published sum over the four pictures of
            each of eight GPUs comes to, whatever batch and processes; sum over a process's batch and all dimensions.
        perceptual: The perceptual distance.
        content: The loss of networks without a discriminator.
        texture_weight: Factor on the sliced Wasserstein distance between the perceptual network's features of fakes and of photographs, by
            label: what textures look like, not where their parts lie. Not in the paper.
        colour_weight: Factor on the L1 distance between fakes and their photographs in [-1, 1], reduced to 8x8 means: holds styles to light
            and colour where the perceptual distance reads deep layers only. Not in the paper.
        prior_share: Share of a batch's pictures, the last ones, with random styles in place of their photograph's: they are judged, but
            compared with no photograph. Random styles then look as good as those of photographs.
        chance_styles: Source of these random styles: normal draws standard normal codes. photographs takes those of other photographs of
            the batch, and exported weights have coordinates in which the styles of photographs are standard normal, so that random styles
            resemble them; it needs an encoder. With a small KL weight the two differ much.
        augmentations: Augmentations of fakes, photographs and their layouts before they are judged (DiffAugment): colour, translation and
            cut_out, random for each picture; zoom judges a quarter, enlarged twice, of a third of the pictures.
        r1_weight: Gamma of the R1 penalty on the discriminator's gradients at photographs (Mescheder et al. 2018):
            gamma / 2 E|dD(x)/dx|^2, D(x) the mean of a picture's patch scores, over scales too.
        r1_every: Steps from one R1 penalty to the next, which counts that many times (StyleGAN2's lazy regularisation).
    """

    adversarial: AdversarialKind = "hinge"
    adversarial_weight: float = 1.0
    feature_matching_weight: float = 10.0
    perceptual_weight: float = 10.0
    kl_weight: float = 0.05
    kl_form: KLForm = "published"
    perceptual: PerceptualConfig = field(default_factory=PerceptualConfig)
    content: ContentConfig = field(default_factory=ContentConfig)
    texture_weight: float = 0.0
    colour_weight: float = 0.0
    prior_share: float = 0.0
    chance_styles: ChanceStyles = "normal"
    augmentations: tuple[Augmentation, ...] = ()
    r1_weight: float = 0.0
    r1_every: int = 16

    def __post_init__(self) -> None:
        _check_choice("adversarial", self.adversarial, get_args(AdversarialKind))
        _check_choice("kl_form", self.kl_form, get_args(KLForm))
        _check_choice("chance_styles", self.chance_styles, get_args(ChanceStyles))
        for weight in ("adversarial", "feature_matching", "perceptual", "kl", "texture", "colour", "r1"):
            check_range(f"{weight}_weight", getattr(self, f"{weight}_weight"), 0)
        check_range("prior_share", self.prior_share, 0, 0.9)
        check_range("r1_every", self.r1_every, 1)
        for name in self.augmentations:
            _check_choice("augmentations", name, get_args(Augmentation))
        if not (self.adversarial_weight or self.feature_matching_weight or self.uses_perceptual_network or self.content.weight):
            raise ConfigError("adversarial, feature matching, perceptual and content loss are all switched off", "one of them at least")

    def penalizes(self, step: int) -> bool:
        """Return whether the discriminator step of a step, counted from 0, has the R1 penalty."""
        return self.r1_weight > 0 and (step + 1) % self.r1_every == 0

    @property
    def uses_perceptual_network(self) -> bool:
        """Whether a term reads the perceptual network's features."""
        return bool(self.perceptual_weight or self.texture_weight)


@dataclass(frozen=True)
class OptimizerConfig:
    """Adam for both sides.

    Attributes:
        learning_rate: Base rate. With two time scales the generator and encoder learn at half of it, the discriminator at twice.
        two_time_scales: Whether to do that (TTUR); the paper's comparisons without it use the base rate for both.
        generator_learning_rate: Learning rate of generator and encoder; 0 derives it from the two above.
        discriminator_learning_rate: Learning rate of the discriminator; 0 derives it likewise.
        betas: Betas of Adam; None means (0, 0.9) with two time scales and (0.5, 0.999) without.
        warmup_steps: Number of steps over which all rates grow linearly to those of the schedule; 0 for none.
        clip_norm: Longest that the gradients of generator and encoder together, and those of the discriminator, may be (L2): longer ones
            are scaled down; 0 for no limit.
    """

    learning_rate: float = 2e-4
    two_time_scales: bool = True
    generator_learning_rate: float = 0.0
    discriminator_learning_rate: float = 0.0
    betas: tuple[float, float] | None = None
    warmup_steps: int = 0
    clip_norm: float = 0.0

    def __post_init__(self) -> None:
        for name in ("learning_rate", "generator_learning_rate", "discriminator_learning_rate"):
            check_range(name, getattr(self, name), 0)
        check_range("warmup_steps", self.warmup_steps, 0)
        check_range("clip_norm", self.clip_norm, 0)
        if self.betas is not None and not (len(self.betas) == 2 and all(0 <= beta < 1 for beta in self.betas)):
            raise ConfigError(f"betas is {self.betas!r}", "two numbers from 0 to below 1")

    @property
    def rates(self) -> tuple[float, float]:
        """Learning rates (generator and encoder, discriminator)."""
        factors = (0.5, 2.0) if self.two_time_scales else (1.0, 1.0)
        own = (self.generator_learning_rate, self.discriminator_learning_rate)
        return own[0] or self.learning_rate * factors[0], own[1] or self.learning_rate * factors[1]

    def warmup(self, step: int) -> float:
        """Return the warm-up factor on the learning rates at a step, counted from 0."""
        return min(1.0, (step + 1) / self.warmup_steps) if self.warmup_steps else 1.0

    @property
    def adam_betas(self) -> tuple[float, float]:
        """Effective betas of Adam."""
        return self.betas or ((0.0, 0.9) if self.two_time_scales else (0.5, 0.999))


@dataclass(frozen=True)
class ScheduleConfig:
    """Constant learning rate, then linear decay. Lengths are in the unit of the schedule: epochs, as published, or steps.

    Attributes:
        constant: Length of the constant rate.
        decay: Length of the decay; 0 for none.
        final: Share of the rate at the end of the decay.
        start: Share of the rate at the beginning, where growth is above 1.
        growth: Factor by which the rate grows in one unit, up to the full rate; 1 for no growth. SIMS grows by 1.1 an epoch.
        late_after: Position from which another rate applies; 0 for none.
        late: Share of the rate from there on.
    """

    constant: float
    decay: float = 0.0
    final: float = 0.0
    start: float = 1.0
    growth: float = 1.0
    late_after: float = 0.0
    late: float = 1.0

    def __post_init__(self) -> None:
        check_range("schedule constant", self.constant, 0)
        check_range("schedule decay", self.decay, 0)
        check_range("schedule final", self.final, 0, 1)
        check_range("schedule start", self.start, 0, 1)
        check_range("schedule growth", self.growth, 1, 1000)
        check_range("schedule late_after", self.late_after, 0)
        check_range("schedule late", self.late, 0, 1)

    @property
    def length(self) -> float:
        """Total length of the training."""
        return self.constant + self.decay

    def factor(self, position: float) -> float:
        """Return the factor on the learning rate at a position from 0; with 100 + 100 whole epochs it is 1 / 100 in the last one."""
        if self.late_after and position >= self.late_after:
            share = self.late
        elif self.growth > 1 and self.start < 1:
            # In logarithms, since a power of a late position would overflow.
            share = 1.0 if not self.start else math.exp(min(0.0, math.log(self.start) + position * math.log(self.growth)))
        else:
            share = 1.0
        if position <= self.constant or not self.decay:
            return share
        fallen = min((position - self.constant) / self.decay, 1.0)
        return share * (1.0 - (1.0 - self.final) * fallen)
