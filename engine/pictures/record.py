"""The provenance of a renderer's picture, and its differences from another renderer."""

from __future__ import annotations

import importlib.metadata
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from spade_studio.engine.networks.config import DecoderConfig
from spade_studio.engine.pictures.provenance import Provenance
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.result_plan import ResultPlan
from spade_studio.engine.style import StyleCode
from spade_studio.engine.weights import PublishedOptions


def describe_picture(
    renderer: Renderer,
    labels: NDArray[np.uint8],
    instances: NDArray[np.uint16] | None,
    z: StyleCode | None,
    drawn: tuple[int | None, float],
    plan: ResultPlan | None = None,
    texture_regions: NDArray[np.uint16] | None = None,
) -> Provenance:
    """Return the provenance of a picture.

    Args:
        renderer: Renderer of the picture.
        labels: Label map at the size of the generator's picture, uint8 [H, W].
        instances: Instance ids, uint16 [H, W], or None.
        z: Style code, float32 [z], or None.
        drawn: (seed, truncation) of ``z``; the seed is None where it was not drawn.
        plan: Plan of the result; None where the generator's picture is the result.
        texture_regions: Texture regions, uint16 [H, W], or None.
    """
    upscaler = None if plan is None else renderer.finisher.upscaler(plan.detail, plan.upscaler)
    info = renderer.info
    label_set = info.channels.label_set if info.channels else None
    named = {} if label_set is None else {int(id_): label_set.by_id(int(id_)) for id_ in np.unique(labels)}
    options = PublishedOptions()
    if info.file_kind == "published" and info.generator is not None:
        unlabeled = info.channels.unlabeled_channel if info.channels else None
        options = PublishedOptions(
            upsampling=info.generator.upsampling if isinstance(info.generator, DecoderConfig) else None,
            crop_size=info.generator.crop_size,
            aspect_ratio=info.generator.aspect_ratio,
            label_set=label_set,
            unlabeled=None if unlabeled is None else "first" if unlabeled == 0 else "last",
        )
    return Provenance(
        labels=labels,
        instances=instances,
        z=z,
        device=renderer.device,
        device_name=device_name(renderer.device)[:200],
        dtype=renderer.dtype,
        modulation=renderer.modulation_path,
        weights_name=(info.name or info.path.name)[:200],
        weights_sha256=renderer.weights_sha256,
        label_set="" if label_set is None else label_set.name,
        label_names={id_: label.name for id_, label in named.items() if label is not None},
        version=_version("spade-studio"),
        torch=_version("torch"),
        seed=drawn[0],
        truncation=drawn[1],
        options=options,
        result=None if plan is None or plan.is_plain else plan.result,
        detail="none" if plan is None else plan.detail,
        detail_name="" if upscaler is None else upscaler.info.name,
        detail_sha256="" if upscaler is None else upscaler.sha256,
        texture=renderer.texture if renderer.has_texture else 0,
        texture_regions=texture_regions if renderer.has_texture and texture_regions is not None and texture_regions.any() else None,
    )


def differences(recorded: Provenance, renderer: Renderer, upscaler: Path | None = None) -> list[str]:
    """Return descriptions of all differences between a picture's provenance and a renderer; empty where it would render the same bits.

    Args:
        recorded: Provenance of the picture.
        renderer: Renderer to render it again.
        upscaler: Upscaler file in place of the level's.
    """
    found: list[str] = []
    if recorded.weights_sha256 != renderer.weights_sha256:
        name = renderer.info.name or renderer.info.path.name
        found.append(
            f"other weights: it was rendered with {recorded.weights_name!r} (SHA-256 {recorded.weights_sha256[:12]}...), "
            f"now {name!r} ({renderer.weights_sha256[:12]}...)"
        )
    network = renderer.finisher.upscaler(recorded.detail, upscaler)
    if network is not None and network.sha256 != recorded.detail_sha256:
        found.append(
            f"another upscaler: {recorded.detail_name!r} (SHA-256 {recorded.detail_sha256[:12]}...) then, "
            f"{network.info.name!r} ({network.sha256[:12]}...) now"
        )
    if recorded.device.partition(":")[0] != renderer.device.partition(":")[0]:
        found.append(f"another device: {recorded.device} then, {renderer.device} now")
    elif recorded.device_name != device_name(renderer.device):
        found.append(f"another processor: {recorded.device_name!r} then, {device_name(renderer.device)!r} now")
    if recorded.dtype != renderer.dtype:
        found.append(f"another compute type: {recorded.dtype} then, {renderer.dtype} now")
    if recorded.modulation != renderer.modulation_path:
        found.append(f"another way of modulation: {recorded.modulation} then, {renderer.modulation_path} now")
    if recorded.torch != _version("torch"):
        found.append(f"another version of torch: {recorded.torch} then, {_version('torch')} now")
    return found


@cache
def device_name(device: str) -> str:
    """Return the name of a GPU, or the widest instruction set of the CPU, which determines how sums are rounded."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return torch.backends.cpu.get_cpu_capability() if device == "cpu" else device


@cache
def _version(distribution: str) -> str:
    return importlib.metadata.version(distribution)
