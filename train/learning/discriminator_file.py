"""The discriminator's file beside exported weights, for later trainings that start from them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import save  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import atomic_writer, open_regular
from spade_studio.engine.networks.config import DiscriminatorConfig
from spade_studio.engine.weights.safetensors_file import load_safetensors
from spade_studio.engine.weights.safetensors_header import read_safetensors_header
from spade_studio.engine.weights.torch_file import load_torch_file, read_torch_file

METADATA_KEY: Final = "spade-studio-discriminator"
_GENERATOR: Final = re.compile(r"(latest|[0-9]{1,9})_net_G\.pth")


def discriminator_path(weights: Path) -> Path:
    """Return the path of a bundle's discriminator: ``lake.discriminator.safetensors`` for ``lake.safetensors``."""
    return weights.with_name(f"{weights.stem}.discriminator.safetensors")


def save_discriminator(path: Path, config: DiscriminatorConfig, state: Mapping[str, Tensor]) -> None:
    """Write a discriminator atomically; equal input gives equal bytes.

    Raises:
        OSError: The file cannot be written.
    """
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    content = save(tensors, {METADATA_KEY: json.dumps(config.to_json(), sort_keys=True)})
    with atomic_writer(path) as file:
        file.write(content)


def load_discriminator_beside(weights: Path) -> dict[str, Tensor] | None:
    """Return the float32 state dict of the discriminator that belongs to weights; None where there is none.

    Args:
        weights: Path of a bundle, of a published folder, or of a generator's ``.pth`` in one.

    Raises:
        WeightsError: The discriminator cannot be read.
    """
    if weights.is_dir() or weights.suffix == ".pth":
        path = _published(weights)
        if path is None:
            return None
        with open_regular(path) as file:
            zipped = file.read(2) == b"PK"
        return {name: tensor.float() for name, tensor in load_torch_file(read_torch_file(path, zipped=zipped)).items()}
    path = discriminator_path(weights)
    if not path.is_file():
        return None
    try:
        described = METADATA_KEY in read_safetensors_header(path).metadata
        state = load_safetensors(path)
    except (SafetensorError, OSError) as error:
        expected = "a discriminator that spade-train export wrote"
        raise WeightsError(f"{path} cannot be read ({error})", expected, "Remove it, or copy it again") from error
    if not described:
        raise WeightsError(f"{path} is no discriminator of SPADE Studio", "one that spade-train export wrote", "Remove it")
    return {name: tensor.float() for name, tensor in state.items()}


def _published(weights: Path) -> Path | None:
    """Return the path of a published folder's discriminator, that of the generator's epoch; None where there is none."""
    if weights.is_dir():
        generators = [path for path in weights.iterdir() if _GENERATOR.fullmatch(path.name)]
        if not generators:
            return None
        weights = max(generators, key=_age)  # the same choice as the engine's
    path = weights.with_name(weights.name.replace("_net_G", "_net_D"))
    return path if path != weights and path.is_file() else None


def _age(generator: Path) -> float:
    epoch = generator.name.partition("_")[0]
    return float("inf") if epoch == "latest" else int(epoch)
