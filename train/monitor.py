"""Looks at the averaged networks now and then: sample grids and metrics on held-out pictures; on the first rank only.

Nothing that it does changes what is trained: it has random numbers of its own and networks of its own.
"""

from __future__ import annotations

from pathlib import Path

from spade_studio.train.averages import untouched_random_state
from spade_studio.train.datasets import PairDataset
from spade_studio.train.datasets.loading import TrainingSet
from spade_studio.train.events import SamplesWritten
from spade_studio.train.reporter import Reporter, ReportError
from spade_studio.train.run_directory import RunDirectory
from spade_studio.train.samples import SampleGrid, choose_items, write_grid
from spade_studio.train.trainer import Trainer


class Monitor:
    """Looks at a trainer's averages.

    Args:
        trainer: Whose averages are looked at.
        validation: Pictures that are not trained on; nothing is shown without any.
        run: Whose folder gets the grids.
        reporter: Is told.
        best: The best checkpoint so far and its metric, or None.
    """

    def __init__(
        self, trainer: Trainer, validation: PairDataset, run: RunDirectory, reporter: Reporter, best: tuple[Path, float] | None
    ) -> None:
        self.trainer, self.run, self.reporter = trainer, run, reporter
        self._best = None if best is None else best[1]
        self._validation = TrainingSet(validation, trainer.config.geometry, None)
        self._grid: SampleGrid | None = None

    @staticmethod
    def samples_due(trainer: Trainer) -> bool:
        """Whether a sample grid is due after the step just done."""
        every = trainer.config.monitor.sample_every_steps
        return bool(every) and (trainer.step % every == 0 or trainer.step >= trainer.total_steps)

    @staticmethod
    def metrics_due(trainer: Trainer) -> bool:
        """Whether a measurement is due after the step just done."""
        every = trainer.config.monitor.metrics_every_images
        before = trainer.images_seen - trainer.images_in_step
        return bool(every) and (trainer.images_seen // every > before // every or trainer.step >= trainer.total_steps)

    @staticmethod
    def is_due(trainer: Trainer) -> bool:
        """Whether there is anything to do; every rank comes to the same answer."""
        return Monitor.samples_due(trainer) or Monitor.metrics_due(trainer)

    def look(self) -> float | None:
        """Do what is due.

        Returns:
            The value of the metric that decides which checkpoint is best, where it is the best so far.

        Raises:
            ReportError: The run's folder cannot be written.
            DataError: A picture cannot be read.
        """
        if not len(self._validation):
            return None
        with untouched_random_state():
            assert self.trainer.averages is not None
            self.trainer.averages.fit(self.trainer.statistics_batches())
            if self.samples_due(self.trainer):
                self._write_samples()
            return None

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
