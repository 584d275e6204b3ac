"""Pairs of an upscaler's input and the teacher's output, made once and stored in parts in a folder."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.detail.passes import first_size
from spade_studio.engine.detail.upscaler import Upscaler
from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer, open_regular
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.train.config.plain import to_json
from spade_studio.train.datasets.fingerprint import fingerprint
from spade_studio.train.datasets.pairs import PairDataset, Sample
from spade_studio.train.distillation.config import PairsConfig

PART = 32
"""Number of pairs in one file."""

Progress = Callable[[int, int], None]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs in memory.

    Attributes:
        inputs: Inputs, uint8 [N, 3, crop, crop].
        targets: Teacher's outputs, uint8 [N, 3, scale crop, scale crop].
    """

    inputs: Bytes
    targets: Bytes

    @property
    def scale(self) -> int:
        """Factor between the sides of targets and inputs."""
        return self.targets.shape[2] // self.inputs.shape[2]


class PairMaker:
    """Makes pairs from crops of renders in random styles and of reduced photographs.

    Args:
        renderer: Weights whose pictures the student is to enlarge.
        teacher: Upscaler to learn from.
        dataset: Layouts and photographs.
        config: Number and size of the pairs.
    """

    def __init__(self, renderer: Renderer, teacher: Upscaler, dataset: PairDataset, config: PairsConfig) -> None:
        self._renderer, self._teacher, self._dataset, self._config = renderer, teacher, dataset, config
        self._data = fingerprint(dataset).to_state()
        own = renderer.channels.label_set
        self._transfer = LabelTransfer(None if own == dataset.label_set else dataset.label_set, renderer.channels)
        self._base = renderer.nearest_size(*renderer.training_size)
        self._size = first_size(self._base, teacher.scale)
        if config.crop > min(self._size):
            found = f"pairs.crop is {config.crop}, where pictures of these weights are reduced to {self._size[1]}x{self._size[0]}"
            raise EngineError(found, f"at most {min(self._size)}", "Change --pairs.crop")

    def describe(self) -> dict[str, Any]:
        """Return all settings that determine a pair, as plain values, without the number of pairs."""
        options = to_json(self._config)
        del options["count"]
        return {
            **options,
            "weights_sha256": self._renderer.weights_sha256,
            "teacher_sha256": self._teacher.sha256,
            "data": self._data,
        }

    def make(self, number: int) -> tuple[Bytes, Bytes]:
        """Return the input, uint8 [3, crop, crop], and the teacher's output of a pair; deterministic in its number."""
        random = np.random.default_rng((self._config.seed, number))
        sample = self._dataset.read(int(random.integers(len(self._dataset))))
        picture = sample.photo if random.random() < self._config.photos else self._render(sample, random)
        height, width = picture.shape[:2]
        factor = min(self._size) / min(height, width)
        small = np.asarray(
            Image.fromarray(picture).resize((round(width * factor), round(height * factor)), Image.Resampling.BICUBIC), np.uint8
        )
        side = self._config.crop
        top, left = _place(random, small.shape[0] - side), _place(random, small.shape[1] - side)
        given = np.ascontiguousarray(small[top : top + side, left : left + side].transpose(2, 0, 1))
        made = self._teacher.upscale(given.astype(np.float32) / np.float32(255))
        assert made is not None
        return given, (made * 255 + 0.5).astype(np.uint8)

    def _render(self, sample: Sample, random: np.random.Generator) -> Bytes:
        labels, instances = sample.labels, sample.instances
        side = min(labels.shape)
        top, left = _place(random, labels.shape[0] - side), _place(random, labels.shape[1] - side)
        part = slice(top, top + side), slice(left, left + side)
        carried, _ = self._transfer.apply(labels[part])
        self._renderer.set_layout(carried, None if instances is None else instances[part], self._base)
        if self._renderer.z_width is not None:
            self._renderer.set_style(self._renderer.style_from_seed(int(random.integers(1 << 31))))
        if self._renderer.has_texture:
            self._renderer.set_texture(int(random.integers(1 << 31)))
        return self._renderer.render()[0]


def make_pairs(maker: PairMaker, folder: Path, count: int, progress: Progress, should_stop: Callable[[], bool]) -> bool:
    """Make the parts that a folder lacks, and incomplete ones.

    Args:
        maker: Maker of the pairs.
        folder: Folder of the pairs, created if missing.
        count: Total number of pairs.
        progress: Callback with the number of pairs done and ``count``.
        should_stop: Callback, polled before each pair; written parts are kept.

    Returns:
        Whether all pairs are complete.

    Raises:
        EngineError: the folder holds other pairs.
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    about, description = folder / "pairs.json", maker.describe()
    if not about.exists():
        with atomic_writer(about) as file:
            file.write(json.dumps(description, indent=2).encode() + b"\n")
    try:
        found: object = json.loads(about.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise EngineError(f"{about} cannot be read", "what spade-train distill wrote", "Choose an empty folder") from error
    if found != description:
        raise EngineError(f"{folder} holds pairs of other weights, data or options", "the same", "Choose another folder for these")
    for first in range(0, count, PART):
        progress(first, count)
        path, last = _part_path(folder, first), min(count, first + PART)
        if path.exists() and _pairs_in(path) >= last - first:
            continue
        made: list[tuple[Bytes, Bytes]] = []
        for number in range(first, last):
            if should_stop():
                return False
            made.append(maker.make(number))
        with atomic_writer(path) as file:
            np.savez(file, inputs=np.stack([pair[0] for pair in made]), targets=np.stack([pair[1] for pair in made]))
    progress(count, count)
    return True


def read_pairs(folder: Path, count: int) -> Pairs:
    """Read the first ``count`` pairs into memory.

    Raises:
        EngineError: a part is missing or damaged.
    """
    inputs: list[Bytes] = []
    targets: list[Bytes] = []
    for first in range(0, count, PART):
        path, wanted = _part_path(folder, first), min(PART, count - first)
        try:
            with open_regular(path) as file, np.load(file, allow_pickle=False) as part:
                inputs.append(part["inputs"][:wanted])
                targets.append(part["targets"][:wanted])
            if not len(inputs[-1]) == len(targets[-1]) == wanted:
                raise ValueError(f"it has {len(inputs[-1])} pairs of {wanted}")
            _check_part(inputs[-1], targets[-1], inputs[0], targets[0])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            found = f"{path} cannot be read ({error})"
            raise EngineError(found, "pairs that spade-train distill made", "Remove it; it is made anew") from error
    return Pairs(np.concatenate(inputs), np.concatenate(targets))


def _check_part(given: Bytes, target: Bytes, first_given: Bytes, first_target: Bytes) -> None:
    for values, first in ((given, first_given), (target, first_target)):
        if values.dtype != np.uint8 or values.ndim != 4 or values.shape[1:] != first.shape[1:]:
            raise ValueError(f"it holds {values.dtype} {values.shape}, where uint8 [N, 3, side, side] is expected, of one side")


def _place(random: np.random.Generator, most: int) -> int:
    return int(random.integers(0, most + 1))


def _pairs_in(path: Path) -> int:
    """Return how many pairs a part holds; where that cannot be told it counts as whole, and who reads it will say so."""
    try:
        with open_regular(path) as file, np.load(file, allow_pickle=False) as part:
            return len(part["inputs"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return PART


def _part_path(folder: Path, first: int) -> Path:
    return folder / f"pairs_{first:07}.npz"
