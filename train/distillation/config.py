"""Configuration of distillations."""

from __future__ import annotations

from dataclasses import dataclass

from spade_studio.engine.errors import ConfigError
from spade_studio.train.config.losses import PerceptualKind
from spade_studio.train.config.plain import check_range, check_types


@dataclass(frozen=True)
class PairsConfig:
    """The pairs of a distillation.

    Attributes:
        count: Number of pairs of an input and the teacher's output.
        crop: Side of the inputs in pixels.
        photos: Share of inputs from photographs, reduced to the size of an upscaler's input; the others are renders.
        seed: Seed of layouts, styles and crops.
    """

    count: int = 1200
    crop: int = 64
    photos: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        check_types(self, "pairs")
        check_range("pairs.count", self.count, 1, 1_000_000)
        check_range("pairs.crop", self.crop, 8, 512)
        check_range("pairs.photos", self.photos, 0, 1)
        check_range("pairs.seed", self.seed, 0)


@dataclass(frozen=True)
class DistillConfig:
    """The training of the student.

    Attributes:
        pairs: Training pairs.
        width: Number of channels of the student's convolutions.
        layers: Number of convolutions between its first and its last.
        steps: Number of training steps.
        batch: Number of pictures per step.
        patch: Side in pixels of the crops of inputs.
        rate: Initial learning rate of Adam, with cosine decay to 0.
        average: Decay of the student's moving average, which is exported.
        perceptual: Weight of the L1 distance between activations of a network trained on photographs, beside that between pixels, which
            counts 1; without effect where no file is given.
        perceptual_file: File of that network.
        perceptual_network: Which network the file holds.
        lattice: Weight of the L1 distance between patterns that repeat from one pixel of the input to the next.
        adversarial: Weight of a discriminator that judges patches of results; 0 for none.
        adversarial_from: Share of the steps after which it applies.
        seed: Seed of initial weights and of the order of samples.
        dtype: Compute type of the student: auto, float32 or bfloat16.
        save_every: Number of steps between checkpoints.
    """

    pairs: PairsConfig = PairsConfig()
    width: int = 48
    layers: int = 16
    steps: int = 6000
    batch: int = 8
    patch: int = 40
    rate: float = 5e-4
    average: float = 0.998
    perceptual: float = 0.5
    perceptual_file: str = ""
    perceptual_network: PerceptualKind = "hed_vgg16"
    lattice: float = 3.0
    adversarial: float = 0.05
    adversarial_from: float = 0.3
    seed: int = 0
    dtype: str = "auto"
    save_every: int = 200

    def __post_init__(self) -> None:
        check_types(self)
        check_range("steps", self.steps, 1, 100_000_000)
        check_range("batch", self.batch, 1, 4096)
        check_range("patch", self.patch, 4, 512)
        check_range("rate", self.rate, 1e-9, 1)
        check_range("average", self.average, 0, 0.999999)
        check_range("perceptual", self.perceptual, 0)
        check_range("lattice", self.lattice, 0)
        check_range("adversarial", self.adversarial, 0)
        check_range("adversarial_from", self.adversarial_from, 0, 1)
        check_range("save_every", self.save_every, 1)
        if self.patch > self.pairs.crop:
            raise ConfigError(f"patch is {self.patch} with pairs.crop {self.pairs.crop}", "at most the crop")
