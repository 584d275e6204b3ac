"""The options of ``spade-train``: one dataclass per command, from which tyro derives command line and help."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from tyro.constructors import PrimitiveConstructorSpec

from spade_studio.train.config.run import TrainConfig
from spade_studio.train.distillation.config import DistillConfig
from spade_studio.train.run.console import ConsoleMode

PresetName = Literal["coco-stuff", "ade20k", "ade20k-outdoor", "cityscapes", "flickr-landscapes", "landscapes", "compact", "tiny"]
"""Names of :data:`spade_studio.train.config.presets.PRESETS`."""
DatasetKind = Literal["auto", "folder", "coco_stuff", "ade20k", "ade20k_outdoor", "cityscapes"]
"""``auto`` and the names of :data:`spade_studio.train.datasets.DATASET_KINDS`."""


def option(metavar: str, read: Callable[[str], Any]) -> PrimitiveConstructorSpec[Any]:
    """Return a tyro constructor that reads a value from a word; a ValueError is reported as wrong usage."""
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=lambda words: read(words[0]),
        is_instance=lambda value: value is None or isinstance(value, (int, float, str)),
        str_from_instance=lambda value: [str(value)],
    )


def read_size(word: str) -> tuple[int, int]:
    """Return (height, width) of a word such as 256x128 (width first).

    Raises:
        ValueError: another format.
    """
    match = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", word)
    if match is None or "0" in (match[1], match[2]):
        raise ValueError(f"{word!r} is no size: give WIDTHxHEIGHT, for example 256x256")
    return int(match[2]), int(match[1])


def whole_number(low: int) -> PrimitiveConstructorSpec[Any]:
    """Return a tyro constructor of integers from ``low`` up."""

    def read(word: str) -> int:
        if not re.fullmatch("[0-9]{1,15}", word) or int(word) < low:
            raise ValueError(f"{word!r} is not a whole number from {low} up")
        return int(word)

    return option("N", read)


def _read_length(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 < value < 1e15:
        raise ValueError(f"{word!r} is not a number above 0")
    return value


def _read_device(word: str) -> str:
    if not re.fullmatch("auto|cpu|cuda|cuda:[0-9]{1,3}|mps", word):
        raise ValueError(f"{word!r} is no device: give auto, cpu, cuda, cuda:N or mps")
    return word


def _default_words(default: str) -> str:
    """Return the default as shown in the help, empty where it means "not given"."""
    return "" if default in ("None", "False", "", "''") else f"(default: {default})"


def shown(metavar: str | None = None) -> Any:
    """Return a tyro annotation that shows an option with a given metavar and without a default that means "not given"."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=_default_words)


DataPath = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DATA")]
RunPath = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
Folder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
File = Annotated[Path | None, shown("FILE")]
Text = Annotated[str, shown("TEXT")]
Flag = Annotated[bool, tyro.conf.FlagCreatePairsOff, shown()]
Device = Annotated[str, option("D", _read_device), shown()]
Processes = Annotated[int | None, whole_number(1), shown()]
Restarts = Annotated[int, whole_number(0), shown()]
Steps = Annotated[int | None, whole_number(1), shown()]
Minutes = Annotated[float | None, option("N", _read_length), shown()]
Epochs = Annotated[float | None, option("N", _read_length), shown()]


@dataclass(frozen=True)
class New:
    """Start a training run in a new numbered folder.

    Attributes:
        data_path: Photographs with label maps: a folder or zip with images/ and labels/, or the folder of a published data set.
        preset: The configuration to start from; every option below changes one value of it.
        config_file: JSON, such as the config.json of a run, TOML or YAML: values over those of the preset or fork; options win.
        fork: A run to go on from: with its configuration in place of a preset's, its newest checkpoint and its optimisers' state, under
            the options given here. Steps count from its beginning.
        runs: The folder in which the run's own folder is made.
        name: What to call the run; by its preset where not given.
        steps: Train for so many steps, the shape of the schedule kept.
        epochs: Train for so many passes through the data, the shape of the schedule kept.
        nproc_per_node: Processes on this machine, each with a share of every batch; started through torchrun.
        max_restarts: How often processes that failed are started again, from the last checkpoint.
        init_from: Weights to start from: a bundle, a published folder or a .pth. Labels are carried over by name.
        device: auto, cpu, cuda, cuda:N or mps; that of the preset where not given.
        minutes: Save and end after so many minutes; resume goes on.
        architecture: A generator of the paper's tables (listed above) with the losses and rates that belong to it; options below still
            win.
        dry_run: Say what would be trained, with parameters, steps, memory and time by counted operations, and make nothing.
        measure: With dry_run, measure memory and time by real steps: minutes for large networks.
        create_only: Make the run's folder and print its path; train later with resume.
        console: How to tell of progress: a live line, plain lines, or failures only.
        config: All other options.
    """

    data_path: DataPath
    preset: PresetName = "landscapes"
    config_file: Annotated[Path | None, tyro.conf.arg(name="config", metavar="FILE", help_behavior_hint=_default_words)] = None
    fork: Annotated[Path | None, shown("RUN")] = None
    runs: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("runs")
    name: Text = ""
    steps: Steps = None
    epochs: Epochs = None
    nproc_per_node: Processes = None
    max_restarts: Restarts = 0
    init_from: File = None
    device: Device = ""
    minutes: Minutes = None
    architecture: Annotated[str | None, shown("NAME")] = None
    dry_run: Flag = False
    measure: Flag = False
    create_only: Flag = False
    console: ConsoleMode = "auto"
    config: Annotated[TrainConfig, tyro.conf.arg(name="")] = field(default_factory=TrainConfig)


