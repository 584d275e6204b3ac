"""Nearest label in meaning to one that a label set or weights lack."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from spade_studio.engine.labels import Label

_ALIKE = 0.8
"""Least similarity ratio, 0..1, at which two names count as spellings of the same word."""
_ENDINGS = ("-other", "-stuff")

_KIN: Final[tuple[tuple[str, ...], ...]] = tuple(
    tuple(line.split(", "))
    for line in (
        # Within a line, words close to each other are the best substitutes for each other.
        "fog, clouds, sky",
        "waterdrops, waterfall, fountain, river, water, lake, sea, swimming pool",
        "field, grass, terrain, moss, straw, playingfield",
        "branch, leaves, palm, tree, vegetation, bush, flower, plant, potted plant, grass",
        "snow, mountain, hill, rock, stone, gravel, sand, dirt",
        "sand, earth, dirt, ground, land, terrain, mud, gravel, dirt track, path",
        "path, sidewalk, pavement, road, runway, parking, railroad, platform, rail track, ground",
        "pier, platform, bridge",
        "hovel, house, building, skyscraper, tower, roof, booth, tent, awning, canopy, tunnel",
        "guard rail, railing, bannister, fence, cage, net, wall",
        "bicycle, motorcycle, minibike, car, van, caravan, truck, bus, train, trailer",
        "ship, boat",
        "rider, person",
        "cow, horse, sheep, zebra, giraffe, elephant, animal, dog, cat, bear, bird",
        "sofa, couch, armchair, chair, swivel chair, seat, bench, stool, ottoman",
        "desk, table, dining table, coffee table, counter, countertop, kitchen island, furniture",
        "cabinet, cupboard, wardrobe, chest of drawers, buffet, bookcase, shelf, furniture",
        "windowpane, window, window-blind, blind, curtain",
        "screen door, door",
        "step, stairs, stairway, escalator",
        "floor, carpet, rug, mat",
        "pillow, cushion, blanket, towel, cloth, textile, clothes, apparel",
        "chandelier, light, lamp, sconce, streetlight, pole",
        "polegroup, pole, column",
        "traffic sign, street sign, stop sign, signboard, poster, banner, flag",
        "tv, television, monitor, crt screen, screen, laptop, computer",
        "stove, oven, microwave, refrigerator, dishwasher, washer",
        "sink, bathtub, shower, toilet",
        "glass, wine glass, cup, bottle, vase, pot, bowl, plate",
        "handbag, bag, backpack, suitcase, box, basket, barrel",
        "ball, sports ball, frisbee",
    )
)


def nearest_label(label: Label, candidates: Sequence[Label]) -> Label | None:
    """Return the nearest label in meaning, or None where none is near.

    A label of the same name or with a common word ranks first, then one of similar appearance (a skyscraper is a building), then one
    with a similar name (``wall-brick`` and ``wall-stone``), then one of the same group, generic labels first.

    Args:
        label: Label to match; the same object among the candidates is skipped.
        candidates: Labels to choose from; the first of several equally near ones is returned.
    """
    others = [candidate for candidate in candidates if candidate is not label]
    for find in (_same_word, _kin, _alike, _same_group):
        if (found := find(label, others)) is not None:
            return found
    return None


def plain_name(name: str) -> str:
    """Return a name normalised for comparison: lower case, words separated by spaces, without disambiguating suffixes."""
    name = name.casefold().strip()
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name.replace("_", " ")


def _words(label: Label) -> list[str]:
    return [plain_name(label.name), *(plain_name(word) for word in label.synonyms)]


def _same_word(label: Label, others: Sequence[Label]) -> Label | None:
    own = _words(label)
    for other in others:
        if plain_name(other.name) == own[0]:
            return other
    # Two words that are both only synonyms may be far apart in meaning.
    return next((other for other in others if plain_name(other.name) in own or own[0] in _words(other)), None)


def _kin(label: Label, others: Sequence[Label]) -> Label | None:
    best: tuple[int, Label] | None = None
    for line in _KIN:
        place = _place(label, line)
        if place is None:
            continue
        for other in others:
            there = _place(other, line)
            if there is not None and (best is None or abs(there - place) < best[0]):
                best = abs(there - place), other
    return best[1] if best else None


def _place(label: Label, line: tuple[str, ...]) -> int | None:
    return next((line.index(word) for word in _words(label) if word in line), None)


def _alike(label: Label, others: Sequence[Label]) -> Label | None:
    own = plain_name(label.name)
    head = own.split("-")[0] if "-" in own else own
    best, best_share = None, _ALIKE
    for other in others:
        name = plain_name(other.name)
        if name.split("-")[0] == head:
            return other
        share = SequenceMatcher(None, own, name, autojunk=False).ratio()
        if share >= best_share + (best is not None) * 1e-9:
            best, best_share = other, share
    return best


def _same_group(label: Label, others: Sequence[Label]) -> Label | None:
    if not label.group:
        return None
    fellows = [other for other in others if other.group == label.group and other.kind == label.kind]
    return next((other for other in fellows if other.name.endswith(_ENDINGS[0])), fellows[0] if fellows else None)
