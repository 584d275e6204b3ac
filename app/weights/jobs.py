"""What the weights manager has done on its thread: looking at files, and a trial of other weights beside those in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from spade_studio.app.rendering import loading
from spade_studio.app.ui.worker import Job, Progress
from spade_studio.app.weights.shelf import Shelf, Stamp
from spade_studio.engine.errors import AmbiguousWeightsError, EngineError, WeightsError
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.weights.facts import WeightsFacts
from spade_studio.engine.weights.info import PublishedOptions

if TYPE_CHECKING:
    from spade_studio.app.rendering.loading import LoadOptions
    from spade_studio.engine.rendering.renderer import Renderer

_TELL_SECONDS = 0.05


@dataclass(frozen=True, eq=False)
class Examined:
    """What a look at weights has told.

    Attributes:
        path: The file or folder.
        options: What a person has answered about it, now or before.
        facts: None while something is still to be answered, or where the answers do not fit.
        problem: Why there are none.
        questions: What the file leaves open whatever was answered: a name of :class:`PublishedOptions` with the choices that fit.
        stamp: The hash of its files; None where nothing could be asked.
    """

    path: Path
    options: PublishedOptions
    facts: WeightsFacts | None
    problem: EngineError | None = None
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    stamp: Stamp | None = None


def examine(path: Path, shelf: Shelf, job: Job) -> Examined:
    """Look at weights, and at what was answered about files of the same content before.

    Raises:
        WeightsError: Nothing usable is there, or it is damaged or hostile.
    """
    job.report(Progress(QCoreApplication.translate("WeightsJobs", "Looking at {name}…").format(name=path.name)))
    questions: Mapping[str, tuple[str, ...]] = {}
    facts: WeightsFacts | None = None
    problem: EngineError | None = None
    try:
        facts = loading.examine_weights(path)
    except AmbiguousWeightsError as error:
        problem, questions = error, error.questions
    if facts is not None and not may_ask(facts):
        return Examined(path, PublishedOptions(), facts)
    stamp = _stamp(path, shelf, job)
    options = shelf.answers(stamp.sha256)
    first = Examined(path, PublishedOptions(), facts, problem, questions, stamp)
    return first if options is None else examine_again(first, options)


def examine_again(before: Examined, options: PublishedOptions) -> Examined:
    """Look again with other answers; that they do not fit is a result like any other.

    Raises:
        WeightsError: What stood there is gone or damaged since.
    """
    try:
        facts = loading.examine_weights(before.path, options)
    except WeightsError as error:
        loading.deciding_files(before.path)  # the files are sound: it is the answers
        return Examined(before.path, options, None, error, before.questions, before.stamp)
    return Examined(before.path, options, facts, None, before.questions, before.stamp)


def may_ask(facts: WeightsFacts) -> bool:
    """Whether a person may know more of weights than their files tell."""
    info = facts.info
    if info.generator is None or info.channels is None:
        return False
    return info.file_kind == "published" or info.channels.label_set is None


def _stamp(path: Path, shelf: Shelf, job: Job) -> Stamp:
    files = loading.deciding_files(path)
    try:
        states = [file.stat() for file in files]
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read ({error})", "files that you may read", "Check the path") from error
    size, modified = sum(state.st_size for state in states), max(state.st_mtime_ns for state in states)
    entry = shelf.find(path)
    if entry is not None and entry.stamp is not None and (entry.stamp.size, entry.stamp.modified) == (size, modified):
        return entry.stamp
    text = QCoreApplication.translate("WeightsJobs", "Reading {name}…").format(name=path.name)
    told = monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told
        if job.is_cancelled or done == total or monotonic() - told >= _TELL_SECONDS:
            told = monotonic()
            job.report(Progress(text, done >> 10, total >> 10))

    return Stamp(size, modified, loading.fingerprint(files, progress))


@dataclass(frozen=True, eq=False)
class Scene:
    """What a trial renders: the window's layout in its style.

    Attributes:
        labels: uint8 ``[H, W]``, ids of ``label_set``.
        instances: Borders between objects, ``[H, W]``, or None.
        label_set: What the ids mean.
        style: A seed, or a style code [z].
        seed: Stands in where the weights take no such code.
        texture: The seed of the noise.
        texture_regions: Where it has other seeds, uint16 ``[H, W]``, or None.
    """

    labels: NDArray[np.uint8]
    instances: NDArray[np.integer] | None
    label_set: LabelSet
    style: int | NDArray[np.float32]
    seed: int
    texture: int = 0
    texture_regions: NDArray[np.uint16] | None = None


@dataclass(eq=False)
class Trial:
    """Other weights, loaded beside those in use, and their picture.

    Attributes:
        options: What was loaded.
        renderer: It; None once it was handed on.
        image: uint8 ``[h, w, 3]``.
        seconds: What loading took.
    """

    options: LoadOptions
    renderer: Renderer | None
    image: NDArray[np.uint8]
    seconds: float


def try_out(options: LoadOptions, load: Callable[[], Renderer], scene: Scene, job: Job) -> Trial:
    """Load other weights and render the scene with them.

    Raises:
        EngineError: They cannot be loaded or cannot render.
    """
    start = monotonic()
    job.report(Progress(QCoreApplication.translate("WeightsJobs", "Loading the weights…")))
    renderer = load()
    seconds = monotonic() - start
    job.report(Progress(QCoreApplication.translate("WeightsJobs", "Rendering your layout with them…")))
    image = render_scene(renderer, scene)
    renderer.release_memory()
    return Trial(options, renderer, image, seconds)


def render_scene(renderer: Renderer, scene: Scene) -> NDArray[np.uint8]:
    """Return the scene's picture, uint8 ``[h, w, 3]``, with about as many pixels as the weights were trained on.

    Raises:
        EngineError: It cannot be rendered.
    """
    style = scene.style if isinstance(scene.style, int) or len(scene.style) == renderer.z_width else scene.seed
    noise = {"texture": scene.texture, "texture_regions": scene.texture_regions}
    made = loading.render_described(renderer, scene.labels, scene.instances, scene.label_set, SizeWish(), style, **noise)
    return made.image
