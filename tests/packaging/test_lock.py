"""The lock files against the constraints that they are made from and what is installed."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
FILES = ("lock.txt", "lock-test.txt")


@pytest.fixture(scope="module")
def lock() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("lock_under_test", PACKAGING / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def entries(name: str) -> dict[str, tuple[str, list[str]]]:
    """Return version and hashes of every package in a lock file."""
    text = (PACKAGING / name).read_text("utf-8").replace("\\\n", " ")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    split = {words[0].partition("==")[0]: (words[0].partition("==")[2], words[1:]) for words in lines}
    assert len(split) == len(lines)
    return split


@pytest.mark.parametrize("name", FILES)
def test_the_lock_holds_the_versions_of_the_constraints_with_hashes(lock: Any, name: str) -> None:
    pinned = lock.pins()
    for package, (version, hashes) in entries(name).items():
        assert pinned[package].partition("==")[2] == version, package
        assert hashes, package
        assert all(re.fullmatch("--hash=sha256:[0-9a-f]{64}", one) for one in hashes), package


def test_all_that_is_needed_is_locked_but_torch(lock: Any) -> None:
    assert {name: set(entries(name)) for name in FILES} == lock.parts()
    assert set(lock.pins()) - set(entries("lock.txt")) - set(entries("lock-test.txt")) == lock.UNLOCKED


def test_needs_are_followed_on_every_platform_and_through_extras(lock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "a": ["b; sys_platform == 'win32'", "c; python_version < '3'", "d[x]", "torch"],
        "b": None, "g": None, "d": ["e; extra == 'x'", "f; extra == 'y'"], "e": ["a"], "torch": ["g"],
    }  # fmt: skip
    monkeypatch.setattr(lock.metadata, "requires", table.__getitem__)
    assert lock.needed(["a>=1"], ["a", "b", "c", "d", "e", "f", "g", "torch"]) == {"a", "b", "d", "e", "g"}
