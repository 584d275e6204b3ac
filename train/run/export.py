"""Export of a training's generator, encoder and discriminator to files; equal trainings give equal bytes."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from spade_studio.engine.bank.photographs import bank_beside
from spade_studio.engine.errors import AmbiguousWeightsError, WeightsError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.weights import inspect_weights, save_bundle
from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.transforms import output_size
from spade_studio.train.learning.discriminator_file import discriminator_path, save_discriminator
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.run.checkpoints import CheckpointStore
from spade_studio.train.run.data import absent_data, open_run_data
from spade_studio.train.run.directory import RunDirectory, RunError


@dataclass(frozen=True)
class ExportOptions:
    """Options and metadata of an export.

    Attributes:
        name: Name of the weights; empty for the run's name.
        data: Description of the training data, one sentence; empty for number and kind of photographs.
        licence: Terms of use, one sentence.
        with_discriminator: Whether to write the discriminator too, for later trainings.
        half: Whether to store weights in half precision.
        averaged: Whether to export the exponential moving averages instead of the weights of the last step.
        published: Whether to write a folder in the published form: latest_net_G.pth, and so on, with float32 state dicts.
        pictures: Whether training pictures are available for estimating batch statistics.
    """

    name: str = ""
    data: str = ""
    licence: str = ""
    with_discriminator: bool = False
    half: bool = True
    averaged: bool = True
    published: bool = False
    pictures: bool = True


def write_weights(path: Path, trainer: Trainer, run_name: str, options: ExportOptions) -> list[Path]:
    """Write a trainer's weights with fitted batch statistics; first rank only.

    Returns:
        Paths of the files written.

    Raises:
        DataError: Training pictures for batch statistics cannot be read.
        WeightsError: The weights cannot be stored, for example because they are not finite.
        OSError: A file cannot be written.
    """
    generator, encoder = _states(trainer, options)
    dataset, config = trainer.dataset, trainer.generator_config
    if options.published:
        return _write_published(path, {"G": generator, "E": encoder, "D": _discriminator_state(trainer, options)})
    save_bundle(
        path,
        generator_config=config,
        generator=generator,
        channels=dataset.channels,
        encoder_config=trainer.encoder_config,
        encoder=encoder,
        training_size=output_size(trainer.config.geometry) or config.picture_size,
        name=options.name or plain_run_name(run_name),
        steps=trainer.step,
        data=options.data or f"{len(dataset):,} photographs with label maps ({dataset.kind}, labels of {dataset.label_set.name})",
        licence=options.licence or "Not stated",
        averaged=options.averaged,
        half=options.half,
    )
    written = [path, *_place_bank(trainer.config.data.bank, path)]
    _, _, discriminator = trainer.config.network_configs(dataset.channels.semantic_channels)
    if discriminator is not None and (judge := _discriminator_state(trainer, options)) is not None:
        beside = discriminator_path(path)
        save_discriminator(beside, discriminator, judge)
        written.append(beside)
    return written


def _states(trainer: Trainer, options: ExportOptions) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
    """Return the state dicts of generator and encoder to export."""
    if not options.averaged:
        return _live_states(trainer, pictures=options.pictures)
    if options.pictures:
        return trainer.fit_averages().weights()
    assert trainer.averages is not None, "exports are written by the first rank"
    trainer.averages.fit(None)
    return trainer.averages.weights()


def _live_states(trainer: Trainer, *, pictures: bool) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
    """Return the state dicts of the networks in training, in style coordinates as those of the averages."""
    generator, encoder = trainer.generator.state_dict(), trainer.encoder
    if encoder is None:
        return generator, None
    training = encoder.training
    encoder.eval()  # in training mode spectral norms would change
    space = trainer.statistics_batches(live=True).style_space() if pictures else None
    encoder.train(training)
    state = encoder.state_dict()
    return (generator, state) if space is None else (space.generator_state(generator), space.encoder_state(state))


def _discriminator_state(trainer: Trainer, options: ExportOptions) -> dict[str, Tensor] | None:
    wanted = options.with_discriminator and trainer.discriminator is not None
    return trainer.discriminator.state_dict() if wanted and trainer.discriminator is not None else None


def _write_published(folder: Path, states: Mapping[str, Mapping[str, Tensor] | None]) -> list[Path]:
    """Write state dicts under the names of the published code.

    Raises:
        WeightsError: The published code lacks these networks, or the weights are not finite.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as held:
        made: list[Path] = []
        for letter, state in states.items():
            if state is not None:
                made.append(Path(held) / f"latest_net_{letter}.pth")
                torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}, made[-1])
        try:
            with suppress(AmbiguousWeightsError):  # the networks exist, and readers specify which
                inspect_weights(Path(held))
        except WeightsError as error:
            found = f"the published form cannot hold these weights: {error.found}"
            raise WeightsError(found, error.expected, "Export without --published") from error
        folder.mkdir(exist_ok=True)
        return [path.replace(folder / path.name) for path in made]


