"""Background jobs of the weights manager: examining files and trying weights."""

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
    """Result of examining weights.

    Attributes:
        path: Examined file or folder.
        options: Answers given by the user, now or earlier.
        facts: Facts about the weights; None while answers are missing or do not fit.
        problem: Error that explains missing facts, or None.
        questions: Possible values by name of each :class:`PublishedOptions` field that the file leaves open, regardless of answers.
        stamp: Size, modification time and hash of the files; None if there is nothing to ask.
    """

    path: Path
    options: PublishedOptions
    facts: WeightsFacts | None
    problem: EngineError | None = None
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    stamp: Stamp | None = None


def examine(path: Path, shelf: Shelf, job: Job) -> Examined:
    """Examine weights, with earlier answers about files of the same content.

    Raises:
        WeightsError: The path holds no usable weights, or they are damaged or malicious.
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
    """Examine weights again with other answers; answers that do not fit are reported in the result.

    Raises:
        WeightsError: The files are meanwhile missing or damaged.
    """
    try:
        facts = loading.examine_weights(before.path, options)
    except WeightsError as error:
        loading.deciding_files(before.path)  # the files are valid, so the answers do not fit
        return Examined(before.path, options, None, error, before.questions, before.stamp)
    return Examined(before.path, options, facts, None, before.questions, before.stamp)


def may_ask(facts: WeightsFacts) -> bool:
    """Whether the user may be asked for information that the files lack."""
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
    """Input of a trial render: the window's layout and style.

    Attributes:
        labels: Label map with ids of ``label_set``, uint8 ``[H, W]``.
        instances: Instance map for object borders, integer ``[H, W]``, or None.
        label_set: Label set of the label map.
        style: Seed, or style code, float32 ``[z]``.
        seed: Seed used if the style code does not fit the weights.
        texture: Noise seed.
        texture_regions: Regions with their own noise seed, uint16 ``[H, W]``, or None.
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
    """Weights loaded beside those in use, and their picture.

    Attributes:
        options: Options of the loaded weights.
        renderer: Renderer with the loaded weights; None once handed over.
        image: Rendered picture, uint8 ``[h, w, 3]``.
        seconds: Loading time in seconds.
    """

    options: LoadOptions
    renderer: Renderer | None
    image: NDArray[np.uint8]
    seconds: float


def try_out(options: LoadOptions, load: Callable[[], Renderer], scene: Scene, job: Job) -> Trial:
    """Load weights and render the scene with them.

    Raises:
        EngineError: The weights cannot be loaded or cannot render the scene.
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
    """Return the rendered scene, uint8 ``[h, w, 3]``, with about as many pixels as the training images.

    Raises:
        EngineError: The scene cannot be rendered.
    """
    style = scene.style if isinstance(scene.style, int) or len(scene.style) == renderer.z_width else scene.seed
    noise = {"texture": scene.texture, "texture_regions": scene.texture_regions}
    made = loading.render_described(renderer, scene.labels, scene.instances, scene.label_set, SizeWish(), style, **noise)
    return made.image
