"""Writes the licences of all packages in an environment into one text file.

    PYTHON packaging/licences.py OUTPUT [MODEL_CARD...]

PYTHON is the environment's interpreter.
"""

from __future__ import annotations

import re
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

_FILE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_BUILDERS = {"pip", "setuptools", "pyinstaller", "pyinstaller-hooks-contrib", "altgraph"}
_LGPL = """Qt and PySide6 are used under the GNU Lesser General Public License, version 3, as libraries that can be replaced: they lie as
files of their own in the bundle's folder PySide6. The Qt Company publishes
their source code."""


def texts(distribution: metadata.Distribution) -> list[str]:
    """Return the distinct licence texts of a package."""
    found: dict[str, None] = {}
    for path in distribution.files or []:
        if path.suffix.lower() in (".py", ".pyc", ".pyi", ".so", ".h") or not _FILE.search(path.name):
            continue
        try:
            found[Path(str(distribution.locate_file(path))).read_text("utf-8", errors="replace").strip()] = None
        except OSError:
            continue
    return list(found)


def licence_name(about: metadata.PackageMetadata) -> str:
    """Return the licence name from a package's metadata."""
    classifiers = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    named = [(about.get_all(field) or [""])[0].strip().partition("\n")[0] for field in ("License-Expression", "License")]
    return next((text for text in (*named, " / ".join(classifiers)) if text and text.upper() != "UNKNOWN"), "see below")


def report(cards: list[Path]) -> tuple[str, list[str]]:
    """Return the combined licence text, and the names of packages without a licence text of their own."""
    python = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    parts = [("Python " + sys.version.split()[0], "PSF-2.0", [python.read_text("utf-8")] if python.is_file() else [])]
    without: list[str] = []
    for one in sorted(metadata.distributions(), key=lambda one: one.metadata["Name"].lower()):
        name = one.metadata["Name"]
        if name.lower() in _BUILDERS:
            continue
        found = texts(one)
        if name.lower() in ("pyside6_essentials", "pyside6-essentials", "shiboken6"):
            found.append(_LGPL)
        if not found:
            without.append(name)
        parts.append((f"{name} {one.version}", licence_name(one.metadata), found))
    parts += [(f"Weights: {card.stem}", "see its card", [card.read_text("utf-8")]) for card in cards]
    rule = "=" * 100
    index = [f"* {name}: {licence}" for name, licence, _ in parts]
    bodies: list[str] = []
    for name, licence, found in parts:
        text = "\n\n".join(found or ["(The package brings no text of its own.)"])
        bodies.append(f"{rule}\n{name}: {licence}\n{rule}\n\n{text}")
    return "\n".join(["SPADE Studio is made of these parts.", "", *index, "", "\n\n".join(bodies), ""]), without


def main() -> None:
    """Write the text and print the packages without a licence text."""
    text, without = report([Path(name) for name in sys.argv[2:]])
    Path(sys.argv[1]).write_text(text, "utf-8")
    print(f"{sys.argv[1]}: {len(text) / 1e6:.1f} MB; without a text of their own: {', '.join(without) or 'none'}")


if __name__ == "__main__":
    main()
