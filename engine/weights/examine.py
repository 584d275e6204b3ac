"""Inspection of weights from headers and tables of contents alone, fast for files of any size."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Final

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import open_regular
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.bundle import inspect_bundle
from spade_studio.engine.weights.facts import WeightsFacts
from spade_studio.engine.weights.info import PublishedOptions, TensorEntry
from spade_studio.engine.weights.recognize import recognize
from spade_studio.engine.weights.safetensors_header import checked_entries, read_safetensors_header
from spade_studio.engine.weights.shapes import is_needed, parameter_count

_MAX_CARD_BYTES: Final = 64 << 10
_CARDS: Final = ("model_card.md", "README.md")
_BLOCK: Final = 1 << 20


def examine_weights(path: Path, options: PublishedOptions | None = None) -> WeightsFacts:
    """Return the facts about weights of any kind.

    Args:
        path: A bundle, a ``.pth`` file (also of an encoder or discriminator alone), or a folder of the published code.
        options: Settings that published files leave open.

    Raises:
        WeightsError: no usable weights, or damaged or hostile ones.
        AmbiguousWeightsError: a required setting is neither in the files nor in the options.
    """
    options = options or PublishedOptions()
    if recognize(path) == "safetensors":
        info = inspect_bundle(path, options)
        tables: list[Mapping[str, TensorEntry]] = [checked_entries(read_safetensors_header(path))]
        files = (path,)
    else:
        from spade_studio.engine.weights.published import examine_published

        info, found = examine_published(path, options)
        # A discriminator beside a generator is never read.
        used = [file for letter, file in found.items() if letter != "D" or len(found) == 1]
        tables = [file.entries for file in used]
        files = tuple(file.path for file in found.values())
    return WeightsFacts(
        info,
        tuple((file, _size(file)) for file in files),
        _numbers(tables),
        parameter_count(info.generator) if info.generator else None,
        parameter_count(info.encoder) if info.encoder else None,
        _card(path),
    )


def deciding_files(path: Path) -> tuple[Path, ...]:
    """Return the files whose bytes determine pictures: the bundle, or generator and encoder.

    Raises:
        WeightsError: no usable weights, or damaged or hostile ones.
    """
    if recognize(path) == "safetensors":
        return (path,)
    from spade_studio.engine.weights.published import published_files

    return published_files(path)


def fingerprint(files: Sequence[Path], progress: Callable[[int, int], object]) -> str:
    """Return the SHA-256, in lower-case hex, of the concatenated bytes of the files.

    Args:
        files: Result of :func:`deciding_files`.
        progress: Callback with bytes read and total bytes, about every megabyte; an exception ends the reading.

    Raises:
        WeightsError: a file cannot be read.
    """
    digest = hashlib.sha256()
    total, done = sum(_size(file) for file in files), 0
    for path in files:
        try:
            with open_regular(path) as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    done += len(block)
                    progress(done, total)
        except OSError as error:
            raise _unreadable(path, error) from error
    return digest.hexdigest()


def _numbers(tables: Iterable[Mapping[str, TensorEntry]]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for entries in tables:
        for name, entry in entries.items():
            if is_needed(name):
                counts[entry.dtype] += prod(entry.shape)
    return dict(counts.most_common())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError(f"{path.name} cannot be read ({error})", "a file that you may read", "Check the path and the permissions")


def _card(path: Path) -> str:
    """Return the text of a model card beside a bundle or in a folder; one that cannot be read is none."""
    places = [path / name for name in _CARDS] if path.is_dir() else [path.with_suffix(".md")]
    for place in places:
        try:
            if place.is_file():
                with open_regular(place) as file:
                    return printable(file.read(_MAX_CARD_BYTES).decode("utf-8", "replace")).strip()
        except OSError:
            continue
    return ""
