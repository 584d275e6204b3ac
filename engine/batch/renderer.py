"""Renders many label maps while files are read ahead and written behind."""

from __future__ import annotations

import errno
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.batch.map_account import MapAccount
from spade_studio.engine.batch.map_list import MapFile
from spade_studio.engine.batch.picture import plan_picture, prepare_layout
from spade_studio.engine.batch.plan import BatchPlan, InstanceFolder, MapPicture
from spade_studio.engine.batch.style_plan import StylePlan
from spade_studio.engine.errors import EngineError, RenderError
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.pictures.instance_maps import read_instance_map
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import SettledMap, settle
from spade_studio.engine.pictures.picture_files import Picture, PictureFormat, write_picture
from spade_studio.engine.pictures.provenance import pack_layout, pack_settings
from spade_studio.engine.pictures.record import describe_picture
from spade_studio.engine.rendering.frame_sizes import SAME_ASPECT
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.result_plan import LARGEST_RAW_FACTOR, raw_factor
from spade_studio.engine.rendering.results import render_result, render_result_float

_READ_AHEAD = 2
_WRITE_BEHIND = 16
_WRITE_BEHIND_BYTES = 256 << 20
_Work = tuple[MapPicture, ...]
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class CannotWriteError(EngineError):
    """Raised when no further file can be written (disk full or read-only)."""


@dataclass(frozen=True)
class Failure:
    """A label map whose pictures are missing, and why."""

    path: Path
    message: str


@dataclass
class BatchOutcome:
    """The outcome of a batch.

    Attributes:
        rendered: Number of pictures written.
        failures: Label maps without all their pictures.
        large: Number of label maps rendered by the generator at more than 1.5 times its training size.
        stretched: Number of label maps whose aspect ratio is not kept.
        maps: How the maps were read, and which of their labels the weights lack.
    """

    maps: MapAccount
    rendered: int = 0
    failures: list[Failure] = field(default_factory=list[Failure])
    large: int = 0
    stretched: int = 0


@dataclass(frozen=True, eq=False)
class _Inputs:
    settled: SettledMap
    instances: NDArray[np.int32] | None


