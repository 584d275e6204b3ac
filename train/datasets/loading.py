"""Training batches: samples and layouts prepared in worker processes, then moved to a device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
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
    """An example with its key, or the error of an unreadable sample, as exceptions lose their type between processes.

    Attributes:
        example: The example; None where there is an error.
        key: Key of the sample that was read.
        error: Error of an unreadable sample.
        unreadable: Problems by name of the unreadable samples that it replaces.
    """

    example: Example | None
    key: SampleKey
    error: DataError | None = None
    unreadable: tuple[tuple[str, str], ...] = ()


class CanvasSource(Protocol):
    """Interface of canvas makers: colours, uint8 [H, W, 3], and mask of covered pixels, bool [H, W]."""

    def rendered(self, example: Example) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return a canvas for rendering."""
        ...

    def trained(self, example: Example, epoch: int, sample: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Return a canvas for training, for the sample of a :attr:`SampleKey.number`."""
        ...


class TrainingSet(TorchDataset[LoadedExample]):
    """A data set with its transformation, deterministic in the key.

    Args:
        dataset: Data set to read.
        geometry: Transformation.
        seed: Seed of the samples' random numbers; None for central crops without mirroring (validation).
        multiple: Number of pixels that sides not fixed by the geometry are multiples of: the generator's stride.
        canvases: Canvas maker; without a seed it makes those for rendering. None for other generators.
        most_unreadable: Maximum number of consecutive unreadable samples, which the next one replaces.

    Attributes:
        cache: Cache of resized samples; None to read the files.
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
            DataError: as for :meth:`Dataset.read`.
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
    """A batch of one rank.

    Attributes:
        pixels: Photographs, uint8 [B, H, W, 3].
        layout: Layouts of the B pictures, prepared at ``resolutions``.
        names: Names of the samples.
        indices: Numbers of the samples (:attr:`SampleKey.number`), for random numbers independent of the number of ranks.
        resolutions: Resolutions at which the layout is prepared.
        unreadable: Problems by name of unreadable samples that were replaced.
    """

    pixels: Tensor
    layout: Layout
    names: tuple[str, ...]
    indices: tuple[int, ...]
    resolutions: tuple[Resolution, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    _photos: Tensor | None = field(default=None, init=False, repr=False)

    def __len__(self) -> int:
        """Return B."""
        return self.pixels.shape[0]

    @property
    def photos(self) -> Tensor:
        """Photographs, float32 [B, 3, H, W] in [-1, 1]."""
        if self._photos is None:
            planes = self.pixels.permute(0, 3, 1, 2)
            self._photos = planes.to(torch.float32, memory_format=torch.contiguous_format).div_(127.5).sub_(1)
        return self._photos

    def _grids(self, device: torch.device | str) -> list[Grid]:
        return [self.layout.grid(*resolution, device) for resolution in self.resolutions]

    def pin_memory(self) -> Batch:
        """Return the batch in pinned memory, for asynchronous copies to CUDA devices."""
        return self._map(self.pixels.pin_memory(), "cpu", lambda tensor: tensor.pin_memory())

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch on a device, with its prepared layout."""
        place = torch.device(device)
        if place == self.pixels.device:
            return self
        pixels = self.pixels.to(place, non_blocking=True)
        return self._map(pixels, pixels.device, lambda tensor: tensor.to(place, non_blocking=True))

    def _map(self, pixels: Tensor, device: torch.device | str, move: Callable[[Tensor], Tensor]) -> Batch:
        kept: dict[tuple[int, int, int, str], Grid] = {}
        for resolution, grid in zip(self.resolutions, self._grids(self.pixels.device), strict=True):
            parts = {field.name: cast("object", getattr(grid, field.name)) for field in fields(grid)}
            moved: dict[str, Any] = {name: move(part) for name, part in parts.items() if isinstance(part, Tensor)}
            kept[(*resolution, str(device))] = replace(grid, **moved)
        layout = Layout(self.layout.codes, self.layout.book, self.layout.canvas, _grids=kept)
        return Batch(pixels, layout, self.names, self.indices, self.resolutions, self.unreadable)


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
    """The parts of one step, packed into a single tensor between processes, since each tensor takes an open file in both."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what pickle stores: a buffer, what stands where in it, and all that is no tensor."""
        tensors: list[Tensor] = []
        outlines: list[_Outline] = []
        for part in self:
            tensors += (part.pixels, torch.as_tensor(part.layout.codes))
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
        pixels, codes = next(tensors), next(tensors).numpy()
        canvas = Canvas(next(tensors).numpy(), next(tensors).numpy()) if outline.has_canvas else None
        grids: dict[tuple[int, int, int, str], Grid] = {}
        for resolution, rest in zip(outline.resolutions, outline.grids, strict=True):
            values: dict[str, Any] = {name: rest[name] if name in rest else next(tensors) for name in _GRID_FIELDS}
            grids[(*resolution, "cpu")] = Grid(**values)
        layout = Layout(codes, outline.book, canvas, _grids=grids)
        parts.append(Batch(pixels, layout, outline.names, outline.indices, outline.resolutions, outline.unreadable))
    return StepBatches(parts)


@dataclass(frozen=True)
class Collate:
    """Collates examples to batches with prepared layouts.

    Attributes:
        channels: Channels of the data set.
        resolutions: Resolutions at which to prepare the layout for fast SPADE layers.
        replicate: Whether layouts are padded by replication.
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
        """Return a batch, or the first error of its samples."""
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
        pixels = torch.as_tensor(np.stack([example.photo for example in examples]))
        names = tuple(example.name for example in examples)
        unreadable = tuple(problem for item in loaded for problem in item.unreadable)
        return Batch(pixels, slim, names, tuple(item.key.number for item in loaded), self.resolutions, unreadable)


def modulation_resolutions(config: AnyGeneratorConfig, height: int, width: int) -> tuple[Resolution, ...]:
    """Return the resolutions of a SPADE generator's SPADE layers for a picture size, from coarse to fine."""
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
    """An endless iterator over steps, each in its accumulated parts, from the sampler's position on.

    Args:
        data: Training set.
        sampler: Sampler; its position is read when iteration starts and advanced by the caller.
        collate: Collate function.
        workers: Number of worker processes; 0 reads in this process.
        pin_memory: Whether batches are in pinned memory, useful with CUDA only.
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
