"""Answers of a user study: reading, preferences with confidence intervals, and inter-rater agreement."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

from spade_studio.engine.files import open_regular
from spade_studio.train.evaluation.errors import EvaluationError

FORMAT: Final = "spade-studio-study-answers"
VERSION: Final = 1
_LARGEST: Final = 50_000_000  # bytes of one file
_LONGEST: Final = 300  # characters of a name
_Z: Final = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True)
class Answer:
    """Choice of one rater.

    Attributes:
        question: Identifier of the question in the study.
        rater: Random identifier of the rater.
        other: Method compared with the reference.
        favours: Whether the reference was chosen.
        left: Whether the picture on the left was chosen.
    """

    question: str
    rater: str
    other: str
    favours: bool
    left: bool


@dataclass(frozen=True)
class Answers:
    """All answers to one study.

    Attributes:
        study: Identifier of the study.
        data: Name of the data.
        reference: Method with which all others are compared.
        answers: Answers, one per rater and question.
    """

    study: str
    data: str
    reference: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Preference:
    """Preference for the reference over another method.

    Attributes:
        reference, other: Names of the methods.
        share: Share of the answers that favour the reference, 0 to 1.
        low, high: Wilson's 95 % confidence interval of the share, for the effective number of independent answers (design effect of
            answers to the same question).
        questions, answers, raters: Numbers of questions, answers and raters.
        agreement: Share of pairs of answers to the same question that agree, 0 to 1; None without such a pair.
        alpha: Krippendorff's alpha of the choices: 1 for full agreement, 0 for chance agreement; None where undefined.
        left: Share of the answers that chose the left picture, 0.5 without position bias.
    """

    reference: str
    other: str
    share: float
    low: float
    high: float
    questions: int
    answers: int
    raters: int
    agreement: float | None
    alpha: float | None
    left: float

    def to_json(self) -> dict[str, Any]:
        """Return the figures as a JSON-compatible dict."""
        return asdict(self)


def read_answers(paths: Sequence[Path]) -> Answers:
    """Read files of answers to one study; of several files of a rater, the latest counts.

    Raises:
        EvaluationError: A file is missing, damaged, not a file of answers, or of another study.
    """
    if not paths:
        raise EvaluationError("no files of answers", "the JSON files that raters downloaded")
    read = sorted((_read(path) for path in paths), key=lambda file: file.saved)
    first = read[0]
    latest: dict[tuple[str, str], Answer] = {}
    for file in read:
        if (file.study, file.reference) != (first.study, first.reference):
            raise EvaluationError(
                f"{file.path.name} answers study {file.study}, {first.path.name} study {first.study}", "answers to one study",
                "Collect each study by itself",
            )
        for answer in file.answers:
            latest[answer.rater, answer.question] = answer
    return Answers(first.study, first.data, first.reference, tuple(latest.values()))


def preferences(answers: Answers) -> list[Preference]:
    """Return the preferences over every method compared with the reference, in alphabetical order.

    Raises:
        EvaluationError: There are no answers.
    """
    if not answers.answers:
        raise EvaluationError("the files hold no answers", "at least one")
    by_method: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers.answers:
        by_method[answer.other].append(answer)
    return [_preference(answers.reference, other, given) for other, given in sorted(by_method.items())]


def _preference(reference: str, other: str, given: Sequence[Answer]) -> Preference:
    questions: dict[str, list[bool]] = defaultdict(list)
    for answer in given:
        questions[answer.question].append(answer.favours)
    counts = [(sum(votes), len(votes)) for votes in questions.values()]
    total = len(given)
    share = sum(votes for votes, _ in counts) / total
    low, high = wilson(share, total / _design_effect(share, counts))
    pairs = sum(count * (count - 1) for _, count in counts)
    agreeing = sum(votes * (votes - 1) + (count - votes) * (count - votes - 1) for votes, count in counts)
    return Preference(
        reference=reference,
        other=other,
        share=share,
        low=low,
        high=high,
        questions=len(questions),
        answers=total,
        raters=len({answer.rater for answer in given}),
        agreement=agreeing / pairs if pairs else None,
        alpha=krippendorff_alpha(counts),
        left=sum(answer.left for answer in given) / total,
    )


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return Wilson's 95 % score interval for a share of ``count`` independent answers."""
    centre = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    # At shares of 0 and 1 the bounds are exact up to rounding.
    return (0.0 if share == 0 else max(0.0, centre - half)), (1.0 if share == 1 else min(1.0, centre + half))


