"""Adam with two time-scale update rule (TTUR), learning-rate schedule, and updates that skip non-finite gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from spade_studio.train.config.losses import OptimizerConfig

_HOPELESS_SCALE = 2.0**-10  # loss scale below which infinite gradients count as non-finite


def all_finite(tensors: Sequence[Tensor]) -> Tensor:
    """Return whether the L2 norm of all tensors together is finite, bool [] on their device."""
    return torch.nn.utils.get_total_norm(tensors).isfinite()


class Side:
    """One side of the adversarial game: the parameters of one Adam optimiser.

    Args:
        networks: Generator and encoder, or discriminator.
        learning_rate: Base learning rate, before the schedule.
        betas: Decay rates of Adam's moments.
        clip_norm: Maximum L2 norm of all gradients together; 0 for no clipping.
    """

    def __init__(
        self, networks: Iterable[nn.Module], learning_rate: float, betas: tuple[float, float], *, clip_norm: float = 0.0
    ) -> None:
        self.parameters = [parameter for network in networks for parameter in network.parameters()]
        self.learning_rate, self.clip_norm = learning_rate, clip_norm
        self.adam = torch.optim.Adam(self.parameters, lr=learning_rate, betas=betas, fused=True)

    def set_factor(self, factor: float) -> None:
        """Set the factor on the base learning rate for the next updates (:meth:`ScheduleConfig.factor`)."""
        for group in self.adam.param_groups:
            group["lr"] = self.learning_rate * factor

    @property
    def current_rate(self) -> float:
        """Learning rate of the next update."""
        return float(self.adam.param_groups[0]["lr"])

    def zero_gradients(self) -> None:
        """Reset the accumulated gradients."""
        self.adam.zero_grad(set_to_none=True)

    def gradients(self) -> list[Tensor]:
        """Return the accumulated gradients in the order of the parameters, without those that have none."""
        return [parameter.grad for parameter in self.parameters if parameter.grad is not None]

    def update(self, scaler: torch.amp.GradScaler, loss: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Update the parameters with the accumulated gradients, clipped to ``clip_norm``.

        Without gradient scaling the decision is made on the device, without synchronisation.

        Args:
            scaler: Gradient scaler, possibly disabled; the caller calls its ``update``.
            loss: Unscaled loss of these gradients.
            allowed: Additional condition for the update, bool [].

        Returns:
            Whether loss and gradients were finite and the update was allowed, bool []; otherwise parameters are unchanged. While a gradient
            scaler lowers its scale, non-finite gradients are skipped by the scaler and do not count.
        """
        scaler.unscale_(self.adam)
        searching = scaler.is_enabled() and scaler.get_scale() >= _HOPELESS_SCALE
        finite = loss.isfinite()
        gradients = [] if searching and not self.clip_norm else self.gradients()
        if gradients:
            norm = torch.nn.utils.get_total_norm(gradients)
            if not searching:
                finite = finite & norm.isfinite()
            if self.clip_norm:
                torch.nn.utils.clip_grads_with_norm_(self.parameters, self.clip_norm, norm)
        if allowed is not None:
            finite = finite & allowed
        if scaler.is_enabled():
            if finite:
                scaler.step(self.adam)
            return finite
        self.adam.found_inf = (~finite).to(torch.float32)  # pyright: ignore[reportAttributeAccessIssue] - what fused updates ask
        self.adam.step()  # pyright: ignore[reportUnknownMemberType]
        return finite

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of any of torch's Adam implementations; moments may have any memory format."""
        groups = [{**group, "fused": True, "foreach": None} for group in state["param_groups"]]
        self.adam.load_state_dict({**state, "param_groups": groups})
        for parameter, own in self.adam.state.items():  # fused updates assume the memory format of the parameter
            for name in ("exp_avg", "exp_avg_sq"):
                own[name] = torch.empty_like(parameter).copy_(own[name]) if own[name].stride() != parameter.stride() else own[name]


class Optimizers:
    """Optimisers of both sides, and their shared gradient scaler.

    Args:
        generator: Generator; the first side together with the encoder.
        encoder: Encoder; None for networks without one.
        discriminator: Discriminator, the other side; None for training without one.
        config: Learning rates, betas and clipping.
        scale_gradients: Whether to use gradient scaling, as needed for float16.
        device: Device type of the gradient scaler.
    """

    def __init__(
        self,
        generator: nn.Module,
        encoder: nn.Module | None,
        discriminator: nn.Module | None,
        config: OptimizerConfig,
        *,
        scale_gradients: bool = False,
        device: str = "cpu",
    ) -> None:
        generator_rate, discriminator_rate = config.rates
        first = [generator] if encoder is None else [generator, encoder]
        betas, longest = config.adam_betas, config.clip_norm
        self.generator = Side(first, generator_rate, betas, clip_norm=longest)
        self.discriminator = None if discriminator is None else Side([discriminator], discriminator_rate, betas, clip_norm=longest)
        self.scaler = torch.amp.GradScaler(device, enabled=scale_gradients)

    def set_factor(self, factor: float) -> None:
        """Set the factor on the learning rates of both sides."""
        for side in (self.generator, self.discriminator):
            if side is not None:
                side.set_factor(factor)

    @property
    def rates(self) -> tuple[float, float]:
        """Learning rates of the next updates: generator and encoder, then discriminator (0 without one)."""
        return self.generator.current_rate, 0.0 if self.discriminator is None else self.discriminator.current_rate

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {
            "generator": self.generator.adam.state_dict(),
            "discriminator": None if self.discriminator is None else self.discriminator.adam.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that :meth:`state_dict` returned."""
        self.generator.load_state_dict(state["generator"])
        if self.discriminator is not None:
            self.discriminator.load_state_dict(state["discriminator"])
        if self.scaler.is_enabled() and state["scaler"]:  # empty for trainings without gradient scaling
            self.scaler.load_state_dict(state["scaler"])
