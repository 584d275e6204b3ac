"""Initialising generator, encoder and discriminator from existing weights, with labels matched by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from spade_studio.engine.errors import AmbiguousWeightsError, WeightsError
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set
from spade_studio.engine.networks.config import AnyGeneratorConfig, ConcatenationConfig, CRNConfig, LayeredPix2PixHDConfig, SIMSConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.weights import LoadedWeights, PublishedOptions, load_weights
from spade_studio.train.learning.discriminator_file import load_discriminator_beside
from spade_studio.train.learning.ema import converge_spectral_norms

# Weights whose input channels are the layout's planes, alone or first.
_FROM_FIRST = (
    *(".mlp_shared.0.weight", ".fc.weight", ".fc_layout.weight", ".model.1.0.weight", ".model.1.0.weight_orig", ".model0.0.weight"),
    *(".first.conv.weight", ".first.conv.weight_orig"),
)
_CARRIED_SUFFIXES = (".weight", ".weight_orig")


@dataclass(frozen=True)
class ChannelMap:
    """Mapping from the channels of the new layout to those of the file's layout.

    Attributes:
        sources: Channel of the file for every new channel; None where there is none.
        channels: Number of channels of the file's layout.
    """

    sources: tuple[int | None, ...]
    channels: int

    @property
    def is_identity(self) -> bool:
        """Whether both layouts have the same channels."""
        return self.sources == tuple(range(self.channels))


def map_channels(new: LabelChannels, old: LabelChannels) -> ChannelMap:
    """Match the channels of two layouts: labels by name, the unlabeled channel and instance edges by role.

    Where one of them has no label names, channels are matched by number.
    """
    if new.label_set is None or old.label_set is None:
        return ChannelMap(tuple(c if c < old.semantic_channels else None for c in range(new.semantic_channels)), old.semantic_channels)
    by_name: dict[str, int] = {}
    for number in old.known_ids:
        if label := old.label_set.by_id(number):
            by_name.setdefault(label.name.casefold(), old.channel_of_id[number])
    sources: list[int | None] = [None] * new.semantic_channels
    for number in new.known_ids:
        if label := new.label_set.by_id(number):
            sources[new.channel_of_id[number]] = by_name.get(label.name.casefold())
    if new.unlabeled_channel is not None:
        sources[new.unlabeled_channel] = old.unlabeled_channel
    if new.edge_channel is not None:
        sources[new.edge_channel] = old.edge_channel
    if new.channel_of_id == old.channel_of_id:  # channels without an id, such as Cityscapes' 34, too
        return ChannelMap(tuple(range(new.semantic_channels)), old.semantic_channels)
    return ChannelMap(tuple(sources), old.semantic_channels)


def load_initial_weights(
    path: str,
    channels: LabelChannels,
    config: AnyGeneratorConfig,
    generator: nn.Module,
    encoder: Encoder | None,
    discriminator: MultiscaleDiscriminator | None,
    *,
    label_set: str = "",
) -> tuple[str, ...]:
    """Initialise networks from the weights of a file or published folder.

    Args:
        path: Path of the weights, see :attr:`InitialConfig.weights`; empty for none.
        channels: Channels of the new layout.
        config: Configuration of the new generator.
        generator: Initialised generator; changed in place.
        encoder: Initialised encoder, or None; unchanged where the file has none.
        discriminator: Initialised discriminator, or None; unchanged where there is none beside the file.
        label_set: Label set of the file, see :attr:`InitialConfig.label_set`.

    Returns:
        Notes for the user: what was loaded and what keeps its random initial weights.

    Raises:
        WeightsError: The file is unusable or of another architecture.
        LabelError: The label set cannot be read.
    """
    if not path:
        return ()
    loaded = _load(Path(path), config, load_label_set(label_set) if label_set else None)
    assert loaded.info.channels is not None
    assert loaded.info.generator is not None
    if loaded.info.generator.kind != config.kind:
        raise WeightsError(
            f"{path} holds a generator of kind {loaded.info.generator.kind}, and the training has one of kind {config.kind}",
            "the same kind",
            "Choose the other weights, or generator.name",
        )
    mapping = map_channels(channels, loaded.info.channels)
    named = loaded.info.channels.label_set is not None and channels.label_set is not None
    notes = [_said(mapping, channels, Path(path).name, named=named)]
    fresh: list[str] = []
    if isinstance(config, CRNConfig) and isinstance(loaded.info.generator, CRNConfig):
        fresh = _grown(generator, loaded.generator, len(loaded.info.generator.widths))
        if fresh:
            notes.append(f"The weights are of pictures {loaded.info.generator.stride * 4} pixels high: the modules above that start anew.")
    elif isinstance(config, SIMSConfig) and not mapping.is_identity:
        fresh = ["labels.weight", "labels.bias"]
    _carry_over(generator, loaded.generator, mapping, config, f"{path} (generator)", fresh)
    if encoder is not None:
        if loaded.encoder is None:
            notes.append(f"{Path(path).name} has no encoder: it starts anew.")
        else:
            _carry_over(encoder, loaded.encoder, mapping, None, f"{path} (encoder)")
    judged = None if discriminator is None else load_discriminator_beside(Path(path))
    if discriminator is None:
        pass
    elif judged is None:
        notes.append(f"There is no discriminator beside {Path(path).name}: it starts anew.")
    else:
        _carry_over(discriminator, judged, mapping, None, f"{path} (discriminator)")
    return tuple(notes)


def _load(path: Path, config: AnyGeneratorConfig, label_set: LabelSet | None) -> LoadedWeights:
    """Load weights; the configuration decides what published files do not specify."""
    try:
        return load_weights(path, PublishedOptions(label_set=label_set))
    except AmbiguousWeightsError:
        crop, aspect = config.crop_size, config.aspect_ratio
        upsampling = getattr(config, "upsampling", None)
        options = PublishedOptions(upsampling=upsampling, crop_size=crop, aspect_ratio=aspect, label_set=label_set)
        return load_weights(path, options)


def _grown(generator: nn.Module, state: Mapping[str, Tensor], modules: int) -> list[str]:
    """Return what of a CRN keeps its initial weights: the modules that a smaller network lacks, and a last layer of another width."""
    own = generator.state_dict()
    fresh = [name for name in own if name.startswith("stages.") and int(name.split(".")[1]) >= modules]
    if fresh and state["last.weight"].shape != own["last.weight"].shape:
        fresh += ["last.weight", "last.bias"]
    return fresh


def _said(mapping: ChannelMap, channels: LabelChannels, name: str, *, named: bool) -> str:
    if not named:
        carried = sum(source is not None for source in mapping.sources)
        return (
            f"Started from {name}, which names no labels: {carried} of {len(mapping.sources)} channels were carried over by number."
            " Where they stand for other labels, start again with --initial.label-set: the labels of the file in the order of its channels."
        )
    if mapping.is_identity:
        return f"Started from {name}, which has the same labels."
    lookup = channels.channel_of_id
    label_set = channels.label_set
    new = [i for i in channels.known_ids if mapping.sources[lookup[i]] is None]
    names = [label.name if label_set and (label := label_set.by_id(i)) else str(i) for i in new]
    fresh = f"; new: {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}" if names else ""
    return f"Started from {name}: {len(channels.known_ids) - len(new)} labels were carried over by name{fresh}."


@torch.no_grad()
def _carry_over(
    network: nn.Module,
    state: Mapping[str, Tensor],
    mapping: ChannelMap,
    config: AnyGeneratorConfig | None,
    where: str,
    fresh: Collection[str] = (),
) -> None:
    own = network.state_dict()
    needed = {name for name in own if not name.endswith("num_batches_tracked")} - set(fresh)
    if missing := sorted(needed - set(state)):
        raise WeightsError(f"{where} has no {missing[0]}", "the network of the configuration", "Set its options to those of the file")
    reshaped = False
    for name in sorted(needed):
        given, mine = state[name].to(own[name].dtype), own[name]
        start = None if mapping.is_identity else _planes_from(name, mine, mapping, config)
        if start is not None:
            mine.copy_(_carried(mine, given, mapping, start, name, where))
            reshaped = True
        elif given.shape == mine.shape:
            mine.copy_(given)
        elif name.endswith("weight_v") and not mapping.is_identity:
            reshaped = True  # belongs to a weight of another shape and is recomputed below
        else:
            raise WeightsError(
                f"{name} in {where} has the shape {tuple(given.shape)}",
                f"{tuple(mine.shape)}, as the configuration says",
                "Set the network's options to those of the file (spade-render --inspect shows them)",
            )
    if reshaped:
        converge_spectral_norms(network)


def _planes_from(name: str, mine: Tensor, mapping: ChannelMap, config: AnyGeneratorConfig | None) -> int | None:
    """Return the first of a weight's input channels that is a layout plane; None where the weight sees no planes."""
    if mine.ndim != 4:
        return None
    if f".{name}".endswith(_FROM_FIRST):
        return 0
    if isinstance(config, SIMSConfig):
        if name == "encoder.0.convolutions.0.weight":
            return 0
        canvas = 4  # canvas planes follow those of the layout
        return mine.shape[1] - len(mapping.sources) - canvas if name.startswith("decoder.") and ".conv_0" in name else None
    if isinstance(config, ConcatenationConfig | CRNConfig):
        last = ".conv_" if isinstance(config, ConcatenationConfig) else ".conv_0"
    elif isinstance(config, LayeredPix2PixHDConfig) and config.layout == "concatenation":
        last = ".stage_0.conv."
    else:
        return None
    if last in name and name.endswith(_CARRIED_SUFFIXES):
        return mine.shape[1] - len(mapping.sources)
    return None


def _carried(mine: Tensor, given: Tensor, mapping: ChannelMap, start: int, name: str, where: str) -> Tensor:
    """Return a weight from the file, with new planes as initialised."""
    others = mine.shape[1] - len(mapping.sources)
    if given.shape[1] != mapping.channels + others or given.shape[0] != mine.shape[0] or given.shape[2:] != mine.shape[2:]:
        expected = (mine.shape[0], mapping.channels + others, *mine.shape[2:])
        raise WeightsError(f"{name} in {where} has the shape {tuple(given.shape)}", f"{expected}, as the configuration says")
    result = mine.clone()
    for channel, source in enumerate(mapping.sources):
        if source is not None:
            result[:, start + channel] = given[:, start + source]
    result[:, :start] = given[:, :start]
    result[:, start + len(mapping.sources) :] = given[:, start + mapping.channels :]
    return result
