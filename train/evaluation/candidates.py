"""The candidates of an evaluation: weights that render layouts, folders of rendered pictures, and real photographs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.files import read_regular
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.style import StyleCode
from spade_studio.train.datasets.decoding import PHOTO_SUFFIXES, decode_photo
from spade_studio.train.datasets.pairs import PairDataset, Sample
from spade_studio.train.datasets.sources import MAX_FILE_BYTES
from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.evaluation.memory import peak_memory

CandidateKind = Literal["weights", "pictures", "photographs", "others"]
StyleChoice = Literal["random", "photo"]
PHOTOGRAPHS: Final = "real photographs"
OTHERS: Final = "other real photographs"


@dataclass(frozen=True, eq=False)
class Shown:
    """A candidate's pictures of a sample, uint8 [H, W, 3].

    Attributes:
        picture: Picture to segment.
        styles: Pictures in several random styles; may be empty.
        reconstruction: Picture in the style of the sample's photograph; None without an encoder.
        seconds: Render time of the picture; None for existing pictures.
        memory: Peak memory in bytes while rendering; None where unknown.
        unknown: Fraction of the layout's pixels whose labels the weights lack.
    """

    picture: NDArray[np.uint8]
    styles: tuple[NDArray[np.uint8], ...] = ()
    reconstruction: NDArray[np.uint8] | None = None
    seconds: float | None = None
    memory: int | None = None
    unknown: float = 0.0


class Candidate(Protocol):
    """Interface of candidates."""

    @property
    def name(self) -> str:
        """Name in reports."""
        ...

    @property
    def kind(self) -> CandidateKind:
        """Kind of candidate."""
        ...

    @property
    def digest(self) -> str:
        """Digest of everything that determines its pictures."""
        ...

    def show(self, sample: Sample, number: int) -> Shown:
        """Return the pictures of a sample; ``number`` is its index in the data, which determines random styles.

        Raises:
            EngineError: the sample cannot be rendered, or its picture cannot be read.
        """
        ...


class RenderingWeights:
    """Weights that render the layouts.

    Args:
        renderer: Renderer of the weights.
        name: Name in reports.
        label_set: Label set of the data, transferred by name.
        size: (height, width) of the pictures; the training size where None.
        style: Style of the pictures, random or that of the photograph, for weights with an encoder.
        styles: Number of random styles to compare; fewer than two for none.
        seed: Seed of the random styles: picture n has the style of seed + n, as with ``spade-render --seed``.
        reconstructs: Whether to render the styles of photographs.

    Raises:
        RenderError: the weights cannot render that size.
    """

    kind: CandidateKind = "weights"

    def __init__(
        self,
        renderer: Renderer,
        name: str,
        label_set: LabelSet,
        *,
        size: tuple[int, int] | None = None,
        style: StyleChoice = "random",
        styles: int = 0,
        seed: int = 0,
        reconstructs: bool = False,
    ) -> None:
        self.name, self._renderer = name, renderer
        self._transfer = LabelTransfer(label_set, renderer.channels)
        self.size: tuple[int, int] = size or renderer.info.training_size or renderer.config.picture_size
        renderer.check_size(*self.size)
        self._has_encoder = renderer.info.encoder is not None
        self._style: StyleChoice = style if self._has_encoder else "random"
        self._styles = styles if renderer.z_width is not None and styles > 1 else 0
        self._reconstructs = reconstructs and self._has_encoder
        self._seed = seed
        bank = None if renderer.bank is None else renderer.bank.sha256
        told = (renderer.weights_sha256, bank, renderer.dtype, self.size, self._style, self._styles, seed, self._reconstructs)
        self.digest = hashlib.sha256(repr(told).encode()).hexdigest()

    def show(self, sample: Sample, number: int) -> Shown:
        """Render a sample."""
        renderer = self._renderer
        labels, unknown = self._transfer.apply(sample.labels)
        of_photo = renderer.style_from_image(sample.photo) if self._has_encoder and (self._reconstructs or self._style == "photo") else None
        codes = self._codes(number)
        first = of_photo if self._style == "photo" else codes[0] if codes else None
        with peak_memory(renderer.device) as peak:
            started = time.perf_counter()
            renderer.set_style(first)
            renderer.set_layout(labels, sample.instances, self.size)
            picture = renderer.render()[0]
            seconds = time.perf_counter() - started
        others: list[NDArray[np.uint8]] = []
        if self._styles:
            others = [picture if code is first else self._render(code) for code in codes]
        reconstruction = None
        if self._reconstructs:
            reconstruction = picture if of_photo is first else self._render(of_photo)
        return Shown(picture, tuple(others), reconstruction, seconds, peak.bytes, sum(unknown.values()) / labels.size)

    def _codes(self, number: int) -> list[StyleCode]:
        if self._renderer.z_width is None:
            return []
        # Further styles are far from the first ones of all other pictures.
        return [self._renderer.style_from_seed(self._seed + number + (style << 32)) for style in range(max(self._styles, 1))]

    def _render(self, code: StyleCode | None) -> NDArray[np.uint8]:
        self._renderer.set_style(code)
        return self._renderer.render()[0]


class RenderedPictures:
    """A folder of pictures named like the samples, as written by ``spade-render``; of several variations the first is used.

    Args:
        folder: Folder of the pictures.
        name: Name in reports.
        dataset: The samples.

    Raises:
        EvaluationError: samples without a picture.
    """

    kind: CandidateKind = "pictures"

    def __init__(self, folder: Path, name: str, dataset: PairDataset) -> None:
        self.name = name
        if not folder.is_dir():
            raise EvaluationError(f"{folder} is not a folder", "a folder of rendered pictures")
        files = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in PHOTO_SUFFIXES}
        self._files: list[Path] = []
        missing: list[str] = []
        for number in range(len(dataset)):
            name_of = dataset.name(number)
            # spade-render calls a picture after its map, and after the map's folders too where maps share a name.
            stems = (name_of.replace("/", "_"), Path(name_of).name, Path(dataset.entries[number].labels).stem)
            path = next((files[stem + end] for stem in stems for end in ("", "_0000") if stem + end in files), None)
            if path is None:
                missing.append(name_of)
            else:
                self._files.append(path)
        if missing:
            raise EvaluationError(
                f"{folder} lacks {len(missing)} of {len(dataset)} pictures, {missing[0]} first",
                "a picture for every layout, with the same name",
                "Render them (spade-render), or measure on fewer layouts (--limit, --held-out)",
            )
        told = [(path.name, (state := path.stat()).st_size, state.st_mtime_ns) for path in self._files]
        self.digest = hashlib.sha256(repr((str(folder.resolve()), told)).encode()).hexdigest()

    def show(self, sample: Sample, number: int) -> Shown:
        """Read a sample's picture."""
        del sample
        path = self._files[number]
        try:
            content = read_regular(path, MAX_FILE_BYTES)
        except OSError as error:
            raise EvaluationError(f"{path} cannot be read ({error.strerror})", "a picture") from error
        return Shown(decode_photo(content, str(path), upright=False))


class Photographs:
    """The real photographs, as an upper bound for the segmenter.

    Args:
        size: (height, width) at which pictures are compared.
    """

    kind: CandidateKind = "photographs"
    name: str = PHOTOGRAPHS

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self.digest = f"{size}"

    def show(self, sample: Sample, number: int) -> Shown:
        """Return the sample's photograph."""
        del number
        return Shown(fitted(sample.photo, self._size))


class OtherPhotographs(Photographs):
    """Other real photographs, whose distance from those of the data is a lower bound for generated pictures.

    Args:
        size: (height, width) at which pictures are compared.
        names: Names of the photographs.
    """

    kind: CandidateKind = "others"
    name: str = OTHERS

    def __init__(self, size: tuple[int, int], names: Sequence[str]) -> None:
        super().__init__(size)
        self.digest = hashlib.sha256(repr((size, tuple(names))).encode()).hexdigest()


def fitted(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture, uint8 [H, W, 3], resized to (height, width) bicubically, like training pictures."""
    if picture.shape[:2] == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.BICUBIC))
