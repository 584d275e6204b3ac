#!/usr/bin/env python3
"""Builds the documentation site into build/site, with warnings as errors.

    python3 packaging/build_site.py [--serve]

It creates an environment from packaging/site-requirements.txt in build/site-environment. The API reference is read from the source without
importing it, so neither torch nor Qt is needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / "build" / "site-environment"


def main() -> int:
    """Build the site, or serve it with live reload; return the exit code."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        requirements = ROOT / "packaging" / "site-requirements.txt"
        subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(requirements)], check=True)
    sys.path.insert(0, str(ROOT / "packaging"))
    from bootstrap import Project, make_typing_links

    make_typing_links(Project(ROOT))  # for finding the packages under their import names
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")  # theme warning about an unsupported version
    words = ["serve"] if "--serve" in sys.argv[1:] else ["build", "--strict", "--clean"]
    return subprocess.run([str(python), "-m", "mkdocs", *words], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
