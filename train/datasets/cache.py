"""A cache of decoded and resized samples in one file, memory-mapped by all processes of a training."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Final

import filelock
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from spade_studio.engine.files import atomic_writer, open_regular
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.fingerprint import fingerprint
from spade_studio.train.datasets.pairs import PairDataset, Sample
from spade_studio.train.datasets.transforms import loaded_size, resized
from spade_studio.train.datasets.workers import start_worker, worker_context

_MAGIC: Final = b"spade-pictures-1"
_LOOKED_AT: Final = 32
"""Number of samples from which the size of the file is estimated."""
_SPARE: Final = 64 << 20
"""Number of bytes to leave free on the disk."""
_LONGEST_SIDE: Final = 1 << 20
_LOOK: Final = 0.5  # seconds between two looks whether a wait is over


@dataclass(frozen=True)
class CacheFile:
    """The cache file of a data set under a geometry.

    Args:
        dataset: Data set to cache.
        geometry: Geometry, which determines the size before cropping.
        multiple: Number of pixels that sides not fixed by the geometry are multiples of.
        folder: Folder of the cache.
    """

    dataset: PairDataset
    geometry: GeometryConfig
    multiple: int
    folder: Path

    @property
    def key(self) -> str:
        """Hash of everything that determines the contents: names, sizes and versions of files, labels, geometry, decoding libraries."""
        dataset, geometry = self.dataset, asdict(self.geometry)
        files = (file for entry in dataset.entries for file in (entry.photo, entry.labels, entry.instances) if file is not None)
        del geometry["flip"]
        parts = [
            fingerprint(dataset).to_state(),
            [dataset.source.version(file) for file in files],
            dataset.reading,
            dataset.label_set.to_json(),
            geometry,
            self.multiple,
            version("pillow"),
            version("torch"),
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()

    def path(self, key: str) -> Path:
        """Return the path of the file with a :attr:`key`."""
        return self.folder / f"{key[:16]}.pictures"

    def estimated_bytes(self) -> int:
        """Return the estimated size of the file in bytes, from evenly spread samples; unreadable ones are ignored."""
        count = len(self.dataset)
        places = [place * count // min(_LOOKED_AT, count) for place in range(min(_LOOKED_AT, count))]
        return sum(self._bytes_of(place) for place in places) * count // max(1, len(places))

    def _bytes_of(self, index: int) -> int:
        try:
            labels = self.dataset.read_labels(index)
        except DataError:
            return 0
        height, width = loaded_size(self.geometry, labels.shape[0], labels.shape[1], self.multiple)
        return height * width * (3 + 1 + (0 if self.dataset.entries[index].instances is None else 2))


class CachedSamples:
    """The samples of a cache file; picklable, mapped separately in each worker process.

    Args:
        path: The file.
        names: Names of its samples.
        key: Expected key.

    Raises:
        ValueError: another or an incomplete file.
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path, names: tuple[str, ...], key: str) -> None:
        self._path, self._names = path, names
        self._bytes: NDArray[np.uint8] | None = None
        with open_regular(path) as file:
            end = file.seek(0, 2)
            tail = len(_MAGIC) + len(key) + 32 * len(names)
            if end < tail:
                raise ValueError("too short")
            file.seek(end - tail)
            index = np.frombuffer(file.read(32 * len(names)), np.int64).reshape(-1, 4)
            if file.read() != key.encode() + _MAGIC:
                raise ValueError("another key")
        offsets, heights, widths, instances = index.T
        if (index < 0).any() or (index > (end, _LONGEST_SIDE, _LONGEST_SIDE, 1)).any() or ((heights == 0) != (widths == 0)).any():
            raise ValueError("impossible sizes")
        sizes = heights * widths * (4 + 2 * instances)
        ends = np.cumsum(sizes)
        if (offsets != ends - sizes).any() or sizes.sum() != end - tail:
            raise ValueError("gaps or overlaps")
        self._index, self._length = index, end

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_bytes": None}

    def read(self, index: int) -> Sample | None:
        """Return a resized sample; None for one that could not be decoded, or where the file is gone."""
        offset, height, width, has_instances = (int(number) for number in self._index[index])
        if not height:
            return None
        if self._bytes is None:
            try:
                mapped = np.memmap(self._path, np.uint8, "r")
            except (OSError, ValueError):  # removed or emptied since
                return None
            if len(mapped) != self._length:
                return None
            self._bytes = mapped
        pixels = height * width
        photo, labels = self._bytes[offset : offset + 3 * pixels], self._bytes[offset + 3 * pixels : offset + 4 * pixels]
        instances = None
        if has_instances:
            instances = self._bytes[offset + 4 * pixels : offset + 6 * pixels].view("<u2").reshape(height, width).astype(np.int32)
        return Sample(photo.reshape(height, width, 3), labels.reshape(height, width), instances, self._names[index])


