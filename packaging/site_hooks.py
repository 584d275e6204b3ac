"""MkDocs hooks that add pages from outside docs/ (model cards, root documents, the icon) and rewrite links to repository files."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# Path in the repository -> path on the site.
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
    """Return the files with the pages from outside docs/ added."""
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
    """Return a page's Markdown with links to repository files rewritten."""
    return rewritten(markdown, page.file.src_uri)


def rewritten(markdown: str, place: str) -> str:
    """Return a page's Markdown with links to repository files replaced by links within the site.

    Args:
        markdown: Text of the page.
        place: Path of the page on the site, such as ``project/architecture.md``.
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
            return match[0]  # mkdocs reports the broken link
        return posixpath.relpath(target, posixpath.dirname(place)) + (match[2] or "")

    return _LINK.sub(link, markdown)
