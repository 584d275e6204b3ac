"""Configuration of data, labels and geometry of the training pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set
from spade_studio.train.config.plain import check_range

GeometryMode = Literal[
    "resize_and_crop",
    "crop",
    "scale_width",
    "scale_width_and_crop",
    "scale_shortside",
    "scale_shortside_and_crop",
    "fixed",
    "none",
]


@dataclass(frozen=True)
class DataConfig:
    """What to train on.

    Attributes:
        path: A data set's folder, or a zip of a plain folder with images/ and labels/.
        kind: Kind of data set: auto, or the name of a reader.
        workers: Worker processes of each rank that read pictures; 0 reads them in the rank itself, None takes as many as the cores allow.
        validation: Pictures held out for samples and metrics, at most half of all, where the data has no validation part of its own.
        scenes: With kind ade20k or ade20k_outdoor, a text file with the scene categories to keep, one on each line; empty for all,
            or for what counts as outdoor.
        bank: For SIMS, the memory bank of the training photographs (spade-train bank).
        skip: A text file with names of samples to leave out, one on each line: without suffix, as spade-train check writes them.
        most_unreadable: Maximum number of unreadable samples, which are replaced by the next ones; with more the run saves and ends.
        cache: A folder where samples are kept decoded and resized, which the first run does before its first step: four bytes a pixel, six
            with instances. Empty for none.
        repeat_threshold: Share of the photographs below which a label is rare: those that show it are drawn sqrt(threshold / share)
            times as often as others (repeat factors). 0 draws all alike.
    """

    path: str = ""
    kind: str = "auto"
    workers: int | None = None
    validation: int = 64
    scenes: str = ""
    bank: str = ""
    skip: str = ""
    most_unreadable: int = 20
    cache: str = ""
    repeat_threshold: float = 0.0

    def __post_init__(self) -> None:
        if self.workers is not None:
            check_range("data.workers", self.workers, 0, 256)
        check_range("data.validation", self.validation, 0)
        check_range("data.most_unreadable", self.most_unreadable, 0)
        check_range("data.repeat_threshold", self.repeat_threshold, 0, 1)


@dataclass(frozen=True)
class LabelsConfig:
    """The labels of the generator, and thereby the channels of its layout.

    Attributes:
        label_set: coco_stuff, ade20k, cityscapes or a JSON file; empty for that of the data.
        ids: Ids with a channel, in channel order; empty for all of the set. Other ids count as unlabeled.
        unlabeled: Position of the channel of unlabeled pixels relative to the labels; none for no such channel.
        edges: Whether the last channel marks edges of instances (of labels, where the data has no instances).
    """

    label_set: str = ""
    ids: tuple[int, ...] = ()
    unlabeled: Literal["first", "last", "none"] = "last"
    edges: bool = True

    def channels(self, own: LabelSet | None = None) -> LabelChannels:
        """Return the channels of the layout.

        Args:
            own: Label set of the data.

        Raises:
            LabelError: the label set cannot be read, or lacks one of the ids.
            ConfigError: ``label_set`` is empty and the data has none.
        """
        label_set = load_label_set(self.label_set) if self.label_set else own
        if label_set is None:
            raise ConfigError("labels.label_set is empty and the data brings no label set", "coco_stuff, ade20k, cityscapes or a JSON file")
        if not self.ids and self.unlabeled == "none" and self.edges and label_set == load_label_set("cityscapes"):
            return LabelChannels.cityscapes()  # published weights have one channel more than there are labels
        ids = self.ids or tuple(label.id for label in label_set.labels if label.id != label_set.unlabeled_id)
        return LabelChannels.from_label_set(label_set, ids, None if self.unlabeled == "none" else self.unlabeled, self.edges)


@dataclass(frozen=True)
class GeometryConfig:
    """The preparation of training pictures from photographs and maps.

    Attributes:
        mode: The steps in order. resize: to a square of load_size, aspect lost. scale_width, scale_shortside: that side to
            load_size, aspect kept. crop: a random square of crop_size. fixed: to crop_size x crop_size / aspect_ratio.
            none: the size as it is. Where nothing is cropped, and with none, sides go to the nearest multiple of the generator's stride.
        load_size: Side in pixels that a picture is resized to before it is cropped.
        crop_size: Width of training pictures in pixels.
        aspect_ratio: Width / height with fixed; 1 elsewhere.
        flip: Whether pictures are mirrored with a probability of one half.
    """

    mode: GeometryMode = "resize_and_crop"
    load_size: int = 286
    crop_size: int = 256
    aspect_ratio: float = 1.0
    flip: bool = True

    def __post_init__(self) -> None:
        check_range("geometry.load_size", self.load_size, 1, 65536)
        check_range("geometry.crop_size", self.crop_size, 1, 65536)
        check_range("geometry.aspect_ratio", self.aspect_ratio, 0.01, 100)
        if self.mode.endswith("_and_crop") and self.load_size < self.crop_size:
            raise ConfigError(f"geometry.load_size is {self.load_size} with crop_size {self.crop_size}", "at least the crop_size")
        if self.mode != "fixed" and self.aspect_ratio != 1:
            raise ConfigError(f"geometry.aspect_ratio is {self.aspect_ratio} with mode {self.mode}", "1", "Or use mode fixed")

    @property
    def fixed_height(self) -> int:
        """Height of all pictures in pixels with mode fixed."""
        return round(self.crop_size / self.aspect_ratio)

    def check_multiple(self, stride: int) -> None:
        """Check that a generator supports the fixed size of the pictures.

        Args:
            stride: Number of pixels that the generator's sides are multiples of.

        Raises:
            ConfigError: a fixed side is not such a multiple.
        """
        if self.mode != "fixed" and not self.mode.endswith("crop"):
            return
        height = self.fixed_height if self.mode == "fixed" else self.crop_size
        if self.crop_size % stride or height % stride:
            action = f"Change geometry.crop_size{' or geometry.aspect_ratio' if self.mode == 'fixed' else ''}"
            raise ConfigError(
                f"geometry.mode {self.mode} makes pictures of {self.crop_size} x {height} pixels",
                f"multiples of {stride}, the stride of the generator",
                action,
            )
