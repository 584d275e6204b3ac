"""One step of a distillation: student, discriminator, optimisers and moving average of the student."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.detail.networks import SRVGGNetCompact
from spade_studio.engine.device import choose_dtype
from spade_studio.engine.inference.transfer import to_device
from spade_studio.train.config.losses import PerceptualConfig
from spade_studio.train.distillation.config import DistillConfig
from spade_studio.train.distillation.pairs import Bytes, Pairs
from spade_studio.train.learning.losses import wide
from spade_studio.train.learning.optimizer import all_finite
from spade_studio.train.pretrained.vgg import PerceptualDistance, load_perceptual

_TAPS = (0.1, 0.2, 1.0, 0.0, 0.0)  # of relu1_1 to relu5_1: texture, at a fraction of the whole network's cost
_STRIDE = 8  # of the discriminator; that of the perceptual network divides it
_PERCEPTUAL_SHARE = 0.25  # of a batch: the network costs several times as much as the student


class PatchDiscriminator(nn.Module):
    """Scores patches of an enlarged picture given its input, [N, 6, H, W] to [N, 1, H / 8, W / 8]."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 6
        for factor, stride in ((1, 2), (2, 2), (4, 2), (4, 1)):
            layers += [spectral_norm(nn.Conv2d(channels, width * factor, 3, stride, 1)), nn.LeakyReLU(0.2)]
            channels = width * factor
        layers.append(spectral_norm(nn.Conv2d(channels, 1, 3, 1, 1)))
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor, beside: Tensor) -> Tensor:
        """Return scores, positive for results of the teacher."""
        return self.layers(torch.cat((pictures, beside), 1) * 2 - 1)


@torch.no_grad()
def _pass_through(student: SRVGGNetCompact) -> None:
    """Let a chain pass its input on: colours reach the last convolution at once, which then only has to learn to enlarge them."""
    for layer in student.body:
        if isinstance(layer, nn.Conv2d):
            noise = 0.1 * layer.weight
            nn.init.dirac_(layer.weight)
            layer.weight += noise
        elif isinstance(layer, nn.PReLU):
            layer.weight.fill_(0.5)


