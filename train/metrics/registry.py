"""Registry of metrics, and their measurement in one pass over the held-out pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import torch
from torch import Tensor

from spade_studio.train.metrics.context import MetricContext, Renders
from spade_studio.train.metrics.distances import diversity, reconstruction_l1, whole_pictures
from spade_studio.train.metrics.errors import MetricError

Need = Literal["encoder or no style input", "style input", "perceptual network", "feature network"]


class Accumulator(Protocol):
    """Interface of running measurements."""

    def add(self, renders: Renders) -> None:
        """Add a batch."""
        ...

    def value(self) -> float:
        """Return the metric over all pictures so far; NaN where a picture was not finite.

        Raises:
            MetricError: There were too few pictures.
        """
        ...


@dataclass(frozen=True)
class Metric:
    """Description of a metric.

    Attributes:
        name: Name in configurations, events and reports.
        unit: Unit of the values.
        lower_is_better: Whether lower values are better.
        needs: Requirements on the inputs.
        start: Function that starts a measurement.
    """

    name: str
    unit: str
    lower_is_better: bool
    needs: tuple[Need, ...]
    start: Callable[[MetricContext], Accumulator]

    def lacks(self, context: MetricContext) -> tuple[Need, ...]:
        """Return the requirements that the context lacks."""
        has: dict[Need, bool] = {
            "encoder or no style input": context.encode is not None or context.z_width is None,
            "style input": context.z_width is not None,
            "perceptual network": context.perceptual is not None,
            "feature network": context.frechet is not None,
        }
        return tuple(need for need in self.needs if not has[need])

    def is_better(self, value: float, best: float | None) -> bool:
        """Return whether a value is better than the best so far (None for none); NaN never is."""
        if math.isnan(value):
            return False
        if best is None or math.isnan(best):
            return True
        return value < best if self.lower_is_better else value > best


METRICS: Final[dict[str, Metric]] = {}


def _register(
    name: str, unit: str, *needs: Need, lower_is_better: bool
) -> Callable[[Callable[[MetricContext], Accumulator]], Callable[[MetricContext], Accumulator]]:
    def register(start: Callable[[MetricContext], Accumulator]) -> Callable[[MetricContext], Accumulator]:
        METRICS[name] = Metric(name, unit, lower_is_better, needs, start)
        return start

    return register


def measure(names: Iterable[str], context: MetricContext) -> dict[str, float]:
    """Return the metrics of a generator.

    Args:
        names: Names from :data:`METRICS`.
        context: Generator, pictures and evaluation networks; only the generated pictures' statistics of ``frechet`` change.

    Returns:
        Values by name in the given order, without metrics whose requirements are not met; NaN where pictures were not finite.

    Raises:
        MetricError: A name is unknown, or there are too few pictures.
    """
    asked = list(dict.fromkeys(names))
    if unknown := [name for name in asked if name not in METRICS]:
        raise MetricError(f"there is no metric {unknown[0]!r}", f"one of {', '.join(METRICS)}")
    running = {name: METRICS[name].start(context) for name in asked if not METRICS[name].lacks(context)}
    if running:
        with torch.no_grad():
            for batch in context.batches:
                renders = Renders(context, batch)
                for accumulator in running.values():
                    accumulator.add(renders)
    return {name: accumulator.value() for name, accumulator in running.items()}


class _Mean:
    """Mean over all pictures, independent of batching."""

    def __init__(self) -> None:
        self._total, self._count = 0.0, 0

    def count(self, values: Iterable[float]) -> None:
        for value in values:
            self._total += value
            self._count += 1

    def value(self) -> float:
        if not self._count:
            raise MetricError("no picture to measure on", "one at least", "Hold out pictures for validation")
        return self._total / self._count


@_register("reconstruction_l1", "mean absolute difference in [-1, 1]", "encoder or no style input", lower_is_better=True)
class ReconstructionL1(_Mean):
    """Mean absolute difference between photographs and pictures in their styles, in 0..2."""

    def __init__(self, context: MetricContext) -> None:
        super().__init__()
        del context

    def add(self, renders: Renders) -> None:
        """Add a batch."""
        self.count(float(value) for value in reconstruction_l1(renders.reconstruction, renders.photos))


@_register("diversity", "perceptual distance", "style input", "perceptual network", lower_is_better=False)
class Diversity(_Mean):
    """Mean perceptual distance between pictures of one layout in random styles."""

    def __init__(self, context: MetricContext) -> None:
        super().__init__()
        assert context.perceptual is not None
        self._distance, self._styles = whole_pictures(context.perceptual), context.styles

    def add(self, renders: Renders) -> None:
        """Add a batch."""
        pictures: Tensor = torch.stack([renders.styled(number) for number in range(self._styles)], 1).float()
        self.count(diversity(styles, self._distance) for styles in pictures)


@_register("frechet", "Frechet distance", "feature network", lower_is_better=True)
class Frechet:
    """Fréchet distance between pictures in random styles and real ones."""

    def __init__(self, context: MetricContext) -> None:
        assert context.frechet is not None
        self._distance = context.frechet
        self._distance.reset()
        if (count := self._distance.real.count) < 2:
            raise MetricError(f"{self._distance.name} with {count} real pictures", "two at least", "Call FrechetDistance.use_real first")

    def add(self, renders: Renders) -> None:
        """Add a batch."""
        self._distance.update_fake(renders.styled(0))

    def value(self) -> float:
        """Return the distance."""
        return self._distance.compute()
