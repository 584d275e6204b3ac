"""Segmentation networks for evaluation: models of ``transformers``, and safetensors files with a graph."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.engine.labels import load_label_set
from spade_studio.train.datasets.label_photos import Segmenter as TransformersModel
from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.evaluation.graph_file import GraphNetwork, is_graph_file

NOTHING: Final = "unlabeled"
"""Class name of pixels that belong to no class."""


class Segmenter(Protocol):
    """Interface of segmentation networks."""

    @property
    def name(self) -> str:
        """Name in reports."""
        ...

    @property
    def digest(self) -> str:
        """Digest of the network, part of the fingerprint of measurements."""
        ...

    @property
    def class_names(self) -> Mapping[int, str]:
        """Class names by number."""
        ...

    def classes_at(self, picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.int64]:
        """Return class numbers, int64 [height, width], of a picture uint8 [H, W, 3]."""
        ...


class TransformersSegmenter(TransformersModel):
    """Model of Hugging Face ``transformers``, with its own preprocessing.

    Args:
        model: Folder of a model, or its name on the hub.
        device: Device of the model.

    Raises:
        DataError: ``transformers`` is not installed, or the model cannot be loaded.
    """

    def __init__(self, model: str, device: torch.device) -> None:
        super().__init__(model, device)
        folder = Path(model)
        self.name = folder.name if folder.is_dir() else model
        self.digest = _digest_of_state(self._model.state_dict(), repr(self._processor.to_dict()))

    def classes_at(self, picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.int64]:
        """Return class numbers, int64 [height, width], of a picture uint8 [H, W, 3]."""
        inputs = self._processor(images=Image.fromarray(picture), return_tensors="pt").to(self.device)
        with torch.inference_mode():
            outputs = self._model(**inputs)
        (found,) = self._processor.post_process_semantic_segmentation(outputs, target_sizes=[(height, width)])
        return found.to("cpu", torch.int64).numpy()


class GraphSegmenter:
    """Network of a safetensors file with a graph; class 0 is no class, followed by ADE20K's most frequent ones.

    Args:
        path: Path of the file.
        device: Device of the network.

    Raises:
        WeightsError: The file is unusable.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        self.name = path.stem
        self.digest = sha256_of(path)
        self._network = GraphNetwork.load(path, device)
        self._device = device
        labels = load_label_set("ade20k")
        if self._network.channels > len(labels.labels) + 1:
            raise WeightsError(f"{path.name} tells {self._network.channels} classes apart", f"at most {len(labels.labels) + 1}")
        named = {label.id: ";".join((label.name, *label.synonyms)) for label in labels.labels}
        self.class_names: Mapping[int, str] = {number: named.get(number, NOTHING) for number in range(self._network.channels)}

    def classes_at(self, picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.int64]:
        """Return class numbers, int64 [height, width], of a picture uint8 [H, W, 3]."""
        side = self._network.side
        enlarged = np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))
        with torch.inference_mode():
            pixels = torch.from_numpy(enlarged).to(self._device).permute(2, 0, 1)[None].float() / 127.5 - 1  # pyright: ignore[reportUnknownMemberType]
            logits = F.interpolate(self._network(pixels), size=(height, width), mode="bilinear")
            return logits.argmax(1)[0].cpu().numpy()


def open_segmenter(name: str, device: torch.device) -> Segmenter:
    """Load a segmentation network by the path of a safetensors file or ``transformers`` folder, or by its hub name.

    Raises:
        EvaluationError: The file is not a segmentation network.
        DataError, WeightsError: The network cannot be loaded.
    """
    path = Path(name)
    if is_graph_file(path):
        return GraphSegmenter(path, device)
    if path.is_file():
        raise EvaluationError(
            f"{path} is no segmentation network that is known",
            "a safetensors file with a graph, a folder with a model of transformers, or its name on the Hugging Face hub",
        )
    return TransformersSegmenter(name, device)


def _digest_of_state(state: Mapping[str, torch.Tensor], settings: str) -> str:
    """Return a hash of the names, shapes and some values of all tensors; hashing large models whole would take seconds."""
    digest = hashlib.sha256(settings.encode())
    for name, tensor in state.items():
        flat = tensor.detach().flatten()
        sample = flat[:: max(1, len(flat) // 64)][:65].to("cpu", torch.float64) if len(flat) else torch.zeros(0)
        digest.update(f"{name} {tuple(tensor.shape)}".encode() + sample.numpy().tobytes())
    return digest.hexdigest()
