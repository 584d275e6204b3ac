"""The experiment table as a document: figures from what was measured, and what such figures can and cannot show.

It measures nothing, and its words claim nothing that only figures can tell; what is missing is a dash.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from experiment_rows import Parameters, Row

_DASH: Final = "–"
_PAPER_PICTURES: Final = 118_000 * 100
"""Photographs of COCO-Stuff's training part times the paper's epochs."""
_WIDTH: Final = 138


@dataclass(frozen=True)
class Figures:
    """What is known of a row.

    Attributes:
        row: The row.
        parameters: Of its networks.
        seconds: Of training.
        images: Seen in them.
        measured: What spade-eval says of its weights; None where they are not done.
        base_channels: Its generator's base width.
    """

    row: Row
    parameters: Parameters
    seconds: float
    images: int
    measured: Mapping[str, Any] | None
    base_channels: int | None


def experiment_report(
    settings: Mapping[str, Any], conditions: Sequence[Mapping[str, Any]], figures: Sequence[Figures], result: Mapping[str, Any]
) -> str:
    """Return the document.

    Args:
        settings: What the rows have in common.
        conditions: The machine, threads and load of every start.
        figures: Of the rows that were begun.
        result: What spade-eval says; empty where it has not measured anything.
    """
    parts = [
        "# Experiments",
        _paragraph(_how(settings, conditions)),
        f"```\n{_command(settings)}\n```",
        _table(figures, result),
        _paragraph(_columns(settings, result)),
        "## The rows",
        *(f"* {_wrapped(words, '  ')}" for words in _rows(figures)),
        "## What these figures can show, and what they cannot",
        *(f"* {_wrapped(words, '  ')}" for words in _limits(settings, figures, result)),
    ]
    text = "\n\n".join(part for part in parts if part)
    return text.replace("\n\n* ", "\n* ").replace("The rows\n* ", "The rows\n\n* ").replace("they cannot\n* ", "they cannot\n\n* ") + "\n"


def _how(settings: Mapping[str, Any], conditions: Sequence[Mapping[str, Any]]) -> str:
    budget = f"{settings['steps']:,} steps" if settings["steps"] else f"{settings['minutes']:g} minutes"
    machines = sorted({_machine(entry) for entry in conditions})
    loads = [entry["load"] for entry in conditions if entry["load"] is not None]
    words = f"Generators and losses of the paper's tables 3 to 5 in the widths of the preset `{settings['preset']}`, each trained from "
    words += f"scratch for {budget} on {Path(settings['data']).name}, one after another, by `tests/benchmarks/experiments.py`"
    words += f" on {'; '.join(machines)}." if machines else "."
    if settings.get("options"):
        words += f" Besides the preset, all rows have `{_options(settings)}`."
    if loads:
        words += " The system's load when rows started, the row before and all other work included (1 is one busy core): "
        words += f"{min(loads):.1f} to {max(loads):.1f}."
    if len(machines) > 1:
        words += " Not all rows were trained alike: their pictures in equal time do not compare."
    return words


def _options(settings: Mapping[str, Any]) -> str:
    """Return the options of all rows without the folders of files."""
    words = (word.rpartition("=") for word in shlex.split(settings.get("options", "")))
    return shlex.join(f"{name}{equals}{Path(value).name if '/' in value else value}" for name, equals, value in words)


def _machine(entry: Mapping[str, Any]) -> str:
    threads = entry["threads"]
    return f"{entry['machine']}" + (f", {threads} thread{'' if threads == '1' else 's'}" if threads else "")


def _command(settings: Mapping[str, Any]) -> str:
    budget = f"--steps {settings['steps']}" if settings["steps"] else f"--minutes {settings['minutes']:g}"
    lines = [f"python tests/benchmarks/experiments.py FOLDER --data {Path(settings['data']).name} {budget} --preset {settings['preset']}"]
    lines.append(f"--held-out {settings['held_out']} --seed {settings['seed']} --groups {Path(settings['groups']).name}")
    if settings["perceptual"]:
        lines.append(f"--perceptual {Path(settings['perceptual']).name} --perceptual-network {settings['perceptual_network']}")
    lines.append(f"--segmenter {Path(settings['segmenter']).name}")
    if settings.get("options"):
        lines.insert(2, f"--options {shlex.quote(_options(settings))}")
    if settings.get("limit"):
        lines[1] += f" --limit {settings['limit']}"
    if settings["features"]:
        lines[-1] += f" --features {Path(settings['features']).name}"
    return " \\\n    ".join(lines)


def _table(figures: Sequence[Figures], result: Mapping[str, Any]) -> str:
    names = list(result.get("frechet_networks", ()))
    head = ["", "pixel accuracy", "mean IoU", *(_frechet_title(name, result) for name in names)]
    head += ["parameters, millions", "images/s", "images seen", "minutes", "paper's mean IoU, COCO-Stuff / ADE20K"]
    lines = [head, ["---"] * len(head)]
    for entry in figures:
        measured = entry.measured or {}
        sizes = f"{entry.parameters.generator / 1e6:.1f}"
        sizes += f" + {entry.parameters.encoder / 1e6:.1f}" if entry.parameters.encoder else ""
        speed = _shown(entry.images / entry.seconds if entry.seconds else None, "{:.2f}")
        quality = [_percent(measured.get("pixel_accuracy")), _percent(measured.get("mean_iou"))]
        quality += [_shown(measured.get(name), "{:.1f}") for name in names]
        paper = _DASH if entry.row.paper is None else f"{entry.row.paper[0]:.1f} / {entry.row.paper[1]:.1f}"
        lines.append([entry.row.title, *quality, sizes, speed, f"{entry.images:,}", f"{entry.seconds / 60:.2f}", paper])
    if real := next((found for found in result.get("candidates", ()) if found["kind"] == "photographs"), None):
        floor = result.get("frechet_between_real_photographs") or {}
        quality = [_percent(real["pixel_accuracy"]), _percent(real["mean_iou"]), *(_shown(floor.get(name), "{:.1f}") for name in names)]
        lines.append(["real photographs", *quality, *[_DASH] * 5])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _frechet_title(name: str, result: Mapping[str, Any]) -> str:
    return "FID" if name == "fid" else f"Frechet distance, {result['frechet_networks'][name]}"


def _columns(settings: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    if not result:
        return "Nothing is measured yet."
    classes = len((result["classes"] or {}).get("names", ()))
    size = f"{result['size']['width']}x{result['size']['height']}"
    words = f"Measured by `spade-eval` on {result['pictures']:,} photographs that no row was trained on, at {size}, averaged weights, a "
    words += f"random style for each layout where a row has styles; segmented by {result['segmenter']}, {classes} classes. "
    if floor := result.get("frechet_between_real_photographs"):
        count = floor["pictures"]
        words += f"The Frechet distance of the real photographs is the floor, that between {count} of them and {count} "
        others = "others, drawn by chance." if floor["between"] == "others" else "more, halves, and so higher than that of all would be."
        words += f"{others} "
    words += "Parameters: generator + encoder. Images/s and minutes are of training steps, loading included; starting, checkpoints and "
    return words + "measuring do not count."


def _rows(figures: Sequence[Figures]) -> list[str]:
    words = [
        "SPADE is the preset with a style code that an encoder reads from the photograph; the paper's random input comes"
        " nearest.",
        "Label-map input: the first layer reads the layout, and there is neither style code nor encoder. The pix2pixHD kinds take no"
        " style either, so this is the row to compare them with.",
        "Concatenation: the decoder and encoder of the first row, with the layout at the input of every convolution in place of SPADE.",
        "pix2pixHD: its own recipe, which is instance norm, least squares, one learning rate for both sides, no spectral norm;"
        " perceptual and feature matching loss as in all rows. With SPADE: hinge loss, two learning rates and spectral norm, as in the"
        " paper's table 3.",
        "The other rows differ from the first in the one thing that they are called by.",
        "All rows keep their learning rate to the end and share widths of the discriminator, initial weights, batch, and what else the"
        " preset says.",
    ]
    if widths := [f"{entry.base_channels} for {entry.row.title}" for entry in figures if entry.row.matched and entry.base_channels]:
        chosen = "The widths of the pix2pixHD kinds were chosen so that they have about as many parameters as label-map input: base width "
        words.insert(4, f"{chosen}{' and '.join(widths)}.")
    return words


def _limits(settings: Mapping[str, Any], figures: Sequence[Figures], result: Mapping[str, Any]) -> list[str]:
    equal = f"{settings['steps']:,} steps" if settings["steps"] else "the same time"
    words = [
        f"They show how far each row comes in {equal} on one machine with one recipe: for somebody with that budget it is the question."
        + ("" if settings["steps"] else " Speed and learning are mixed in it: a cheaper row sees more pictures, as its column says."),
        "They do not show how good a row becomes. The paper's tables are of trainings to the end; orders that hold early need not hold"
        " then, and what a loss is worth early may not be what it is worth late.",
    ]
    best = max((entry.measured["pixel_accuracy"] or 0 for entry in figures if entry.measured), default=None)
    real = next((found["pixel_accuracy"] for found in result.get("candidates", ()) if found["kind"] == "photographs"), None)
    if best is not None and real and best < real / 2:
        words.insert(
            0,
            f"No row reaches half of the real photographs' pixel accuracy ({_percent(best)} at most): all were stopped at their beginning."
            " Only parameters and images/s can be compared; the quality of such pictures gives no order.",
        )
    elif told := _beyond_chance(figures):
        words.insert(0, told)
    most = max((entry.images for entry in figures), default=0)
    if most:
        times = f"{_PAPER_PICTURES / most:,.0f} times as many"
        words[-1] += f" The row that saw most saw {most:,} pictures; the paper's 100 epochs of COCO-Stuff are {times}."
    again = {entry.row.name: entry.measured for entry in figures if entry.row.name in ("spade", "spade-again") and entry.measured}
    chance = "Every row is one training. The first two differ in nothing but their seed: what differs less than they do says nothing"
    if len(again) == 2:
        first, second = again["spade"], again["spade-again"]
        units = [(name, 100, f"percentage points of {title}") for name, title in _QUALITIES]
        units += [(name, 1, f"of {_frechet_title(name, result)}") for name in result.get("frechet_networks", ())]
        gaps = [
            f"{factor * abs(first[name] - second[name]):.1f} {unit}"
            for name, factor, unit in units
            if first.get(name) is not None and second.get(name) is not None
        ]
        chance += f" (here {', '.join(gaps)})" if gaps else ""
    words.append(f"{chance}, and two seeds are too few to know how much chance there is.")
    words += [
        "The recipe (initial weights, learning rates, loss weights) was chosen for the first row at this size, not for each row: others may"
        " be better with one of their own.",
        "Networks are a fraction of the paper's, pictures have half its side or less, and the data has a few labels of landscapes in place"
        " of COCO-Stuff's 182: what SPADE gains on layouts with many labels and objects is not asked here.",
        "The segmenter is not the paper's and merges classes: accuracy and mean IoU compare within this table only, and beyond"
        " the real photographs' own they mean nothing more. A row can please the segmenter and not a person.",
    ]
    if result.get("frechet_networks"):
        few = f" of {result['pictures']:,} pictures" if result.get("pictures") else ""
        fid = "" if "fid" in result["frechet_networks"] else " It is not an FID, whose network is Inception."
        words.append(
            f"A Frechet distance{few} is biased upwards: compare it with the floor in the last line, not with published ones.{fid} Rows"
            " without styles make one picture of a layout, which can cost them variety that rows with random styles have."
        )
    if "--projected.file" in settings.get("options", ""):
        words.append(
            "Besides the paper's discriminator one judges in the features of a frozen network (Projected GANs). It brings all rows on"
            " sooner and may level them: what it teaches, a loss or layer that a row goes without need not. Frechet distances in features"
            " of the same network flatter all rows."
        )
    return words


def _beyond_chance(figures: Sequence[Figures]) -> str:
    """Say which rows lie further beside both seeds of SPADE than these lie from one another, in all that is measured of them."""
    measured = {entry.row.name: entry.measured for entry in figures if entry.measured}
    seeds = [measured.pop(name) for name in ("spade", "spade-again") if name in measured]
    if len(seeds) < 2 or not measured or any(found.get(name) is None for found in (*seeds, *measured.values()) for name, _ in _QUALITIES):
        return ""
    titles: dict[str, list[str]] = {"below": [], "above": [], "no": []}
    for row, found in ((entry.row, entry.measured) for entry in figures if entry.row.name in measured and entry.measured):
        sides: set[str] = set()
        for name, _ in _QUALITIES:
            low, high = sorted(seed[name] for seed in seeds)
            sides.add("below" if found[name] < 2 * low - high else "above" if found[name] > 2 * high - low else "no")
        titles[sides.pop() if len(sides) == 1 else "no"].append(row.title)
    words = "By more than the two seeds of SPADE differ, in pixel accuracy and mean IoU both,"
    parts = [f"{_listed(titles[side])} came out {side} them" for side in ("below", "above") if titles[side]]
    others = f" {_listed(titles['no'])} cannot be told from SPADE by these figures." if titles["no"] else ""
    return f"{words} {', and '.join(parts) or 'no row differs from them'}.{others}"


def _listed(titles: Sequence[str]) -> str:
    shown = [f"“{title}”" for title in titles]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


_QUALITIES: Final = (("pixel_accuracy", "pixel accuracy"), ("mean_iou", "mean IoU"))


def _percent(value: float | None) -> str:
    return _shown(None if value is None else 100 * value, "{:.1f} %")


def _shown(value: float | None, how: str) -> str:
    return _DASH if value is None else how.format(value)


def _paragraph(words: str) -> str:
    return _wrapped(words, "")


def _wrapped(words: str, indent: str) -> str:
    lines, line = list[str](), ""
    for word in words.split():
        if line and len(line) + 1 + len(word) > _WIDTH - len(indent):
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return f"\n{indent}".join([*lines, line])