class BatchRenderer:
    """Renders the maps of a plan with one set of weights.

    Args:
        renderer: The loaded weights.
        styles: Style of each picture.
        transfer: Transfer from the assumed label set of the maps to the weights' ids.
        is_given: Whether the user named this label set.
        instances: Instance maps; the labels take their place where None.
        texture_map: Texture regions of all pictures, uint16 [H, W] of the maps' size; None for none.
        picture_format: File format.
        finished: Callback with the number of pictures that were just written or given up.
    """

    def __init__(
        self,
        renderer: Renderer,
        styles: StylePlan,
        transfer: LabelTransfer,
        *,
        is_given: bool,
        instances: InstanceFolder | None,
        texture_map: NDArray[np.uint16] | None = None,
        picture_format: PictureFormat,
        finished: Callable[[int], object],
    ) -> None:
        self._renderer = renderer
        self._styles = styles
        self._assumed, self._is_given = transfer.source_set, is_given
        self._instances = instances
        self._texture_map = texture_map
        self._format: PictureFormat = picture_format
        self._finished = finished
        self._writing: deque[tuple[MapFile, Future[None]]] = deque()
        self.outcome = BatchOutcome(MapAccount(transfer, renderer.channels))

    def run(self, plan: BatchPlan) -> None:
        """Render the pictures of a plan; failures of single maps go to ``outcome``, which is valid after an interrupt too.

        Raises:
            CannotWriteError: the disk is full or read-only.
            KeyboardInterrupt: the user interrupted it; all files written are whole.
        """
        with ThreadPoolExecutor(3, "files") as pool:
            try:
                for work, reading in self._read_ahead(pool, plan.works):
                    self._render_map(pool, plan.folder, work, reading)
                while self._writing:
                    self._settle_oldest()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                self._count_written()
                raise

    def _read_ahead(self, pool: ThreadPoolExecutor, works: Sequence[_Work]) -> Iterator[tuple[_Work, Future[_Inputs]]]:
        reading: deque[tuple[_Work, Future[_Inputs]]] = deque()
        for work in works:
            reading.append((work, pool.submit(self._read, work[0].layout)))
            if len(reading) > _READ_AHEAD:
                yield reading.popleft()
        yield from reading

    def _read(self, file: MapFile) -> _Inputs:
        settled = settle(read_label_picture(file.path), self._assumed, is_given=self._is_given)
        if self._instances is None:
            return _Inputs(settled, None)
        path = self._instances.find(file)
        instances = read_instance_map(path)
        if instances.shape != settled.labels.shape:
            raise RenderError(
                f"{path} has {instances.shape[1]} x {instances.shape[0]} pixels",
                f"the label map's {settled.labels.shape[1]} x {settled.labels.shape[0]}",
            )
        return _Inputs(settled, instances)

    def _render_map(self, pool: ThreadPoolExecutor, folder: Path, work: _Work, reading: Future[_Inputs]) -> None:
        waiting = list(work)
        file = work[0].layout
        try:
            inputs = reading.result()
            transfer = self.outcome.maps.transfer_from(inputs.settled.label_set)
            source = inputs.settled.labels
            plan = plan_picture(self._renderer, (source.shape[0], source.shape[1]), work[0].size)
            prepared = prepare_layout(self._renderer, source, inputs.instances, plan, transfer, 0, self._texture_map_of(source))
            labels, stored, regions = prepared.labels, prepared.instances, prepared.texture_regions
            padded_regions = None if regions is None else plan.padded(regions)
            layout_texts = pack_layout(labels, stored, regions) if self._format == "png" else {}
            while waiting:
                planned = waiting[0]
                # One style at a time: the generator gains nothing from a batch of them.
                code, seed = self._styles.resolve(planned.place, planned.style)
                self._renderer.set_style(code)
                self._renderer.set_texture(self._styles.first_texture + planned.variation, padded_regions)
                picture = render_result_float(self._renderer, plan) if self._format == "npy" else render_result(self._renderer, plan)
                assert picture is not None
                texts: Mapping[str, str] = {}
                if self._format == "png":
                    drawn = seed, self._styles.truncation
                    about = describe_picture(self._renderer, labels, stored, code, drawn, plan, regions)
                    texts = {**pack_settings(about), **layout_texts}
                self._write(pool, file, folder / planned.file, picture, texts)
                del waiting[0]
            self.outcome.maps.add(inputs.settled, prepared.unknown)
            trained = self._renderer.info.training_size
            if trained is not None and raw_factor(plan.base, trained) > LARGEST_RAW_FACTOR:
                self.outcome.large += 1
            if abs(math.log(plan.stretch)) > SAME_ASPECT:
                self.outcome.stretched += 1
        except CannotWriteError:
            raise
        except (EngineError, OSError, MemoryError) as error:
            self._fail(file, error, len(waiting))

    def _texture_map_of(self, labels: NDArray[np.uint8]) -> NDArray[np.uint16] | None:
        regions = self._texture_map
        if regions is not None and regions.shape != labels.shape:
            found = f"a texture map of {regions.shape[1]} x {regions.shape[0]} pixels"
            raise RenderError(found, f"the label map's {labels.shape[1]} x {labels.shape[0]}", "Give maps of one size with --texture-map")
        return regions if regions is not None and regions.any() else None

    def _write(self, pool: ThreadPoolExecutor, file: MapFile, path: Path, picture: Picture, texts: Mapping[str, str]) -> None:
        allowed = min(_WRITE_BEHIND, max(1, _WRITE_BEHIND_BYTES // picture.nbytes))
        while self._writing and (len(self._writing) >= allowed or self._writing[0][1].done()):
            self._settle_oldest()
        self._writing.append((file, pool.submit(partial(write_picture, path, picture, self._format, texts))))

    def _settle_oldest(self) -> None:
        file, future = self._writing.popleft()
        try:
            future.result()
        except (OSError, MemoryError) as error:
            if isinstance(error, OSError) and error.errno in _FULL_DISK:
                raise CannotWriteError(f"no picture can be written ({error.strerror})", "", "Make room and run it again") from error
            self._fail(file, error, 1)
        else:
            self.outcome.rendered += 1
            self._finished(1)

    def _count_written(self) -> None:
        for _, future in self._writing:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.outcome.rendered += 1
        self._writing.clear()

    def _fail(self, file: MapFile, error: Exception, pictures: int) -> None:
        if not self.outcome.failures or self.outcome.failures[-1].path != file.path:
            message = str(error) or type(error).__name__
            if str(file.path) not in message:
                message = f"{file.path}: {message}"
            self.outcome.failures.append(Failure(file.path, message))
        self._finished(pictures)
