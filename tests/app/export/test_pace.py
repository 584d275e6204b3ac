"""Rates and remaining times, by a clock that the test turns."""

from __future__ import annotations

from spade_studio.app.export.pace import Pace, describe_pace, describe_seconds


def test_rate_and_rest_follow_the_last_things_done():
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.remaining(5) is None
    assert describe_pace("{done} of 10 pictures", 0, 10, pace) == "0 of 10 pictures"
    for _ in range(4):
        now[0] += 0.5
        pace.count()
    assert pace.rate == 2
    assert describe_pace("{done} of 50 pictures", 4, 50, pace) == "4 of 50 pictures · 2.0 a second · about 23 s left"
    for _ in range(30):
        now[0] += 4
        pace.count()
    assert describe_pace("{done} of 94 pictures", 34, 94, pace) == "34 of 94 pictures · 4 s each · about 4 min left"
    now[0] += 1000
    pace.restart()
    assert pace.remaining(5) is None


def test_times_in_words():
    assert [describe_seconds(seconds) for seconds in (0.1, 59, 61, 3599, 7500)] == ["1 s", "59 s", "1 min", "1 h 0 min", "2 h 5 min"]
