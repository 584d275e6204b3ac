"""The collector is held back, by several at once, and comes back when the last of them is done."""

from __future__ import annotations

import gc

import pytest

from spade_studio.app.ui import collector


def test_it_comes_back_when_the_last_of_several_is_done():
    with collector.held():
        with collector.held():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_comes_back_after_an_error():
    with pytest.raises(ValueError, match="broken"), collector.held():
        raise ValueError("broken")
    assert gc.isenabled()


def test_it_stays_away_where_it_was_off_before():
    gc.disable()
    try:
        with collector.held():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
