"""Configurations in files, whole or in part: a run's config.json, TOML or YAML."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.files import read_regular
from spade_studio.train.config.run import LARGEST_CONFIGURATION, TrainConfig
from spade_studio.train.config.yaml_text import parse_yaml

_EXPECTED = "JSON, such as a run's config.json, TOML or YAML"


def with_file(config: TrainConfig, path: Path) -> TrainConfig:
    """Return a configuration with the values of a file; others are kept.

    Args:
        config: Base configuration.
        path: JSON or, by its suffix, TOML or YAML, with the structure of a run's config.json.

    Raises:
        ConfigError: an unreadable file, or one without a valid configuration.
    """
    try:
        text = read_regular(path, LARGEST_CONFIGURATION).decode("utf-8-sig")
        match path.suffix.lower():
            case ".toml":
                data: object = tomllib.loads(text)
            case ".yaml" | ".yml":
                data = parse_yaml(text)
            case _:
                data = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as a configuration: {error}", _EXPECTED, "Correct the file") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds no object", _EXPECTED)
    return TrainConfig.from_json(_merged(config.to_json(), cast("dict[str, Any]", data)))


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tree with another one's values over its own."""
    both = {name: _merged(base[name], value) for name, value in over.items() if _is_table(value) and _is_table(base.get(name))}
    return {**base, **over, **both}


def _is_table(value: object) -> bool:
    return isinstance(value, dict)
