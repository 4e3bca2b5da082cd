from __future__ import annotations

import pytest

from webapp.wording import describe_time_left


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "less than a minute left"),
        (59, "less than a minute left"),
        (60, "about 1 min left"),
        (3 * 60 + 10, "about 3 min left"),
        (89 * 60, "about 89 min left"),
        (2 * 3600, "about 2 h left"),
    ],
)
def test_what_is_left_is_said_no_more_exactly_than_it_is_known(
    seconds: int | None, words: str
) -> None:
    assert describe_time_left(seconds) == words
