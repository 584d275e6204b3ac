"""Batches for training: samples read and transformed in worker processes, layouts prepared there, then moved to a device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.codes import CodeBook
from spade_studio.engine.networks.config import AnyGeneratorConfig, GeneratorConfig
from spade_studio.engine.networks.grid import Grid
from spade_studio.engine.networks.layout import Canvas, Layout
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets.cache import CachedSamples
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.packing import TensorForm, pack, unpack
from spade_studio.train.datasets.pairs import Dataset
from spade_studio.train.datasets.sampler import ResumableSampler, SampleKey
from spade_studio.train.datasets.transforms import DEFAULT_MULTIPLE, Example, cropped, resized, sample_generator
from spade_studio.train.datasets.workers import start_worker, worker_context

Resolution = tuple[int, int, int]  # height, width, and side of the convolutions inside SPADE layers
_GRID_FIELDS = tuple(field.name for field in fields(Grid))


@dataclass(frozen=True, eq=False)
class LoadedExample:
    """An example and which sample it is, or why it could not be read (errors raised in a worker lose their form on the way).

    Attributes:
        example: None where there is an error.
        key: Of the sample read.
        error: Why none could be read.
        unreadable: What is wrong with those in whose place it was read, by name.
    """

    example: Example | None
    key: SampleKey
    error: DataError | None = None
    unreadable: tuple[tuple[str, str], ...] = ()


class CanvasSource(Protocol):
    """Makes canvases of examples: colours uint8 [H, W, 3], and bool [H, W] where there are any."""

    def rendered(self, example: Example) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return what a picture is rendered from."""
        ...

    def trained(self, example: Example, epoch: int, sample: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return one to train on, for the sample of a :attr:`SampleKey.number`."""
        ...


class TrainingSet(TorchDataset[LoadedExample]):
    """A data set with its transformation; reading the same key twice gives the same example.

    Args:
        dataset: What to read.
        geometry: How to transform.
        seed: Of the samples' random numbers; where None, crops are central and nothing is mirrored (for validation).
        multiple: Of what the sides are where the geometry does not fix them: the generator's stride.
        canvases: Makes the canvases of examples: without a seed those of rendering. None for generators that complete none.
        most_unreadable: Samples in a row that may be unreadable: the one after them is read in their place.

    Attributes:
        cache: Holds the samples, resized; None where they are read from their files.
    """

    cache: CachedSamples | None = None

    def __init__(
        self,
        dataset: Dataset,
        geometry: GeometryConfig,
        seed: int | None,
        *,
        multiple: int = DEFAULT_MULTIPLE,
        canvases: CanvasSource | None = None,
        most_unreadable: int = 0,
    ) -> None:
        self.most_unreadable = min(most_unreadable, len(dataset) - 1)
        self.dataset, self.geometry, self.seed, self.multiple, self.canvases = dataset, geometry, seed, multiple, canvases
        self._lookup = dataset.channels.lookup()

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self.dataset)

    def __getitem__(self, key: SampleKey) -> LoadedExample:
        """Read a sample, or one of those after it where it is unreadable; data errors are part of the answer."""
        unreadable: list[tuple[str, str]] = []
        while True:
            try:
                return LoadedExample(self.example(key), key, unreadable=tuple(unreadable))
            except DataError as error:
                if len(unreadable) >= self.most_unreadable:
                    return LoadedExample(None, key, error)
                unreadable.append((self.dataset.name(key.index), str(error)))
                key = replace(key, index=(key.index + 1) % len(self.dataset))

    def example(self, key: SampleKey) -> Example:
        """Read a sample.

        Raises:
            DataError: as :meth:`Dataset.read`.
        """
        rng = None if self.seed is None else sample_generator(self.seed, key.epoch, key.number)
        sample = None if self.cache is None else self.cache.read(key.index)
        if sample is None:
            sample = resized(self.dataset.read(key.index), self.geometry, self.multiple)
        example = cropped(sample, self.geometry, rng, self._lookup)
        if self.canvases is None:
            return example
        canvas = self.canvases.rendered(example) if self.seed is None else self.canvases.trained(example, key.epoch, key.number)
        return replace(example, canvas=canvas)


@dataclass(eq=False)
class Batch:
    """What one rank trains on in one step.

    Attributes:
        photos: float32 [B, 3, H, W] in [-1, 1].
        layout: Of the B pictures, its neighbourhoods known at ``resolutions``.
        names: Of the samples.
        indices: The numbers of the samples (:attr:`SampleKey.number`), for random numbers that do not depend on ranks.
        resolutions: At which the layout is prepared.
        unreadable: Samples in whose place others were read: their names, and what is wrong with them.
    """

    photos: Tensor
    layout: Layout
    names: tuple[str, ...]
    indices: tuple[int, ...]
    resolutions: tuple[Resolution, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        """Return B."""
        return self.photos.shape[0]

    def _grids(self, device: torch.device | str) -> list[Grid]:
        return [self.layout.grid(*resolution, device) for resolution in self.resolutions]

    def pin_memory(self) -> Batch:
        """Return the batch in page-locked memory, from which it is copied to CUDA devices while they compute."""
        return self._map(self.photos.pin_memory(), "cpu", lambda tensor: tensor.pin_memory())

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on a device, its layout prepared there too."""
        place = torch.device(device)
        if place == self.photos.device:
            return self
        photos = self.photos.to(place, non_blocking=True)
        return self._map(photos, photos.device, lambda tensor: tensor.to(place, non_blocking=True))

    def _map(self, photos: Tensor, device: torch.device | str, move: Callable[[Tensor], Tensor]) -> Batch:
        kept: dict[tuple[int, int, int, str], Grid] = {}
        for resolution, grid in zip(self.resolutions, self._grids(self.photos.device), strict=True):
            parts = {field.name: cast("object", getattr(grid, field.name)) for field in fields(grid)}
            moved: dict[str, Any] = {name: move(part) for name, part in parts.items() if isinstance(part, Tensor)}
            kept[(*resolution, str(device))] = replace(grid, **moved)
        layout = Layout(self.layout.codes, self.layout.book, self.layout.canvas, _grids=kept)
        return Batch(photos, layout, self.names, self.indices, self.resolutions, self.unreadable)


@dataclass(frozen=True)
class _Outline:
    # What a batch holds besides tensors.
    book: CodeBook
    has_canvas: bool
    names: tuple[str, ...]
    indices: tuple[int, ...]
    resolutions: tuple[Resolution, ...]
    unreadable: tuple[tuple[str, str], ...]
    grids: tuple[dict[str, object], ...]


class StepBatches(tuple[Batch, ...]):
    """The parts of one step. However many they are, one tensor goes from process to process: each takes an open file in both."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what pickle stores: a buffer, what stands where in it, and all that is no tensor."""
        tensors: list[Tensor] = []
        outlines: list[_Outline] = []
        for part in self:
            tensors += (part.photos, torch.as_tensor(part.layout.codes))
            if (canvas := part.layout.canvas) is not None:
                tensors += (torch.as_tensor(canvas.colors), torch.as_tensor(canvas.known))
            grids: list[dict[str, object]] = []
            for resolution in part.resolutions:
                values = vars(part.layout.grid(*resolution, "cpu"))
                tensors += (values[name] for name in _GRID_FIELDS if isinstance(values[name], Tensor))
                grids.append({name: value for name, value in values.items() if not isinstance(value, Tensor)})
            layout = part.layout
            outlines.append(
                _Outline(
                    layout.book,
                    layout.canvas is not None,
                    part.names,
                    part.indices,
                    part.resolutions,
                    part.unreadable,
                    tuple(grids),
                )
            )
        return _unpacked, (*pack(tensors), outlines)


def _unpacked(buffer: Tensor, forms: Sequence[TensorForm], outlines: Sequence[_Outline]) -> StepBatches:
    tensors = iter(unpack(buffer, forms))
    parts: list[Batch] = []
    for outline in outlines:
        photos, codes = next(tensors), next(tensors).numpy()
        canvas = Canvas(next(tensors).numpy(), next(tensors).numpy()) if outline.has_canvas else None
        grids: dict[tuple[int, int, int, str], Grid] = {}
        for resolution, rest in zip(outline.resolutions, outline.grids, strict=True):
            values: dict[str, Any] = {name: rest[name] if name in rest else next(tensors) for name in _GRID_FIELDS}
            grids[(*resolution, "cpu")] = Grid(**values)
        layout = Layout(codes, outline.book, canvas, _grids=grids)
        parts.append(Batch(photos, layout, outline.names, outline.indices, outline.resolutions, outline.unreadable))
    return StepBatches(parts)


@dataclass(frozen=True)
class Collate:
    """Makes a batch of examples and prepares its layout.

    Attributes:
        channels: Of the data set.
        resolutions: Where to prepare the layout for fast SPADE layers.
        replicate: Whether layouts go on beyond the picture as at its edge.
    """

    channels: LabelChannels
    resolutions: tuple[Resolution, ...] = ()
    replicate: bool = False

    def __call__(self, loaded: Sequence[LoadedExample]) -> StepBatches | DataError:
        """Return the batch in as many parts as its samples' keys tell, or the first error of its samples."""
        parts: list[Batch] = []
        for places in np.array_split(np.arange(len(loaded)), loaded[0].key.parts):
            part = self.batch([loaded[int(place)] for place in places])
            if isinstance(part, DataError):
                return part
            parts.append(part)
        return StepBatches(parts)

    def batch(self, loaded: Sequence[LoadedExample]) -> Batch | DataError:
        """Return one batch, or the first error of its samples."""
        examples: list[Example] = []
        for item in loaded:
            if item.example is None:
                assert item.error is not None
                return item.error
            examples.append(item.example)
        sizes = {example.channels.shape for example in examples}
        if len(sizes) > 1:
            listed = ", ".join(f"{example.name} {example.channels.shape[1]} x {example.channels.shape[0]}" for example in examples[:4])
            return DataError(
                f"pictures of different sizes in one batch ({listed})",
                "one size",
                "Choose a geometry mode that ends in crop, or fixed, or a batch of one",
                "batch",
            )
        layout = Layout.from_channels(
            np.stack([example.channels for example in examples]),
            self.channels.semantic_channels,
            instances=np.stack([example.instances for example in examples]),
            edge_channel=self.channels.edge_channel is not None,
            replicate=self.replicate,
        )
        # What only the making of grids needed is left behind: it would be copied between processes for nothing.
        grids = {(*resolution, "cpu"): layout.grid(*resolution, "cpu") for resolution in self.resolutions}
        canvases = [example.canvas for example in examples if example.canvas is not None]
        canvas = Canvas(np.stack([colors for colors, _ in canvases]), np.stack([known for _, known in canvases])) if canvases else None
        slim = Layout(layout.codes, layout.book, canvas, _grids=grids)
        photos = torch.as_tensor(np.stack([example.photo for example in examples]))
        names = tuple(example.name for example in examples)
        unreadable = tuple(problem for item in loaded for problem in item.unreadable)
        return Batch(photos, slim, names, tuple(item.key.number for item in loaded), self.resolutions, unreadable)


def modulation_resolutions(config: AnyGeneratorConfig, height: int, width: int) -> tuple[Resolution, ...]:
    """Return the resolutions at which a SPADE generator asks for the layout of pictures of a size, from coarse to fine."""
    if not isinstance(config, GeneratorConfig):
        return ()
    h, w = height // config.stride, width // config.stride
    found: list[Resolution] = []
    for _, _, _, upsampled in config.block_plan:
        if upsampled:
            h, w = 2 * h, 2 * w
        if (h, w, config.kernel_size) not in found:
            found.append((h, w, config.kernel_size))
    return tuple(found)


class BatchLoader:
    """The batches of steps without end, each in the parts that it is computed in, from the sampler's place on.

    Args:
        data: What to read.
        sampler: Which samples, in which order; its place is read when iteration starts, and moving it is the caller's part.
        collate: How a batch is made.
        workers: Processes that read; 0 reads here.
        pin_memory: Whether batches come in page-locked memory; worth it with CUDA only.
    """

    def __init__(
        self, data: TrainingSet, sampler: ResumableSampler, collate: Collate, *, workers: int = 0, pin_memory: bool = False
    ) -> None:
        self._loader: DataLoader[Any] = DataLoader(
            data,
            batch_sampler=sampler,
            num_workers=workers,
            collate_fn=collate,
            pin_memory=pin_memory,
            worker_init_fn=start_worker if workers else None,
            prefetch_factor=4 if workers else None,
            multiprocessing_context=worker_context() if workers else None,
        )

    def __iter__(self) -> Iterator[tuple[Batch, ...]]:
        """Yield a step's parts.

        Raises:
            DataError: a sample cannot be read, or pictures of a batch differ in size.
        """
        for parts in self._loader:
            if isinstance(parts, DataError):
                raise parts
            yield tuple(parts)
