"""How far an import is and how long it takes yet: a bar that only grows, time at work alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.import_pace import FEWEST_STEPS, measure_pace, note_pace
from tests.factories import NOW
from webapp.wording import describe_time_left

SECOND = timedelta(seconds=1)


def reading(commits: int, **told: Any) -> dict[str, Any]:
    return {"phase": "commits", "commits": commits, "expected_commits": 10_000, "tags": 0, **told}


def test_nothing_is_known_before_the_first_page() -> None:
    assert measure_pace({}) is None
    assert measure_pace({"phase": "tags", "tags": 100, "commits": 0}) is None


def test_an_estimate_follows_the_pace() -> None:
    progress = note_pace(reading(0), now=NOW)
    assert measure_pace(progress) == measure_pace(reading(0))  # no pace yet
    for number in range(1, 5):
        progress = note_pace(
            reading(500 * number, pace=progress["pace"]), now=NOW + number * SECOND
        )
    pace = measure_pace(progress)
    assert pace is not None
    assert pace.share == 0.2
    assert pace.seconds_left == pytest.approx(16)


def test_waiting_is_not_counted() -> None:
    progress = note_pace(reading(0), now=NOW)
    progress = note_pace(reading(1_000, pace=progress["pace"]), now=NOW + SECOND)
    later = NOW + timedelta(hours=1)  # the rate limit, or a pause
    progress = note_pace(reading(1_500, pace=progress["pace"]), now=later)
    pace = measure_pace(progress)
    assert pace is not None
    assert pace.seconds_left is None
    progress = note_pace(reading(2_000, pace=progress["pace"]), now=later + SECOND)
    pace = measure_pace(progress)
    assert pace is not None
    assert pace.seconds_left == pytest.approx(16)


def test_lists_count_as_well_and_the_bar_never_goes_back() -> None:
    told = [
        reading(9_900, tags=100),
        reading(10_000, tags=100, phase="sides"),
        reading(10_400, tags=100, phase="sides"),  # more than was expected
        reading(10_400, tags=100, phase="lists", lists=0, expected_lists=100),
        reading(10_400, tags=100, phase="lists", lists=60, expected_lists=100),
        reading(10_400, tags=100, phase="done", lists=100, expected_lists=100),
    ]
    shares = [pace.share for one in told if (pace := measure_pace(one))]
    assert len(shares) == len(told)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_an_import_begun_again_measures_anew() -> None:
    progress = note_pace(reading(9_000), now=NOW)
    again = note_pace(reading(FEWEST_STEPS, pace=progress["pace"]), now=NOW + SECOND)
    pace = measure_pace(again)
    assert pace is not None
    assert pace.seconds_left is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (3, "less than a minute left"),
        (61, "about 1 min left"),
        (179, "about 3 min left"),
        (5_400, "about 2 h left"),
    ],
)
def test_words(seconds: float | None, words: str) -> None:
    assert describe_time_left(seconds) == words