def _design_effect(share: float, counts: Sequence[tuple[int, int]]) -> float:
    """Return the design effect: variance of the share with questions as clusters over that of independent answers, at least 1."""
    total = sum(count for _, count in counts)
    single = share * (1 - share) / total
    if len(counts) < 2 or not single:
        return 1.0
    between = len(counts) / (len(counts) - 1) * sum((votes - share * count) ** 2 for votes, count in counts) / total**2
    return max(1.0, between / single)


def krippendorff_alpha(counts: Sequence[tuple[int, int]]) -> float | None:
    """Return Krippendorff's alpha of binary choices, without questions that have one answer.

    Args:
        counts: Number of positive answers and of all answers for every question.

    Returns:
        Alpha: 1 for full agreement, 0 for chance agreement; None where no question has two answers or all answers are equal.
    """
    several = [(votes, count) for votes, count in counts if count > 1]
    total = sum(count for _, count in several)
    yes = sum(votes for votes, _ in several)
    if not several or yes in (0, total):
        return None
    observed = sum(2 * votes * (count - votes) / (count - 1) for votes, count in several) / total
    expected = 2 * yes * (total - yes) / (total * (total - 1))
    return 1 - observed / expected


@dataclass(frozen=True)
class _File:
    """Contents of one file."""

    path: Path
    study: str
    data: str
    reference: str
    saved: str
    answers: list[Answer]


def _read(path: Path) -> _File:
    expected = "a file of answers downloaded from the study's page"
    try:
        with open_regular(path) as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read ({error.strerror})", expected) from error
    if len(content) > _LARGEST:
        raise EvaluationError(f"{path} is larger than {_LARGEST:,} bytes", expected)
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{path} is not JSON", expected) from error
    entries = _object(value, path)
    if entries.get("format") != FORMAT:
        raise EvaluationError(f"{path} is JSON of another kind", expected)
    if entries.get("version") != VERSION:
        raise EvaluationError(f"{path} has version {str(entries.get('version'))[:20]}", f"version {VERSION}", "Update SPADE Studio")
    given = entries.get("answers")
    if not isinstance(given, list):
        raise EvaluationError(f"{path} has no list of answers", expected)
    rater, reference = _text(entries, "rater", path), _text(entries, "reference", path)
    answers = [_answer(_object(item, path), rater, reference, path) for item in cast("list[object]", given)]
    return _File(
        path, _text(entries, "study", path), _text(entries, "data", path, empty=True), reference, _text(entries, "saved", path), answers
    )


def _answer(entries: Mapping[str, object], rater: str, reference: str, path: Path) -> Answer:
    methods = entries.get("methods")
    names = cast("list[object]", methods) if isinstance(methods, list) else []
    chosen, left = _text(entries, "chosen", path), _text(entries, "left", path)
    if len(names) != 2 or reference not in names or names[0] == names[1] or chosen not in names or left not in names:
        found = f"{path} has an answer that chooses {chosen!r} of {str(names)[:100]}"
        raise EvaluationError(found, f"a choice between {reference} and another method", "Ask the rater for the file again")
    other = next(str(name) for name in names if name != reference)
    return Answer(_text(entries, "question", path), rater, other, chosen == reference, chosen == left)


def _object(value: object, path: Path) -> dict[str, object]:
    if not isinstance(value, dict):
        raise EvaluationError(f"{path} holds something else than answers", "a file of answers downloaded from the study's page")
    return cast("dict[str, object]", value)


def _text(entries: Mapping[str, object], name: str, path: Path, *, empty: bool = False) -> str:
    value = entries.get(name)
    if not isinstance(value, str) or len(value) > _LONGEST or not (value or empty) or not value.isprintable():
        raise EvaluationError(f"{path} has no usable {name}", f"a text of at most {_LONGEST} printable characters")
    return value
