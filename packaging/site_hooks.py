"""Pages of the site from outside docs/ (model cards, documents at the root, the icon), and links to files of the repository."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# Place in the repository -> place on the site.
PAGES = {
    "ARCHITECTURE.md": "project/architecture.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    "README.md": "project/readme.md",
    "LICENSE": "project/licence.md",
    "packaging/slurm/README.md": "slurm.md",
    "resources/icons/spade-studio.svg": "icon.svg",
    **{f"resources/weights/{card.name}": f"models/{card.name}" for card in sorted((ROOT / "resources" / "weights").glob("*.md"))},
}
_LINK = re.compile(r"(?<=\]\()(?![a-z][a-z0-9+.-]*:|#|/)([^)#\s]+)(#[^)\s]*)?(?=\))")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages from outside docs/."""
    from mkdocs.structure.files import File  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

    for source, target in PAGES.items():
        path = ROOT / source
        if path.suffix == ".svg":
            files.append(File.generated(config, target, abs_src_path=str(path)))
            continue
        text = path.read_text("utf-8")
        files.append(File.generated(config, target, content=f"# Licence\n\n```\n{text}\n```\n" if source == "LICENSE" else text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite links to files of the repository."""
    return rewritten(markdown, page.file.src_uri)


def rewritten(markdown: str, place: str) -> str:
    """Return the text of a page of the site with its links to files of the repository made links of the site.

    Args:
        markdown: The text.
        place: Of the page on the site, such as ``project/architecture.md``.
    """
    sources = {target: source for source, target in PAGES.items()}
    source = sources.get(place, f"docs/{place}")

    def link(match: re.Match[str]) -> str:
        found = posixpath.normpath(posixpath.join(posixpath.dirname(source), match[1]))
        if found in PAGES:
            target = PAGES[found]
        elif found.startswith("docs/"):
            target = found.removeprefix("docs/")
            if (ROOT / found).is_dir():
                target = posixpath.join(target, "README.md")
        else:
            return match[0]  # mkdocs warns of it
        return posixpath.relpath(target, posixpath.dirname(place)) + (match[2] or "")

    return _LINK.sub(link, markdown)
