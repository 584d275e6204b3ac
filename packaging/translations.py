"""Maintains the translations: extracts the application's texts, compiles translations, reports missing ones.

    python packaging/translations.py update    # extract texts into resources/translations/*.ts, for Qt Linguist or an editor
    python packaging/translations.py release   # compile *.ts into *.qm, which the application loads
    python packaging/translations.py check     # list texts not translated or not compiled; exit code 1 if there are any

It uses lupdate and lrelease from the PySide6 wheel.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path

import PySide6

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "translations"
LANGUAGES = ("de", "en")
PLURALS_ONLY = ("en",)
"""Source languages, which need only plural forms."""


def source_file(language: str) -> Path:
    """Return the path of a language's .ts file."""
    return FOLDER / f"spade_studio_{language}.ts"


def compiled_file(language: str) -> Path:
    """Return the path of a language's .qm file."""
    return FOLDER / f"spade_studio_{language}.qm"


def update(language: str, target: Path) -> None:
    """Write all texts of the application to a .ts file, keeping its translations and dropping obsolete texts."""
    sources = sorted((ROOT / "app").rglob("*.py"))
    with tempfile.TemporaryDirectory() as folder:
        tables = Path(folder) / "tables.py"
        lines = [f"QT_TRANSLATE_NOOP({context!r}, {_quoted(text)})" for context, text in table_texts()]
        lines += [f"translate({context!r}, {_quoted(text)}, '', 1)" for context, text in counted_texts(sources)]
        tables.write_text("\n".join(lines), "utf-8")
        listed = Path(folder) / "sources.txt"
        listed.write_text("\n".join(str(path) for path in (*sources, tables)), "utf-8")
        options = ["-locations", "none", "-no-obsolete", "-source-language", "en", "-target-language", language, "-silent"]
        options += ["-pluralonly"] if language in PLURALS_ONLY else []
        _run("lupdate", f"@{listed}", *options, "-ts", str(target))


def release(source: Path, target: Path) -> None:
    """Compile a .ts file into a .qm file."""
    _run("lrelease", "-silent", "-nounfinished", "-removeidentical", str(source), "-qm", str(target))


def table_texts() -> Iterator[tuple[str, str]]:
    """Yield (context, text) for texts in the program's tables."""
    from spade_studio.app.documents.samples import SAMPLES
    from spade_studio.app.model.raster import Nib
    from spade_studio.app.training.fields import title_texts
    from spade_studio.app.training.history import RunState
    from spade_studio.app.ui.actions import SPECS
    from spade_studio.app.ui.messages import STEPS

    for spec in SPECS:
        yield from (("Actions", text) for text in (spec.text, spec.tip) if text)
    yield from (("Samples", sample.name) for sample in SAMPLES)
    yield from (("Nib", nib.value.capitalize()) for nib in Nib)
    yield from (("Steps", text) for text in STEPS)
    yield from (("Fields", text) for text in dict.fromkeys(title_texts()))
    yield from (("RunState", state.value) for state in RunState)


def counted_texts(sources: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Yield (context, text) of each call of ``counted``, which lupdate cannot detect."""
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "counted":
                context, text = (ast.literal_eval(argument) for argument in node.args[:2])
                yield context, text


def texts(path: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the translations of a .ts file by (context, text): one form, or all plural forms; empty if unfinished."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            translation = message.find("translation")
            forms: tuple[str, ...] = ()
            if translation is not None and translation.get("type") != "unfinished":
                forms = tuple(form.text or "" for form in (list(translation) or [translation]))
            found[name, message.findtext("source") or ""] = forms if all(forms) else ()
    return found


def problems(language: str) -> list[str]:
    """Return messages about a language's texts that are new, untranslated, obsolete or not compiled."""
    source, compiled = source_file(language), compiled_file(language)
    if not source.is_file():
        return [f"there is no {source.name}: run update"]
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / source.name
        fresh.write_bytes(source.read_bytes())
        update(language, fresh)
        now, kept = texts(fresh), texts(source)
        found = [f"not in {source.name}: {text!r} ({context})" for context, text in now if (context, text) not in kept]
        found += [f"not in the program any more: {text!r} ({context})" for context, text in kept if (context, text) not in now]
        found += [f"not translated: {text!r} ({context})" for (context, text), forms in kept.items() if not forms]
        built = Path(folder) / compiled.name
        release(source, built)
        if not compiled.is_file() or compiled.read_bytes() != built.read_bytes():
            found.append(f"{compiled.name} is not what {source.name} compiles to: run release")
    return found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _run(tool: str, *arguments: str) -> None:
    folder = Path(PySide6.__file__).parent
    found = [path for path in (folder / tool, folder / f"{tool}.exe", folder / "Qt" / "libexec" / tool) if path.is_file()]
    if not found:
        raise SystemExit(f"PySide6 in {folder} has no {tool}")
    done = subprocess.run([str(found[0]), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{tool} failed: {done.stderr or done.stdout}")


def main(arguments: list[str]) -> int:
    """Run a command for every language; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in ("update", "release", "check"):
        print(__doc__)
        return 2
    found: list[str] = []
    for language in LANGUAGES:
        if arguments[0] == "update":
            update(language, source_file(language))
        elif arguments[0] == "release":
            release(source_file(language), compiled_file(language))
        else:
            found += problems(language)
    print("\n".join(found) if found else "done")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
