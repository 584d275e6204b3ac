"""Launcher of a bundle: runs the command given by its own file name, or ``-m MODULE`` like Python for commands and torchrun."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from pathlib import Path

COMMANDS = {
    "spade-studio": "spade_studio.app.main",
    "spade-render": "spade_studio.engine.cli",
    "spade-train": "spade_studio.train.cli",
    "spade-eval": "spade_studio.train.evaluation.cli",
}
MODULES = (*COMMANDS.values(), "spade_studio.train.run.launcher")
_FLAGS = ("-u", "-P")  # Python options passed by callers; a bundle always behaves as if they were set
_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")


def chosen(arguments: list[str]) -> tuple[str, list[str]]:
    """Return the module selected by a command line, and the arguments for it.

    Args:
        arguments: Arguments of the process, including the program name.
    """
    rest = list(arguments[1:])
    while rest and rest[0] in _FLAGS:
        del rest[0]
    if len(rest) > 1 and rest[0] == "-m" and rest[1] in MODULES:
        return rest[1], rest[2:]
    return COMMANDS.get(Path(arguments[0]).stem.lower(), COMMANDS["spade-studio"]), list(arguments[1:])


def mend_streams() -> None:
    """Redirect missing standard streams to the null device, for Windows processes without a console."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - stays open while the process runs


def find_certificates() -> None:
    """Set the path of the system's certificates, since the path compiled into the bundled OpenSSL is that of another distribution."""
    if sys.platform.startswith("linux") and "SSL_CERT_FILE" not in os.environ:
        found = next((path for path in _CERTIFICATES if Path(path).is_file()), None)
        if found:
            os.environ["SSL_CERT_FILE"] = found


def main() -> None:
    """Run the selected module as ``__main__``."""
    multiprocessing.freeze_support()  # does not return in a worker process
    mend_streams()
    find_certificates()
    module, arguments = chosen(sys.argv)
    sys.argv = [sys.argv[0], *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
