#!/usr/bin/env python3
"""Builds the bundle: a folder with Python, CPU torch, Qt, the program and its installation files for this system.

    python3 packaging/build_bundle.py [--output build/bundle] [--wheel FILE] [--no-archive]

It creates a virtual environment with the versions in packaging/constraints.txt, writes its bill of materials (CycloneDX), runs
PyInstaller with packaging/bundle/spade-studio.spec, adds licences and desktop files, and on Linux packs the folder as .tar.zst. On
Windows and macOS, packaging/bundle/windows/installer.iss and packaging/bundle/macos/make_dmg.sh do that. packaging/smoke.py tests it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import struct
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "packaging" / "bundle" / "spade-studio.spec"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
COMMANDS = ("spade-render", "spade-train", "spade-eval")
BUILDERS = ("pyinstaller>=6.20",)
SBOM_TOOLS = ("cyclonedx-bom>=7",)


def version() -> str:
    """Return the project version."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def name() -> str:
    """Return the name of folder and archive, such as ``spade-studio-1.0.0-linux-x86_64``."""
    return f"spade-studio-{version()}-{sys.platform}-{platform.machine().lower()}"


def run(*command: str | Path, **environment: str) -> None:
    """Run a command in the root of the checkout; keywords set environment variables.

    Raises:
        CalledProcessError: The command failed.
    """
    print("+", *command, flush=True)
    subprocess.run([str(word) for word in command], check=True, cwd=ROOT, env={**os.environ, **environment})