@dataclass(frozen=True)
class Resume:
    """Go on with a run from its newest checkpoint, or from the beginning where it has none.

    Attributes:
        run: The run's folder.
        nproc_per_node: Processes on this machine; as before where not given. Only with as many as before are results the same to the bit.
        max_restarts: How often processes that failed are started again, from the last checkpoint.
        device: auto, cpu, cuda, cuda:N or mps; the configuration's where not given.
        minutes: Save and end after so many minutes.
        accept_data_change: Go on where the data has other pictures than at the checkpoint.
        console: How to tell of progress: a live line, plain lines, or failures only.
    """

    run: RunPath
    nproc_per_node: Processes = None
    max_restarts: Restarts = 0
    device: Device = ""
    minutes: Minutes = None
    accept_data_change: Flag = False
    console: ConsoleMode = "auto"


@dataclass(frozen=True)
class Stop:
    """Ask a run to save a checkpoint and end after the step at hand.

    Attributes:
        run: The run's folder.
        wait: Return when it has ended.
    """

    run: RunPath
    wait: Flag = False


@dataclass(frozen=True)
class Pause:
    """Let a run wait after the step at hand, with all in memory and nothing saved; stop works meanwhile, and resume starts without it.

    Attributes:
        run: The run's folder.
        end: End the pause: the run goes on with the next step.
    """

    run: RunPath
    end: Flag = False


@dataclass(frozen=True)
class Profile:
    """Take a few steps of a run apart: which operations take their time, and the share of the device's rate that is reached.

    The run itself is left as it is; new with --create-only makes one that nothing was trained of yet.

    Attributes:
        run: The run's folder, which gets the tables as profile.txt.
        device: auto, cpu, cuda, cuda:N or mps; that of the run where not given.
    """

    run: RunPath
    device: Device = ""


@dataclass(frozen=True)
class Export:
    """Write a run's weights as a file that SPADE Studio and spade-render open; the run may be training meanwhile.

    Attributes:
        run: The run's folder.
        output: The file; weights.safetensors in the run's folder where not given.
        best: Take the best checkpoint in place of the newest.
        step: Take the checkpoint of this step in place of the newest.
        with_discriminator: Write the discriminator beside, so that a later run can go on with it (--init-from).
        name: What to call the weights; as the run where not given.
        data_description: What they were trained on, in a sentence.
        licence: Under which terms they may be used, in a sentence.
        full_precision: Store float32 in place of half precision.
        unaveraged: Take the weights of the last step in place of their running averages.
        published: Write a folder in the published form (latest_net_G.pth, ...), for the published code; of networks that it has.
        device: Where batch statistics are estimated: auto, cpu, cuda, cuda:N or mps.
    """

    run: RunPath
    output: File = None
    best: Flag = False
    step: Steps = None
    with_discriminator: Flag = False
    name: Text = ""
    data_description: Text = ""
    licence: Text = ""
    full_precision: Flag = False
    unaveraged: Flag = False
    published: Flag = False
    device: Device = "auto"


