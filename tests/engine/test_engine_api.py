"""What the engine's package offers, and that offering it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from spade_studio import engine


@pytest.mark.parametrize("name", engine.__all__)
def test_everything_offered_is_there(name: str) -> None:
    offered = getattr(engine, name)
    assert offered.__name__ == name
    assert name in dir(engine)


def test_what_is_not_offered_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'NoSuchThing'"):
        _ = engine.NoSuchThing


def test_only_the_renderer_loads_torch() -> None:
    code = (
        "import sys\nfrom spade_studio.engine import EngineError, LabelSet, load_label_set, read_label_map, inspect_weights\n"
        "assert 'torch' not in sys.modules\nfrom spade_studio.engine import Renderer\nassert 'torch' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
