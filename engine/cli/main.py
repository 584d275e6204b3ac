"""``spade-render``: dispatch of the command line, and exit codes."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from spade_studio.engine.cli.options import PUBLISHED_OPTIONS, parse_command_line

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from spade_studio.engine.weights import PublishedOptions

OptionsT = TypeVar("OptionsT", bound="DataclassInstance")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``spade-render``.

    Args:
        arguments: Command line without the program's name; that of the process where None.

    Returns:
        Exit code: 0 for success, 1 where something could not be rendered, 130 where interrupted. Wrong usage raises SystemExit(2).
    """
    given = parse_command_line(arguments)
    from spade_studio.engine.cli.console import Console
    from spade_studio.engine.errors import AmbiguousWeightsError, EngineError

    console = Console(given.get("quiet", False))
    try:
        if "inspect" in given:
            return _inspect(given, console)
        if "from_picture" in given:
            return _render_again(given, console)
        return _render(given)
    except AmbiguousWeightsError as error:
        console.error(f"Error: {error} {_options_for(error)}")
    except EngineError as error:
        console.error(f"Error: {error}")
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        console.error(f"Error: {error}")
    except KeyboardInterrupt:
        console.error("Interrupted. What is written is whole; the same command goes on from here.")
        return 130
    return 1


def _inspect(given: dict[str, Any], console: Any) -> int:
    from spade_studio.engine.labels import load_label_set
    from spade_studio.engine.weights import describe, inspect_weights

    label_set = load_label_set(given["label_set"]) if "label_set" in given else None
    console.result(describe(inspect_weights(given["inspect"], _published(given, label_set))))
    return 0


def _render_again(given: dict[str, Any], console: Any) -> int:
    from spade_studio.engine.cli.render_again import AgainOptions, render_again

    given["output"].mkdir(parents=True, exist_ok=True)
    render_again(given["from_picture"], given["output"], _chosen(AgainOptions, given, published=_published(given)), console)
    return 0


def _render(given: dict[str, Any]) -> int:
    from spade_studio.engine.cli.batch_command import BatchOptions, run_batch

    return run_batch(_chosen(BatchOptions, given, size=_wish(given), published=_published(given)))


def _chosen(kind: type[OptionsT], given: dict[str, Any], **others: Any) -> OptionsT:
    """Return options of a kind: those that were given, with others in their place or beside them."""
    names = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in given.items() if name in names} | others)


def _wish(given: dict[str, Any]) -> Any:
    """Return the size of the pictures as :func:`spade_studio.engine.batch.picture.plan_picture` takes it."""
    from spade_studio.engine.rendering.result_plan import ResultWish

    if given.get("raw_size", False):
        return given.get("size")
    detail = given.get("detail", "full" if "upscaler" in given else "auto")
    return ResultWish(given.get("size"), detail, given.get("fit", "stretch"), given.get("upscaler"))


def _published(given: dict[str, Any], label_set: Any = None) -> PublishedOptions:
    from spade_studio.engine.weights import PublishedOptions

    return PublishedOptions(label_set=label_set, **{name: given.get(name) for name in PUBLISHED_OPTIONS})


def _options_for(error: Any) -> str:
    """Name the command-line options that answer what weights leave open."""
    options = [f"--{field.replace('_', '-')} {'|'.join(choices)}" for field, choices in error.questions.items()]
    return f"Options that settle it: {', '.join(options)}" if options else ""