@dataclass(frozen=True)
class Check:
    """Read all of the training data and report what is wrong with it; exit code 1 where it cannot be trained on.

    Attributes:
        data_path: A folder or zip with images/ and labels/, or the folder of a published data set.
        kind: What it is; auto tells by the folders in it.
        split: Which part of a published data set.
        preset: Check for the labels of this configuration; pixels of others are counted.
        label_set: coco_stuff, ade20k, cityscapes or a JSON file, in place of the data's own.
        quick: Read 200 samples only, spread evenly; files are paired in full.
        json: Print JSON in place of text.
    """

    data_path: DataPath
    kind: DatasetKind = "auto"
    split: Literal["train", "validation"] = "train"
    preset: Annotated[PresetName | None, shown()] = None
    label_set: Annotated[str, shown("SET")] = ""
    quick: Flag = False
    json: Flag = False


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
    model: Annotated[str, shown("MODEL")]
    output: Annotated[Path | None, shown("DIR")] = None
    label_set: Annotated[str, shown("SET")] = "auto"
    device: Device = "auto"
    overwrite: Flag = False


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
    folder: Folder
    split: Literal["train", "validation"] = "train"
    annotations: File = None
    overwrite: Flag = False


@dataclass(frozen=True)
class Distill:
    """Teach a small upscaler what a large one gives, for the level of detail that follows a stroke. The same command goes on.

    Attributes:
        data_path: Layouts to render and photographs to reduce, as for training.
        output: The folder of the distillation: checkpoints, and the upscaler as detail_fast.safetensors.
        weights: The generator whose pictures shall be enlarged: a bundle, a published folder or a .pth; the default weights where not
            given.
        teacher: The upscaler to learn from; the one of the level full where not given.
        pairs_folder: Where pairs of inputs and the teacher's results are kept; a folder pairs in the output where not given.
        pairs_only: End when the pairs are there, which is what takes the teacher's time.
        name: What to call the upscaler.
        data_description: What it learned from, in a sentence.
        licence: Under which terms it may be used, in a sentence.
        device: auto, cpu, cuda, cuda:N or mps.
        config: All other options.
    """

    data_path: DataPath
    output: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    weights: File = None
    teacher: File = None
    pairs_folder: Annotated[Path | None, shown("DIR")] = None
    pairs_only: Flag = False
    name: Text = "fast detail"
    data_description: Text = ""
    licence: Text = ""
    device: Device = "auto"
    config: Annotated[DistillConfig, tyro.conf.arg(name="")] = field(default_factory=DistillConfig)


@dataclass(frozen=True)
class Bank:
    """Make the memory bank of SIMS: the segments of photographs cut out, to train with and to render with.

    It holds pieces of the photographs, and says where they come from and under which terms: share it only as these allow.

    Attributes:
        data_path: Photographs with label maps: a folder or zip with images/ and labels/, or the folder of a published data set.
        output: The file, by custom *.bank. Weights are rendered with the bank of their own name beside them.
        licence: Under which terms the photographs may be used, in a sentence.
        source: Where they come from, in a sentence.
        credits: CSV with a photograph's name and its own credit (author, licence, address) on each line.
        order: Text file with a label on each line, from front to back: which segment covers which where two overlap.
        disparity: A folder of disparity maps (PNG, larger is nearer, 0 not known) named as the photographs, to learn the order from.
        write_order: Write the order that the bank has as such a text file, to edit and give with --order.
        kind: Of the data; auto tells by its folders.
        split: Which part of a published data set.
        held_out: Of a plain folder, leave so many pictures out: those that spade-train holds out with data.validation of that number.
        size: Of the pictures that segments are cut from: square ones are cropped, others scaled.
    """

    data_path: DataPath
    output: Annotated[Path, tyro.conf.arg(metavar="FILE")]
    licence: Annotated[str, tyro.conf.arg(metavar="TEXT")]
    source: Text = ""
    credits: File = None
    order: File = None
    disparity: Annotated[Path | None, shown("DIR")] = None
    write_order: File = None
    kind: DatasetKind = "auto"
    split: Literal["train", "validation"] = "train"
    held_out: Annotated[int, whole_number(0), shown()] = 64
    size: Annotated[tuple[int, int], option("WxH", read_size)] = (256, 256)


Command = New | Resume | Stop | Pause | Profile | Export | Check | Label | Prepare | Distill | Bank

COMMANDS: dict[str, tuple[type[Command], str]] = {
    "new": (New, "start a training run"),
    "resume": (Resume, "go on with a run"),
    "stop": (Stop, "ask a run to save and end"),
    "pause": (Pause, "let a run wait, or go on"),
    "profile": (Profile, "tell which operations take a step's time"),
    "export": (Export, "write a run's weights for the application"),
    "check": (Check, "read training data and report what is wrong"),
    "label": (Label, "make label maps for photographs"),
    "prepare": (Prepare, "make what a published data set lacks"),
    "distill": (Distill, "teach a small upscaler what a large one gives"),
    "bank": (Bank, "make the memory bank of SIMS"),
}
