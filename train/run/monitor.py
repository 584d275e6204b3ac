"""Monitoring of the averaged networks on the first rank: sample grids and metrics on held-out pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spade_studio.train.datasets import PairDataset
from spade_studio.train.datasets.loading import Batch, TrainingSet
from spade_studio.train.datasets.transforms import output_size
from spade_studio.train.learning.averages import AveragedNetworks, fixed_batches, untouched_random_state
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.metrics import METRICS, FrechetDistance, MetricContext, RealCache, measure
from spade_studio.train.pretrained.features import load_features
from spade_studio.train.run.checkpoints import BestCheckpoint
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.events import MetricsMeasured, SamplesWritten, Warned, finite_or_none
from spade_studio.train.run.reporter import Reporter, ReportError
from spade_studio.train.run.samples import SampleGrid, choose_items, write_grid

_AT_ONCE = 16  # pictures per batch


class Monitor:
    """Periodic sample grids and metrics of a trainer's averaged networks.

    Args:
        trainer: Trainer of the networks.
        validation: Held-out pictures; none disables monitoring.
        run: Folder of the run, for the grids.
        reporter: Destination of events.
        best: Best checkpoint so far, or None.

    Raises:
        MetricError: The configured feature network is unusable, or there are too few held-out pictures for it.
        WeightsError: The file of the feature network cannot be read.
        DataError: A held-out picture cannot be read.
    """

    def __init__(
        self, trainer: Trainer, validation: PairDataset, run: RunDirectory, reporter: Reporter, best: BestCheckpoint | None
    ) -> None:
        self.trainer, self.run, self.reporter = trainer, run, reporter
        self._best = None if best is None else best.value
        self._validation = TrainingSet(
            validation, trainer.config.geometry, None, multiple=trainer.generator_config.stride, canvases=trainer.canvases
        )
        self._grid: SampleGrid | None = None
        self._frechet = self._frechet_distance() if len(validation) else None
        if not len(validation) and (trainer.config.monitor.sample_every_steps or trainer.config.monitor.metrics_every_images):
            reporter.tell(Warned(trainer.step, "No pictures are held out (data.validation): there are no sample grids and no metrics."))

    @staticmethod
    def samples_due(trainer: Trainer) -> bool:
        """Return whether a sample grid is due after the last step."""
        every = trainer.config.monitor.sample_every_steps
        return bool(every) and (trainer.step % every == 0 or trainer.step >= trainer.total_steps)

    @staticmethod
    def metrics_due(trainer: Trainer) -> bool:
        """Return whether a measurement is due after the last step."""
        every = trainer.config.monitor.metrics_every_images
        before = trainer.images_seen - trainer.images_in_step
        return bool(every) and (trainer.images_seen // every > before // every or trainer.step >= trainer.total_steps)

    @staticmethod
    def is_due(trainer: Trainer) -> bool:
        """Return whether a sample grid or a measurement is due, the same on every rank."""
        return Monitor.samples_due(trainer) or Monitor.metrics_due(trainer)

    def look(self) -> float | None:
        """Write the sample grid and measure the metrics that are due.

        Returns:
            Value of the metric that decides the best checkpoint, if it is the best so far; else None.

        Raises:
            ReportError: The run's folder cannot be written.
            DataError: A picture cannot be read.
        """
        if not len(self._validation):
            return None
        with untouched_random_state(self.trainer.ranks.device):
            averages = self.trainer.fit_averages()
            if self.samples_due(self.trainer):
                self._write_samples()
            return self._measure(averages) if self.metrics_due(self.trainer) else None

    def _write_samples(self) -> None:
        trainer, averages = self.trainer, self.trainer.averages
        assert averages is not None
        if self._grid is None:
            items = choose_items(self._validation, trainer.collate, trainer.config.monitor.sample_rows, trainer.ranks.device)
            self._grid = SampleGrid(items, trainer.dataset.channels, trainer.config.seed, trainer.z_width)
        pixels = self._grid.render(averages.generate, averages.encode)
        path = self.run.samples_path / f"step_{trainer.step:08}.png"
        try:
            write_grid(path, pixels)
        except OSError as error:
            raise ReportError(f"{path} cannot be written: {error.strerror or error}", "", "Make room, then resume the run") from error
        self.reporter.tell(SamplesWritten(trainer.step, path.name))
        self.reporter.picture(trainer.step, pixels)

    def _held_out(self) -> Iterator[Batch]:
        """Yield batches of the pictures for metrics, evenly spaced among the held-out ones."""
        trainer, total = self.trainer, len(self._validation)
        count = min(trainer.config.monitor.metric_images, total)
        size = 1 if output_size(trainer.config.geometry) is None else _AT_ONCE
        for start in range(0, count, size):
            places = [(2 * number + 1) * total // (2 * count) for number in range(start, min(start + size, count))]
            yield from fixed_batches(self._validation, trainer.collate, places, size, trainer.ranks.device)

    def _measure(self, averages: AveragedNetworks) -> float | None:
        trainer = self.trainer
        context = MetricContext(
            render=averages.generate,
            batches=self._held_out(),
            encode=None if averages.encoder is None else averages.encode,
            z_width=trainer.z_width,
            perceptual=trainer.networks.perceptual,
            frechet=self._frechet,
            seed=trainer.config.seed,
        )
        values = measure(METRICS, context)
        name = trainer.config.monitor.best_metric
        value = values.get(name)
        best = value is not None and not trainer.skipped and METRICS[name].is_better(value, self._best)
        shown = {self._frechet.name if key == "frechet" and self._frechet else key: number for key, number in values.items()}
        self.reporter.tell(MetricsMeasured(trainer.step, finite_or_none(shown), best))
        if not best:
            return None
        self._best = value
        return value

    def _frechet_distance(self) -> FrechetDistance | None:
        """Load the feature network, and the statistics of real pictures cached in the run's folder."""
        trainer, path = self.trainer, self.trainer.config.monitor.frechet_network
        if not path:
            return None
        distance = FrechetDistance(load_features(Path(path)).to(trainer.ranks.device))
        names = ",".join(self._validation.dataset.name(index) for index in range(len(self._validation)))
        of = f"{trainer.config.geometry} {trainer.config.monitor.metric_images} {names}"
        cache = RealCache(self.run.path / "real_features.safetensors", of, *trainer.generator_config.picture_size)
        distance.use_real((batch.photos for batch in self._held_out()), cache)
        return distance
