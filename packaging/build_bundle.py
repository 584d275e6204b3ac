#!/usr/bin/env python3
"""Builds the bundle: a folder with Python, torch for the CPU, Qt and the program, and what installs it on this system.

    python3 packaging/build_bundle.py [--output build/bundle] [--wheel FILE] [--no-archive]

It makes a virtual environment of the versions in packaging/constraints.txt, writes a bill of materials (CycloneDX) of what is in it, runs
PyInstaller with packaging/bundle/spade-studio.spec, adds licences and the files of the desktop, and packs the folder: .tar.zst on Linux. On
Windows and macOS, packaging/bundle/windows/installer.iss and packaging/bundle/macos/make_dmg.sh do that. packaging/smoke.py tries it.
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
    """Return the version that is built."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def name() -> str:
    """Return what the folder and the archive are called: ``spade-studio-1.0.0-linux-x86_64``."""
    return f"spade-studio-{version()}-{sys.platform}-{platform.machine().lower()}"


def run(*command: str | Path, **environment: str) -> None:
    """Run a command in the root of the checkout; a failure ends the build."""
    print("+", *command, flush=True)
    subprocess.run([str(word) for word in command], check=True, cwd=ROOT, env={**os.environ, **environment})


def make_environment(folder: Path, *requirements: str | Path, constraints: bool = True) -> Path:
    """Make a virtual environment with packages and return its Python."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        run(sys.executable, "-m", "venv", folder)
    options = ("-c", CONSTRAINTS) if constraints else ()
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "-q", *options, *requirements)
    return python


def write_sbom(tools: Path, python: Path, path: Path) -> None:
    """Write the bill of materials of an environment, the weights included."""
    run(
        tools, "-m", "cyclonedx_py", "environment", python, "--pyproject", ROOT / "pyproject.toml", "--mc-type", "application",
        "--gather-license-texts", "--output-format", "JSON", "--output-file", path,
    )  # fmt: skip
    bill: dict[str, Any] = json.loads(path.read_text("utf-8"))
    bill["components"] = [*bill.get("components", []), *map(model_component, weights())]
    path.write_text(json.dumps(bill, indent=1), "utf-8")


def weights() -> list[Path]:
    """Return the files of weights that are shipped."""
    return sorted((ROOT / "resources" / "weights").glob("*.safetensors"))


def model_component(path: Path) -> dict[str, Any]:
    """Return what a bill of materials says of a file of weights."""
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
    """Write the licences of everything in an environment, and the model cards of the weights, into one text."""
    script = ROOT / "packaging" / "licences.py"
    folder = ROOT / "resources" / "weights"
    run(python, script, path, *sorted([*folder.glob("*.md"), *folder.glob("*.LICENSE.txt")]))


def build(work: Path, wheel: Path | None) -> Path:
    """Build the folder and return it."""
    environment = work / "environment"
    python = make_environment(environment, wheel or ROOT)
    tools = make_environment(work / "tools", *SBOM_TOOLS, constraints=False)
    work.mkdir(parents=True, exist_ok=True)
    sbom, licences = work / "sbom.cdx.json", work / "THIRD_PARTY.txt"
    write_sbom(tools, python, sbom)
    write_licences(python, licences)
    make_environment(environment, *BUILDERS)  # after the bill: they are not shipped
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
    """Add what a system needs to offer the program: commands, and on Linux entry, icons, file type and their installation."""
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
    """Take the symbols that only a debugger reads out of the large libraries; where there is no strip they stay."""
    if shutil.which("strip") is None:
        return
    for path in sorted(folder.rglob("*.so*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size < 1 << 20:
            continue
        stripped = path.with_name(f"{path.name}.stripped")
        done = subprocess.run(["strip", "--strip-unneeded", "-o", str(stripped), str(path)], check=False, capture_output=True)
        # strip damages libraries that patchelf has changed, as those in wheels are: such stay as they are.
        if done.returncode == 0 and is_loadable(stripped):
            shutil.copymode(path, stripped)
            stripped.replace(path)
        stripped.unlink(missing_ok=True)


def is_loadable(path: Path) -> bool:
    """Whether the segments of an ELF file (64 bits, little endian) lie where the loader can map them."""
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
    """Return a table (Markdown) of what weighs in a bundle, the largest first."""
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
    """Pack the folder as .tar.zst beside it, and its SHA-256; returns the archive."""
    archive = folder.with_name(f"{folder.name}.tar.zst")
    run("tar", "-C", folder.parent, "-I", "zstd -12 -T0 -q", "--owner=0", "--group=0", "--sort=name", "-cf", archive, folder.name)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name(f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n", "ascii")
    return archive


def main() -> None:
    """Build, say what weighs, and pack."""
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