def _place_bank(bank: str, weights: Path) -> list[Path]:
    """Place the memory bank beside the weights under their name, as a hard link where possible, else as a copy."""
    if not bank or not Path(bank).is_file():
        return []
    place = bank_beside(weights)
    if place.exists() and place.samefile(bank):
        return [place]
    place.unlink(missing_ok=True)
    try:
        place.hardlink_to(bank)
    except OSError:  # another file system, or one without hard links
        with Path(bank).open("rb") as source, atomic_writer(place) as file:
            shutil.copyfileobj(source, file)
    return [place]


def plain_run_name(folder: str) -> str:
    """Return a run's name without its number, so that equal runs give equal files."""
    return re.sub(r"^[0-9]{5,}-", "", folder)


def export_run(
    run: RunDirectory, path: Path, options: ExportOptions, *, best: bool = False, step: int | None = None, device: str = "cpu"
) -> tuple[list[Path], int, list[str]]:
    """Write the weights of a run's newest or best checkpoint, or of that of a step, also while the run is training.

    Returns:
        Paths of the files written, number of steps done, and notes for the user.

    Raises:
        RunError: The run has no such checkpoint.
        CheckpointError: The checkpoint cannot be read.
        DataError, WeightsError, OSError: See :func:`write_weights`.
    """
    from spade_studio.engine.device import choose_device

    config = run.config()
    store = CheckpointStore(run.checkpoints_path, config.keep_checkpoints)
    notes: list[str] = []
    if options.published and (options.name or options.data or options.licence):
        notes.append("The published form has no place for --name, --data-description and --licence: they are not in it.")
    if step is not None:
        checkpoint = store.read_step(step)
    elif best:
        checkpoint = store.read_best()
    else:
        checkpoint, words = store.read_newest()
        notes += words
    if checkpoint is None and step is not None:
        there = ", ".join(f"{file.step:,}" for file in reversed(store.files()))
        raise RunError(f"{run.path.name} has no checkpoint of step {step:,}", f"one of {there}" if there else "a run with checkpoints")
    if checkpoint is None:
        raise RunError(
            f"{run.path.name} has no {'best checkpoint' if best else 'checkpoint'} yet",
            "one",
            "Wait until it has measured its networks" if best else "Wait until it has written one, or stop it, which writes one",
        )
    try:
        data = open_run_data(config, anew=False).training
    except DataError as error:
        data = absent_data(config.data.path, checkpoint.parts)
        options = dataclasses.replace(options, pictures=False)
        notes.append(f"Without the training data ({error.found}) the batch statistics are those that training has kept.")
        if config.losses.chance_styles == "photographs":
            notes.append("Styles drawn by chance will be less like those of photographs than in an export with the data.")
    trainer = Trainer(config, data, Ranks(0, 1, choose_device(device)), anew=False)
    trainer.load_state_dict(checkpoint.step, dict(checkpoint.parts))
    return write_weights(path, trainer, run.path.name, options), checkpoint.step, notes