class Distiller:
    """The state of a distillation, advanced step by step.

    The samples of a step depend on seed and step number alone, so resumed runs are bitwise reproducible.

    Args:
        config: Configuration.
        pairs: Training pairs.
        device: Device to compute on.
    """

    def __init__(self, config: DistillConfig, pairs: Pairs, device: torch.device) -> None:
        self.config, self._pairs, self._device = config, pairs, device
        self._dtype = choose_dtype(config.dtype, device)
        if device.type == "cuda":
            torch.backends.cudnn.deterministic = True  # else a run that goes on would differ from one that was not interrupted
        with torch.random.fork_rng(devices=[]):  # pyright: ignore[reportUnknownMemberType]
            torch.manual_seed(config.seed)  # pyright: ignore[reportUnknownMemberType]
            self.student = SRVGGNetCompact(CompactConfig(pairs.scale, config.width, config.layers))
            _pass_through(self.student)
            nn.init.zeros_(_last(self.student).weight)  # it begins as the enlargement by repeating pixels
            nn.init.zeros_(_bias(self.student))
            self.discriminator = PatchDiscriminator()
        self.student.to(device)
        self.student.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue, reportUnknownMemberType]
        self.discriminator.to(device)
        self.average = copy.deepcopy(self.student).requires_grad_(False)
        self.perceptual = _perceptual(config, device)
        self._student_optimizer = torch.optim.Adam(self.student.parameters(), config.rate, (0.9, 0.99))
        self._discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), config.rate, (0.5, 0.99))
        self.step = 0
        self.skipped = 0
        """Steps in a row, up to this one, in which student or discriminator were left as they were."""

    def advance(self) -> dict[str, float]:
        """Do one step and return its losses by name.

        If losses or gradients of the student are not finite, neither network is updated; if those of the discriminator, it is not.
        """
        config = self.config
        given, targets = self._batch()
        rate = config.rate * (0.5 + 0.5 * math.cos(math.pi * self.step / config.steps))
        for optimizer in (self._student_optimizer, self._discriminator_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = rate
        judged = config.adversarial > 0 and self.step >= config.adversarial_from * config.steps
        beside = F.interpolate(given, scale_factor=float(self._pairs.scale), mode="bicubic").clamp(0, 1)
        with torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32):
            made = self.student(given)
            losses = {"pixel": F.l1_loss(wide(made), targets)}
            losses["lattice"] = F.l1_loss(lattice(wide(made), self._pairs.scale), lattice(targets, self._pairs.scale))
            total = losses["pixel"] + config.lattice * losses["lattice"]
            # Judges with strides see every place in a block in a way of its own, unless blocks begin anywhere.
            shown, wanted, beside = self._cut(made, targets, beside)
            if self.perceptual is not None:
                losses["perceptual"] = self.perceptual(shown * 2 - 1, wanted * 2 - 1, self.step)
                total = total + config.perceptual * losses["perceptual"]
            if judged:
                losses["adversarial"] = -wide(self.discriminator(shown, beside)).mean()
                total = total + config.adversarial * losses["adversarial"]
        moved = _move(self._student_optimizer, total)
        if moved:
            with torch.no_grad():
                for mean, value in zip(self.average.parameters(), self.student.parameters(), strict=True):
                    mean.lerp_(value, 1 - min(config.average, (1 + self.step) / (10 + self.step)))
            if judged:
                losses["discriminator"], moved = self._judge(shown.detach(), wanted, beside)
        self.step += 1
        self.skipped = 0 if moved else self.skipped + 1
        return {name: float(value.detach()) for name, value in losses.items()}

    def _cut(self, *pictures: Tensor) -> tuple[Tensor, ...]:
        """Return the same part of pictures [N, C, H, W], less than a stride of the judges smaller and begun anywhere within it."""
        top, left = np.random.default_rng((self.config.seed, self.step, 1)).integers(0, _STRIDE, 2)
        height, width = (side - _STRIDE + 1 for side in pictures[0].shape[2:])
        return tuple(picture[:, :, top : top + height, left : left + width] for picture in pictures)

    def _judge(self, made: Tensor, targets: Tensor, beside: Tensor) -> tuple[Tensor, bool]:
        """Move the discriminator; returns its loss and whether it moved."""
        with torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32):
            loss = F.relu(1 - wide(self.discriminator(targets, beside))).mean() + F.relu(1 + wide(self.discriminator(made, beside))).mean()
        return loss.detach(), _move(self._discriminator_optimizer, loss)

    def _batch(self) -> tuple[Tensor, Tensor]:
        """Return random crops of inputs and the same ones of targets, half of them mirrored, in [0, 1]."""
        config, scale = self.config, self._pairs.scale
        random = np.random.default_rng((config.seed, self.step))
        parts: list[tuple[Bytes, Bytes]] = []
        for _ in range(config.batch):
            number = int(random.integers(len(self._pairs.inputs)))
            given: Bytes = self._pairs.inputs[number]
            target: Bytes = self._pairs.targets[number]
            most: int = self._pairs.inputs.shape[2] - config.patch
            top, left = int(random.integers(0, most + 1)), int(random.integers(0, most + 1))
            given = given[:, top : top + config.patch, left : left + config.patch]
            top, left, side = top * scale, left * scale, config.patch * scale
            target = target[:, top : top + side, left : left + side]
            if random.random() < 0.5:
                given, target = given[:, :, ::-1], target[:, :, ::-1]
            parts.append((given, target))
        return self._floats(np.stack([part[0] for part in parts])), self._floats(np.stack([part[1] for part in parts]))

    def _floats(self, values: Bytes) -> Tensor:
        return to_device(values, self._device).to(torch.float32).div_(255).contiguous(memory_format=torch.channels_last)

    def state(self) -> dict[str, Any]:
        """Return the state for a checkpoint: tensors and plain values."""
        return {
            "step": self.step,
            "student": self.student.state_dict(),
            "average": self.average.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "student_optimizer": self._student_optimizer.state_dict(),
            "discriminator_optimizer": self._discriminator_optimizer.state_dict(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore the result of :meth:`state`.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: an invalid state.
        """
        step = state["step"]
        if type(step) is not int or not 0 <= step <= self.config.steps:
            raise ValueError(f"step is {step!r:.50}")
        self.step = step
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        self.discriminator.load_state_dict(state["discriminator"])
        self._student_optimizer.load_state_dict(state["student_optimizer"])
        self._discriminator_optimizer.load_state_dict(state["discriminator_optimizer"])


def _move(optimizer: torch.optim.Optimizer, loss: Tensor) -> bool:
    """Move parameters along the gradients of a loss, and return True, if it and they are finite."""
    if not all_finite([loss.detach()]):
        return False
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # pyright: ignore[reportUnknownMemberType]
    parameters: list[Tensor] = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if not all_finite([parameter.grad for parameter in parameters if parameter.grad is not None]):
        return False
    optimizer.step()  # pyright: ignore[reportUnknownMemberType]
    return True


def lattice(pictures: Tensor, scale: int) -> Tensor:
    """Return the pattern that repeats with each input pixel: for each position in a block, its local mean less that of the block.

    Args:
        pictures: Pictures [N, C, scale H, scale W].
        scale: Side of a block, the output of one input pixel.

    Returns:
        Pattern [N, C, scale^2, H, W].
    """
    means = F.avg_pool2d(F.pixel_unshuffle(pictures, scale), 5, 1, 2, count_include_pad=False)
    places = means.view(means.shape[0], -1, scale * scale, *means.shape[2:])
    return places - places.mean(2, keepdim=True)


def _last(student: SRVGGNetCompact) -> nn.Conv2d:
    layer = student.body[-1]
    assert isinstance(layer, nn.Conv2d)
    return layer


def _bias(student: SRVGGNetCompact) -> Tensor:
    bias = _last(student).bias
    assert bias is not None
    return bias


def _perceptual(config: DistillConfig, device: torch.device) -> PerceptualDistance | None:
    if not config.perceptual or not config.perceptual_file:
        return None
    options = PerceptualConfig(config.perceptual_network, config.perceptual_file, _TAPS, "relative", 0, _PERCEPTUAL_SHARE)
    return load_perceptual(options).to(device)
