"""The program's licence, the licences of all packages it depends on, and the model cards of the bundled weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata, resources

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice)[^/]*$", re.IGNORECASE)
_MAX_TEXT = 400_000
_MAX_LINE = 80
DISTRIBUTION = "spade-studio"


@dataclass(frozen=True)
class Part:
    """An installed package that the program depends on.

    Attributes:
        name: Name of the distribution.
        version: Installed version.
        licence: Name of the licence; "see its text" where the package metadata has none.
    """

    name: str
    version: str
    licence: str

    def text(self) -> str:
        """Return the package's licence texts, concatenated; empty where it contains none."""
        with suppress(metadata.PackageNotFoundError, OSError):
            return _texts(metadata.distribution(self.name))
        return ""


def own_licence() -> str:
    """Return the text of the program's own licence."""
    with suppress(metadata.PackageNotFoundError, OSError):
        return _texts(metadata.distribution(DISTRIBUTION))
    return ""


def model_card() -> str:
    """Return the model cards of the bundled weights in Markdown, each followed by its licence text."""
    folder = resources.files("spade_studio.resources") / "weights"
    cards = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".md")), key=lambda entry: entry.name)
    texts: list[str] = []
    for card in cards:
        texts.append(card.read_text("utf-8"))
        licence = folder / card.name.replace(".md", ".LICENSE.txt")
        if licence.is_file():
            texts.append("\n".join(f"    {line}" for line in licence.read_text("utf-8").splitlines()))
    return "\n\n".join(texts)


def parts() -> list[Part]:
    """Return all installed direct and indirect dependencies of the program, sorted by name."""
    found: dict[str, Part] = {}
    waiting = list(_requirements(DISTRIBUTION))
    while waiting:
        name = waiting.pop()
        if (key := _normal(name)) in found or key == DISTRIBUTION:
            continue
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        # The package is installed but its metadata are damaged; it is still listed.
        found[key] = Part(about["Name"] or name, about["Version"] or "?", _licence(about))
        waiting.extend(_requirements(name))
    return sorted(found.values(), key=lambda part: part.name.lower())


def _requirements(name: str) -> Iterator[str]:
    try:
        requires = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for requirement in requires:
        # Requirements of extras are skipped, and those of other platforms are not installed.
        if "extra ==" not in requirement and (match := _NAME.match(requirement)):
            yield match.group()


def _licence(about: metadata.PackageMetadata) -> str:
    classifiers = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    for text in (*(about.get_all(field, [""])[0] for field in ("License-Expression", "License")), " / ".join(classifiers)):
        line = (text or "").strip().partition("\n")[0]
        if line and line.upper() != "UNKNOWN":
            return line if len(line) <= _MAX_LINE else f"{line[: _MAX_LINE - 1]}…"
    return "see its text"


def _texts(distribution: metadata.Distribution) -> str:
    texts: list[str] = []
    for path in distribution.files or []:
        # Licence files are in the metadata folder or in the root of a checkout.
        is_there = ".dist-info" in str(path) or len(path.parts) == 1
        if is_there and _LICENCE_FILE.search(path.name) and path.suffix.lower() not in (".py", ".pyc", ".pyi"):
            with suppress(OSError, UnicodeDecodeError):
                texts.append(path.read_text("utf-8").strip())
        if sum(map(len, texts)) > _MAX_TEXT:
            break
    return "\n\n\n".join(dict.fromkeys(texts))[:_MAX_TEXT]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
