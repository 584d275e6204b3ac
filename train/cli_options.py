"""What ``spade-train`` can be told: one dataclass a command, from which tyro derives command line and help.

Nothing here knows torch, so that help is quick; :mod:`spade_studio.train.cli` does what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from spade_studio.train.config import TrainConfig
from spade_studio.train.console import ConsoleMode
from spade_studio.train.presets import PRESETS

DataPath = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
RunPath = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
PresetName = Literal["coco-stuff", "ade20k", "ade20k-outdoor", "cityscapes", "flickr-landscapes", "compact", "tiny"]
assert set(PRESETS) == set(PresetName.__args__)


@dataclass(frozen=True)
class New:
    """Start a training run in a new numbered folder.

    Attributes:
        data_path: Photographs with label maps: a folder or zip with images/ and labels/, or the folder of a published data set.
        preset: The configuration to start from; every option below changes one value of it.
        runs: The folder in which the run's own folder is made.
        name: What to call the run; the preset's name where empty.
        steps: Train for so many steps, the shape of the schedule kept.
        epochs: Train for so many passes through the data, the shape of the schedule kept.
        nproc_per_node: Processes on this machine, each with a share of every batch; started through torchrun.
        max_restarts: How often processes that failed are started again, from the last checkpoint.
        init_from: Weights to start from: a bundle, a published folder or a .pth. Labels are carried over by name.
        device: auto, cpu, cuda, cuda:N or mps.
        architecture: A generator of the paper's tables with the losses and rates that belong to it; options below still win.
        dry_run: Say what would be trained, with parameters, steps and memory, and make nothing.
        create_only: Make the run's folder and print its path; train later with resume.
        console: How to tell of progress: a live line, plain lines, or failures only.
        config: All other options.
    """

    data_path: DataPath
    preset: PresetName = "compact"
    runs: Path = Path("runs")
    name: str = ""
    steps: int | None = None
    epochs: float | None = None
    nproc_per_node: int | None = None
    max_restarts: int = 0
    init_from: Path | None = None
    device: str | None = None
    architecture: str | None = None
    dry_run: bool = False
    create_only: bool = False
    console: ConsoleMode = "auto"
    config: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)


@dataclass(frozen=True)
class Resume:
    """Go on with a run from its newest checkpoint, or from the beginning where it has none.

    Attributes:
        run: The run's folder.
        nproc_per_node: Processes on this machine; as before where not given. Only with as many as before are results the same to the bit.
        max_restarts: How often processes that failed are started again, from the last checkpoint.
        device: In place of the configuration's.
        console: How to tell of progress: a live line, plain lines, or failures only.
    """

    run: RunPath
    nproc_per_node: int | None = None
    max_restarts: int = 0
    device: str = ""
    console: ConsoleMode = "auto"


@dataclass(frozen=True)
class Stop:
    """Ask a run to save a checkpoint and end after the step at hand.

    Attributes:
        run: The run's folder.
        wait: Return when it has ended.
    """

    run: RunPath
    wait: bool = False


@dataclass(frozen=True)
class Export:
    """Write a run's weights as a file that SPADE Studio and spade-render open; the run may be training meanwhile.

    Attributes:
        run: The run's folder.
        output: The file; weights.safetensors in the run's folder where not given.
        best: Take the best checkpoint in place of the newest.
        with_discriminator: Write the discriminator beside, so that a later run can go on with it (--init-from).
        name: What to call the weights; the run's name where empty.
        data_description: What they were trained on, in a sentence.
        licence: Under which terms they may be used, in a sentence.
        full_precision: Store float32 in place of half precision.
        device: Where batch statistics are estimated: auto, cpu, cuda, cuda:N or mps.
    """

    run: RunPath
    output: Path | None = None
    best: bool = False
    with_discriminator: bool = False
    name: str = ""
    data_description: str = ""
    licence: str = ""
    full_precision: bool = False
    device: str = "auto"


@dataclass(frozen=True)
class Check:
    """Read all of the training data and report what is wrong with it; exit code 1 where it cannot be trained on.

    Attributes:
        data_path: A folder or zip with images/ and labels/, or the folder of a published data set.
        kind: What it is: auto, folder, coco_stuff, ade20k, ade20k_outdoor or cityscapes.
        split: Which part of a published data set.
        preset: Check for the labels of this configuration.
        label_set: coco_stuff, ade20k, cityscapes or a JSON file, in place of the data's own.
        quick: Read 200 samples only.
        json: Print JSON in place of text.
    """

    data_path: DataPath
    kind: str = "auto"
    split: Literal["train", "validation"] = "train"
    preset: PresetName | None = None
    label_set: str = ""
    quick: bool = False
    json: bool = False


@dataclass(frozen=True)
class Label:
    """Make label maps for photographs with a segmentation model of Hugging Face transformers.

    Attributes:
        photos: A folder of photographs, or one with such a folder named images.
        model: A folder with a model, or its name on the hub.
        output: Where the maps go; labels beside the photographs where not given.
        label_set: What to write: auto for the built-in set that knows the model's classes, model for the model's own, a name or JSON file.
        device: auto, cpu, cuda, cuda:N or mps.
        overwrite: Make maps again that are there already.
    """

    photos: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PHOTOS")]
    model: str
    output: Path | None = None
    label_set: str = "auto"
    device: str = "auto"
    overwrite: bool = False


@dataclass(frozen=True)
class Prepare:
    """Make what a published data set lacks: the instance maps of COCO-Stuff, from COCO's annotations.

    Attributes:
        dataset: Which data set.
        folder: Where it lies.
        split: Which part.
        annotations: COCO's instances_train2017.json; looked for in annotations/ where not given.
        overwrite: Make maps again that are there already.
    """

    dataset: Annotated[Literal["coco"], tyro.conf.Positional]
    folder: Annotated[Path, tyro.conf.Positional]
    split: Literal["train", "validation"] = "train"
    annotations: Path | None = None
    overwrite: bool = False


Command = New | Resume | Stop | Export | Check | Label | Prepare

COMMANDS: dict[str, tuple[type[Command], str]] = {
    "new": (New, "start a training run"),
    "resume": (Resume, "go on with a run"),
    "stop": (Stop, "ask a run to save and end"),
    "export": (Export, "write a run's weights for the application"),
    "check": (Check, "read training data and report what is wrong"),
    "label": (Label, "make label maps for photographs"),
    "prepare": (Prepare, "make what a published data set lacks"),
}
