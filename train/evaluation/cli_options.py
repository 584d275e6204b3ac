"""The options of ``spade-eval``: one dataclass per command, from which tyro derives command line and help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from spade_studio.engine.batch.shares import Share
from spade_studio.engine.errors import EngineError
from spade_studio.train.cli.options import DatasetKind, Device, Flag, Text, option, read_size, shown, whole_number  # pyright: ignore[reportPrivateUsage]


def _read_share(word: str) -> Share:
    try:
        return Share.parse(word)
    except EngineError as error:
        raise ValueError(str(error)) from error


_ALL = Share()
Count = Annotated[int, whole_number(0), shown()]
Sources = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="WEIGHTS")]
Folders = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR")]
Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="FILE")]
Size = Annotated[tuple[int, int] | None, option("WxH", read_size), shown()]


@dataclass(frozen=True)
class Run:
    """Measure weights, or pictures that are there already, on a validation set, beside its real photographs.

    Attributes:
        weights: Weights that render the layouts: bundles, published folders or .pth files. Several are shown side by side.
        data: Photographs with label maps: a folder or zip with images/ and labels/, or the folder of a published data set.
        output: Where parts, result.json and report.html go. The same command goes on there.
        pictures: Folders of rendered pictures with the names of the layouts, as spade-render writes them.
        segmenter: What tells classes in pictures: a folder with a model of transformers, its name on the Hugging Face hub, or a
            safetensors file with a graph. Without it neither mIoU nor accuracy is measured.
        groups: How labels and the segmenter's classes are brought together: names; landscape, eight groups of COCO-Stuff's labels and
            ADE20K's classes; a JSON file of groups; auto is landscape for files with a graph on COCO-Stuff, else names.
        features: Networks for Frechet distances from the photographs: files, or inception, the FID's own, fetched once. Only its
            distance is called fid. Beside stands the distance between real photographs.
        perceptual: Network for diversity and style: a file (HED's VGG-16, torchvision's vgg19 or vgg16), or vgg19 or vgg16 to have
            torchvision's downloaded.
        kind: Of the data; told by its folders with auto.
        split: Which part of a published data set.
        held_out: Of a plain folder, only so many pictures: those that spade-train holds out with data.validation of that number.
        limit: At most so many pictures, evenly spread.
        size: At which everything is compared; that of the first weights, or of the first picture, where not given.
        render_size: At which weights render; the size that they were trained at where not given.
        label_set: What the channels of weights mean that do not say it: the name of a label set, or a JSON file.
        style: The style of the pictures that are segmented: random, or that of the layout's photograph.
        styles: How many random styles of a layout are compared for diversity; 0 or 1 for none.
        seed: Of the random styles.
        shard: Do only share I of N; all shares may use one output folder, and the last one writes the result.
        device: auto, cpu, cuda, cuda:N or mps.
        no_thumbnails: Keep no small pictures, for data that must not be shown.
        quiet: Say nothing but the result.
    """

    weights: Sources
    data: Annotated[Path, tyro.conf.arg(metavar="DATA")]
    output: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    pictures: Folders = ()
    segmenter: Text = ""
    groups: Text = "auto"
    features: Names = ()
    perceptual: Text = ""
    kind: DatasetKind = "auto"
    split: Literal["train", "validation"] = "validation"
    held_out: Count = 0
    limit: Count = 0
    size: Size = None
    render_size: Size = None
    label_set: Text = ""
    style: Literal["random", "photo"] = "random"
    styles: Count = 3
    seed: Count = 0
    shard: Annotated[Share, option("I/N", _read_share), tyro.conf.arg(help_behavior_hint="")] = _ALL
    device: Device = "auto"
    no_thumbnails: Flag = False
    quiet: Flag = False


@dataclass(frozen=True)
class Merge:
    """Put parts together that shares have measured, and write the report.

    Attributes:
        folder: An output folder; the result goes there.
        more: Further ones of the same evaluation, where shares had folders of their own.
    """

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    more: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="DIR")] = ()


Files = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="FILE")]
MethodNames = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME")]
Positive = Annotated[int, whole_number(1), shown()]


@dataclass(frozen=True)
class Study:
    """Ask people which of two pictures looks more like a photograph of a layout (the paper's table 2), or count their answers.

    Attributes:
        pictures: A folder of pictures for each method, named as the layouts. The first is compared with every other.
        layouts: Label maps (PNG).
        output: Where the page and its pictures go; with --collect, where study.json goes.
        collect: Files of answers that people downloaded: the share that favours the first method, with its interval and their agreement.
        names: What to call the methods, in the order of the folders; the folders' names where not given. Raters do not see them.
        label_set: What the layouts' ids mean: coco_stuff, ade20k, cityscapes or a JSON file.
        questions: At most so many for each pair of methods, drawn at random; 500 in the paper.
        pages: Deal the questions among so many pages, for people who answer a part each; in the paper five answer each question.
        data: What the answers call the data; the name of the layouts' folder where not given.
        seed: Of the draw.
    """

    pictures: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PICTURES")] = ()
    layouts: Annotated[Path | None, shown("DIR")] = None
    output: Annotated[Path | None, shown("DIR")] = None
    collect: Files = ()
    names: MethodNames = ()
    label_set: Annotated[str, shown("SET")] = "coco_stuff"
    questions: Positive = 500
    pages: Positive = 1
    data: Text = ""
    seed: Count = 0


Command = Run | Merge | Study
COMMANDS: dict[str, tuple[type[Command], str]] = {
    "run": (Run, "measure weights or pictures on a validation set"),
    "merge": (Merge, "put the parts of several shares together"),
    "study": (Study, "ask people which pictures look more like photographs"),
}
