"""Forks of runs: new runs from another one's checkpoint and optimiser state, with another configuration."""

from __future__ import annotations

import copy
from typing import Any, Final

from spade_studio.engine.errors import ConfigError
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import PairDataset
from spade_studio.train.datasets.sampler import for_other_data
from spade_studio.train.run.checkpoints import Checkpoint, CheckpointStore
from spade_studio.train.run.directory import RunDirectory, RunError

# Options that decide the names and shapes of tensors.
_SAME: Final = ("generator", "encoder", "discriminator", "projected", "labels.ids", "labels.unlabeled", "labels.edges", "geometry.mode",
                "geometry.crop_size", "geometry.aspect_ratio")  # fmt: skip


def forked_checkpoint(source: RunDirectory, config: TrainConfig, data: PairDataset) -> Checkpoint:
    """Return a run's newest checkpoint, adapted as the first one of a run with another configuration.

    Args:
        source: Folder of the original run, which may be training.
        config: Configuration of the new run.
        data: Training data of the new run.

    Raises:
        RunError: The run has no checkpoint.
        ConfigError: Networks or labels of the configurations differ, the new one names initial weights, or its end or the end of its
            warm-up is before the checkpoint's step.
        CheckpointError: No checkpoint can be read.
    """
    checkpoint, _ = CheckpointStore(source.checkpoints_path).read_newest()
    if checkpoint is None:
        raise RunError(f"{source.path.name} has no checkpoint yet", "one", "Wait until it has written one, or stop it, which writes one")
    if config.initial.weights != source.config().initial.weights:
        raise ConfigError(
            f"--init-from {config.initial.weights} beside --fork, which goes on from the checkpoint of {source.path.name}",
            "one of them",
            "Leave one of them out",
        )
    changed = checkpoint.config.differences(config)
    if "optimizer.warmup_steps" in changed and 0 < config.optimizer.warmup_steps <= checkpoint.step:
        raise ConfigError(
            f"optimizer.warmup_steps is {config.optimizer.warmup_steps:,}, and {source.path.name} is at step {checkpoint.step:,}",
            "0, or more: steps count from that run's beginning",
        )
    if wrong := [name for name in changed if name.startswith(_SAME)]:
        before, now = changed[wrong[0]]
        raise ConfigError(
            f"{wrong[0]} is {now!r}, and {source.path.name} was trained with {before!r}",
            "the same networks",
            "Start from its weights (--init-from)",
        )
    if checkpoint.parts["channels"] != data.channels.to_json():
        raise ConfigError(f"the data has other labels than those of {source.path.name}", "the same", "Start from its weights (--init-from)")
    parts: dict[str, Any] = {**checkpoint.parts, "optimizers": copy.deepcopy(checkpoint.parts["optimizers"])}
    for side in ("generator", "discriminator"):
        state: dict[str, Any] = parts["optimizers"][side] or {"param_groups": []}
        for group in state["param_groups"]:
            group["betas"] = config.optimizer.adam_betas
    parts["sampler"] = {**for_other_data(parts["sampler"], len(data)), "seed": config.seed}
    parts["data"] = None  # replaced by the fingerprint of the new run
    steps = config.total_steps(-(-len(data) // config.batch_size))
    if steps <= checkpoint.step:
        raise ConfigError(
            f"the training of {steps:,} steps ends before step {checkpoint.step:,} of {source.path.name}", "more", "Give --steps"
        )
    return Checkpoint(checkpoint.step, config, parts)