def make_environment(folder: Path, *requirements: str | Path, constraints: bool = True) -> Path:
    """Create a virtual environment with packages and return its Python executable."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        run(sys.executable, "-m", "venv", folder)
    options = ("-c", CONSTRAINTS) if constraints else ()
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "-q", *options, *requirements)
    return python


def write_sbom(tools: Path, python: Path, path: Path) -> None:
    """Write the CycloneDX bill of materials of an environment, including the weights."""
    run(
        tools, "-m", "cyclonedx_py", "environment", python, "--pyproject", ROOT / "pyproject.toml", "--mc-type", "application",
        "--gather-license-texts", "--output-format", "JSON", "--output-file", path,
    )  # fmt: skip
    bill: dict[str, Any] = json.loads(path.read_text("utf-8"))
    bill["components"] = [*bill.get("components", []), *map(model_component, weights())]
    path.write_text(json.dumps(bill, indent=1), "utf-8")


def weights() -> list[Path]:
    """Return the bundled weight files."""
    return sorted((ROOT / "resources" / "weights").glob("*.safetensors"))


def model_component(path: Path) -> dict[str, Any]:
    """Return the bill of materials component of a weight file."""
    card = path.with_suffix(".md")
    return {
        "type": "machine-learning-model",
        "bom-ref": f"weights/{path.name}",
        "name": path.name,
        "description": f"Weights of a neural network; use and origin: {card.name} beside the file" if card.exists() else "Weights",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
        "licenses": [{"license": {"name": f"see {card.name}"}}],
    }


def write_licences(python: Path, path: Path) -> None:
    """Write the licences of all packages in an environment and the model cards of the weights into one text file."""
    script = ROOT / "packaging" / "licences.py"
    folder = ROOT / "resources" / "weights"
    run(python, script, path, *sorted([*folder.glob("*.md"), *folder.glob("*.LICENSE.txt")]))


def build(work: Path, wheel: Path | None) -> Path:
    """Build the bundle and return its folder.

    Args:
        work: Folder for intermediate and final output.
        wheel: Wheel of the program; None to use the checkout.
    """
    environment = work / "environment"
    python = make_environment(environment, wheel or ROOT)
    tools = make_environment(work / "tools", *SBOM_TOOLS, constraints=False)
    work.mkdir(parents=True, exist_ok=True)
    sbom, licences = work / "sbom.cdx.json", work / "THIRD_PARTY.txt"
    write_sbom(tools, python, sbom)
    write_licences(python, licences)
    make_environment(environment, *BUILDERS)  # after the bill of materials, since they are not shipped
    run(
        python, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", work / "dist", "--workpath", work / "work", SPEC,
        PYTHONHASHSEED="0",
    )  # fmt: skip
    folder = work / "dist" / name()
    shutil.rmtree(folder, ignore_errors=True)
    (work / "dist" / "spade-studio").rename(folder)
    for file in (ROOT / "LICENSE", licences, sbom):
        shutil.copy2(file, folder)
    add_desktop_files(folder)
    return folder


def add_desktop_files(folder: Path) -> None:
    """Add the commands and, on Linux, the desktop entry, icons, MIME type and install script."""
    if os.name == "nt":
        from bundle import launcher

        for command in COMMANDS:
            lines = ["@echo off", f'"%~dp0spade-console.exe" -m {launcher.COMMANDS[command]} %*', ""]
            (folder / f"{command}.cmd").write_text("\r\n".join(lines), "ascii")
        return
    for command in COMMANDS:
        (folder / command).symlink_to("spade-studio")
    if sys.platform.startswith("linux"):
        source, share = ROOT / "packaging" / "bundle" / "linux", folder / "share"
        share.mkdir()
        for file in ("spade-studio.desktop", "spade-studio-mime.xml"):
            shutil.copy2(source / file, share)
        for icon in sorted((ROOT / "resources" / "icons").glob("spade-studio*")):
            shutil.copy2(icon, share)
        shutil.copy2(source / "install.sh", folder)
        (folder / "install.sh").chmod(0o755)
        strip_libraries(folder)


def strip_libraries(folder: Path) -> None:
    """Strip debug symbols from libraries of 1 MiB or more, if ``strip`` is available."""
    if shutil.which("strip") is None:
        return
    for path in sorted(folder.rglob("*.so*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size < 1 << 20:
            continue
        stripped = path.with_name(f"{path.name}.stripped")
        done = subprocess.run(["strip", "--strip-unneeded", "-o", str(stripped), str(path)], check=False, capture_output=True)
        # strip damages libraries modified by patchelf, as in wheels; those are kept unstripped.
        if done.returncode == 0 and is_loadable(stripped):
            shutil.copymode(path, stripped)
            stripped.replace(path)
        stripped.unlink(missing_ok=True)


def is_loadable(path: Path) -> bool:
    """Whether the segments of a 64-bit little-endian ELF file are aligned so that the loader can map them."""
    with path.open("rb") as file:
        header = file.read(64)
        if header[:6] != b"\x7fELF\x02\x01":
            return False
        [start] = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        file.seek(start)
        table = file.read(size * count)
    for number in range(count):
        kind, _, offset, address, _, _, _, alignment = struct.unpack_from("<IIQQQQQQ", table, number * size)
        if kind == 1 and alignment > 1 and (address - offset) % alignment:
            return False
    return True


def sizes(folder: Path, most: int = 25) -> str:
    """Return a Markdown table of the ``most`` largest parts of a bundle in MB, largest first."""
    weighed: dict[str, int] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            parts = path.relative_to(folder).parts
            key = "/".join(parts[: 2 if parts[0] == "_internal" else 1])
            weighed[key] = weighed.get(key, 0) + path.stat().st_size
    total = sum(weighed.values())
    rows = sorted(weighed.items(), key=lambda item: -item[1])[:most]
    lines = [f"| part | MB of {total / 1e6:.0f} |", "|---|---|"]
    return "\n".join([*lines, *(f"| {part} | {size / 1e6:.1f} |" for part, size in rows)])


def pack(folder: Path) -> Path:
    """Pack a folder as .tar.zst next to it with a .sha256 file; return the archive."""
    archive = folder.with_name(f"{folder.name}.tar.zst")
    run("tar", "-C", folder.parent, "-I", "zstd -12 -T0 -q", "--owner=0", "--group=0", "--sort=name", "-cf", archive, folder.name)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name(f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n", "ascii")
    return archive


def main() -> None:
    """Build the bundle, print its sizes, and pack it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bundle", metavar="DIR", help="where everything is made")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="the program as a wheel (default: this checkout)")
    parser.add_argument("--no-archive", action="store_true", help="make the folder only")
    options = parser.parse_args()
    folder = build(options.output.absolute(), options.wheel and options.wheel.absolute())
    print(sizes(folder))
    if sys.platform.startswith("linux") and not options.no_archive:
        archive = pack(folder)
        print(f"{archive}: {archive.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
