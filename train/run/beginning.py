"""Start of a run on all ranks: choosing the checkpoint, comparing and checking the data, loading frozen networks."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.check import check_dataset
from spade_studio.train.datasets.fingerprint import compare, fingerprint, of_checkpoint
from spade_studio.train.learning.content import ContentLoss, load_content
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.pretrained.vgg import PerceptualDistance, load_perceptual
from spade_studio.train.run.checkpoints import Checkpoint, CheckpointError, CheckpointStore
from spade_studio.train.run.data import RunData
from spade_studio.train.run.directory import RunDirectory, RunError
from spade_studio.train.run.reporter import Reporter

# Options that may change in config.json before a resume; of these, only schedule and renormalisation affect what a step computes.
_CHANGEABLE: Final = (
    "data.path",
    "data.workers",
    "data.skip",  # its effect is compared separately
    "data.most_unreadable",
    "data.cache",
    "compute.device",
    "compute.processes_per_node",
    "schedule",
    "monitor",
    "log_every_steps",
    "checkpoint_every_steps",
    "keep_checkpoints",
    "statistics_images",
    "renormalize_after",
    # Paths of files, whose contents are compared separately or were read at the start of the run.
    "data.scenes",
    "losses.perceptual.file",
    "losses.content.file",
    "data.bank",
    "projected.file",
    "labels.label_set",
    "initial.weights",
    "initial.label_set",
)


@dataclass(frozen=True)
class Beginning:
    """Start of a run, on one rank.

    Attributes:
        run: Folder of the run.
        config: Configuration of the run.
        ranks: Ranks of the training.
        store: Checkpoints of the run.
        reporter: Destination of events on the first rank; None on the others.
        accept_data_change: Whether to resume with pictures other than those of the checkpoint.
    """

    run: RunDirectory
    config: TrainConfig
    ranks: Ranks
    store: CheckpointStore
    reporter: Reporter | None
    accept_data_change: bool = False

    def newest_checkpoint(self) -> tuple[Checkpoint | None, list[str]]:
        """Return the checkpoint to resume from, the same on every rank, and notes for the user.

        The first rank chooses the checkpoint and every rank reads it from the disk.

        Raises:
            CheckpointError: A rank cannot read the checkpoint.
            RunError: An option was changed that must not change within a run.
        """
        checkpoint: Checkpoint | None = None
        notes: list[str] = []
        mark, problem = "", ""
        try:
            if self.ranks.is_first:
                checkpoint, notes = self.store.read_newest()
                mark = "" if checkpoint is None else self.store.mark(checkpoint.step)
        except (CheckpointError, OSError) as error:
            problem = str(error)
        step, mark, notes, problem = self.ranks.from_first((-1 if checkpoint is None else checkpoint.step, mark, notes, problem))
        try:
            if mark and not self.ranks.is_first:
                checkpoint = self.store.read_same(step, mark)
        except CheckpointError as error:
            problem = str(error)
        problem = self.ranks.from_first(next((words for words in self.ranks.gather(problem) if words), ""))
        if problem:
            raise CheckpointError(problem)
        if checkpoint is not None:
            if self.reporter is not None:
                self.reporter.step = checkpoint.step  # step reported by failures before the first step
            changed = checkpoint.config.differences(self.config)
            if refused := [name for name in changed if not name.startswith(_CHANGEABLE)]:
                before, now = changed[refused[0]]
                raise RunError(
                    f"config.json has {refused[0]} {now!r}, and the run was trained with {before!r}",
                    f"the same ({', '.join(_CHANGEABLE)} may change)",
                    "Put it back, or start a new run with --init-from",
                )
            notes = [*notes, *(f"{name} is now {now!r}; it was {before!r}." for name, (before, now) in changed.items())]
        return checkpoint, notes

    def compare_data(self, data: RunData, checkpoint: Checkpoint | None) -> tuple[dict[str, str], list[str]]:
        """Compare the data with that of the checkpoint, on the first rank for all.

        Returns:
            Fingerprint of the data (empty on other ranks), and notes for the user.

        Raises:
            DataError: The checkpoint was trained on other data.
        """
        state: dict[str, str] = {}
        told = ("", "", "", "")
        if self.ranks.is_first:
            now = fingerprint(data.training)
            state = now.to_state()
            before = of_checkpoint({} if checkpoint is None else checkpoint.parts)
            try:
                told = (compare(before, now, data.training.source.where, accepted=self.accept_data_change), "", "", "")
            except DataError as error:
                told = ("", error.found, error.expected, error.action)
        note, found, expected, action = self.ranks.from_first(told)
        if found:
            raise DataError(found, expected, action)
        return state, [words for words in (data.words, note) if words]

    def check_data(self, data: RunData) -> None:
        """Check a part of the data on the first rank; every rank raises an error where it is unusable."""
        problem = ""
        for dataset in (data.training, data.validation) if self.ranks.is_first else ():
            if len(dataset) or dataset is data.training:
                report = check_dataset(dataset, quick=True)
                with suppress(OSError):
                    self.run.append_log(report.to_text())
                problem = problem or (report.problems[0].message if report.problems else "")
        problem = self.ranks.from_first(problem)
        if problem:
            raise DataError(f"the data cannot be trained on: {problem.rstrip('.')}", "", "spade-train check lists all that is wrong")

    def frozen_networks(self) -> tuple[PerceptualDistance | None, ContentLoss | None]:
        """Load perceptual distance and content loss; the first rank first, since files may have to be downloaded."""
        losses = self.config.losses

        def load() -> tuple[PerceptualDistance | None, ContentLoss | None]:
            perceptual = load_perceptual(losses.perceptual) if losses.uses_perceptual_network else None
            return perceptual, load_content(losses.content) if losses.content.weight else None

        first = load() if self.ranks.is_first else None
        self.ranks.wait_for_all()
        perceptual, content = first or load()
        if self.reporter is not None and perceptual is not None:
            self.run.append_log(f"Perceptual network {perceptual.config.network}: {', '.join(map(str, perceptual.taps))}")
        if self.reporter is not None and content is not None:
            factors = ", ".join(f"{factor:g}" for factor in content.config.level_factors)
            self.run.append_log(f"Content loss by {content.config.network}, {content.config.scale}, factors {factors}")
        return perceptual, content
