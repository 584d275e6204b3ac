from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spade_studio.engine.batch.shares import Process, Share
from spade_studio.engine.errors import EngineError


@given(total=st.integers(0, 200), outer=st.integers(1, 9), inner=st.integers(1, 9))
def test_shares_cover_everything_once_and_evenly(total: int, outer: int, inner: int) -> None:
    shares = [Share(i, outer).split(Share(j, inner)) for i in range(outer) for j in range(inner)]
    parts = [share.slice_of(total) for share in shares]
    assert [thing for part in parts for thing in part] == list(range(total))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["1", "1/0", "4/4", "-1/4", "a/b", "1/4/2", ""])
def test_impossible_shares_are_refused(text: str) -> None:
    with pytest.raises(EngineError):
        Share.parse(text)
    assert Share.parse("3/4") == Share(3, 4)


def test_torchrun_gives_a_share_and_a_gpu() -> None:
    process = Process.from_environment({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1"})
    assert process.share == Share(5, 8)
    assert process.device("auto", gpus=4) == "cuda:1"
    assert process.device("cuda", gpus=1) == "cuda:0"
    assert process.device("auto", gpus=0) == "auto"
    assert process.device("cpu", gpus=4) == "cpu"
    assert process.device("cuda:3", gpus=4) == "cuda:3"


def test_outside_torchrun_the_device_is_as_asked() -> None:
    process = Process.from_environment({"LOCAL_RANK": "1"})
    assert process.share == Share(0, 1)
    assert process.device("auto", gpus=4) == "auto"


def test_a_broken_environment_is_named() -> None:
    with pytest.raises(EngineError, match="RANK='x'"):
        Process.from_environment({"RANK": "x", "WORLD_SIZE": "2"})
    with pytest.raises(EngineError, match="3/2"):
        Process.from_environment({"RANK": "3", "WORLD_SIZE": "2"})