def open_cache(
    cache: CacheFile, *, workers: int, tell: Callable[[str], None] = lambda words: None, stopped: Callable[[], bool] = lambda: False
) -> CachedSamples | None:
    """Return the cached samples of a data set, decoding them first if necessary, in one process at a time.

    Args:
        cache: The cache file.
        workers: Number of processes that decode.
        tell: Callback with the estimated size before decoding.
        stopped: Callback, polled for cancellation.

    Returns:
        The samples, or None where cancelled.

    Raises:
        DataError: too little space, or the folder cannot be written.
    """
    key, names = cache.key, tuple(entry.name for entry in cache.dataset.entries)
    path = cache.path(key)
    try:
        cache.folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(f"{path}.lock")
        while not stopped():
            try:
                lock.acquire(timeout=_LOOK)
            except filelock.Timeout:
                continue
            try:
                if (found := _opened(path, names, key)) is not None:
                    return found
                _check_room(cache, path, tell)
                if _write(cache, path, key, workers, stopped):
                    return CachedSamples(path, names, key)
            finally:
                lock.release()
    except OSError as error:
        found = f"{path} cannot be written: {error.strerror or error}"
        raise DataError(found, "a folder with room for decoded pictures", "Give another one as data.cache, or none") from error
    return None


def _opened(path: Path, names: tuple[str, ...], key: str) -> CachedSamples | None:
    try:
        return CachedSamples(path, names, key)
    except (OSError, ValueError):  # not there, or not whole: it is written anew
        return None


def _check_room(cache: CacheFile, path: Path, tell: Callable[[str], None]) -> None:
    size, free = cache.estimated_bytes(), shutil.disk_usage(cache.folder).free
    words = f"{size / (1 << 20):,.0f} MiB"
    if size + _SPARE > free:
        found = f"{cache.folder} has {free / (1 << 20):,.0f} MiB free for decoded pictures of about {words}"
        raise DataError(found, "room for all of them", "Give another folder as data.cache, or none")
    tell(f"{len(cache.dataset):,} samples are decoded once, into {path}: about {words}.")


class _Resized(TorchDataset["Sample | None"]):
    """The samples as they are kept, None for those that cannot be read."""

    def __init__(self, cache: CacheFile) -> None:
        self._cache = cache

    def __len__(self) -> int:
        return len(self._cache.dataset)

    def __getitem__(self, index: int) -> Sample | None:
        cache = self._cache
        try:
            return resized(cache.dataset.read(index), cache.geometry, cache.multiple)
        except DataError:
            return None


def _as_it_is(sample: Any) -> Any:
    return sample


def _all_samples(cache: CacheFile, workers: int) -> Iterator[Sample | None]:
    loader: DataLoader[Any] = DataLoader(
        _Resized(cache),
        batch_size=None,
        collate_fn=_as_it_is,
        num_workers=workers,
        worker_init_fn=start_worker if workers else None,
        multiprocessing_context=worker_context() if workers else None,
    )
    return iter(loader)


class _Stopped(Exception):  # noqa: N818 - no error, and nobody sees it
    pass


def _write(cache: CacheFile, path: Path, key: str, workers: int, stopped: Callable[[], bool]) -> bool:
    """Write the file, whole or not at all; returns whether it is there."""
    try:
        with atomic_writer(path) as file:
            index = [_append(file, sample) for sample in _until(stopped, _all_samples(cache, workers))]
            file.write(np.array(index, np.int64).tobytes() + key.encode() + _MAGIC)
    except _Stopped:
        return False
    return True


def _until(stopped: Callable[[], bool], samples: Iterator[Sample | None]) -> Iterator[Sample | None]:
    for sample in samples:
        if stopped():
            raise _Stopped
        yield sample


def _append(file: BinaryIO, sample: Sample | None) -> tuple[int, int, int, int]:
    """Write a sample; returns its line of the index: where it begins, height, width, and whether it has instances."""
    offset = file.tell()
    if sample is None:
        return offset, 0, 0, 0
    file.write(np.ascontiguousarray(sample.photo).tobytes())
    file.write(np.ascontiguousarray(sample.labels).tobytes())
    if sample.instances is not None:
        file.write(sample.instances.astype("<u2").tobytes())
    return (offset, *sample.labels.shape, int(sample.instances is not None))
