from __future__ import annotations

from datetime import timedelta

import pytest

from domain.estimates import estimate_left
from tests.factories import NOW


@pytest.mark.parametrize(
    ("seconds", "done", "total", "left"),
    [
        pytest.param(60, 500, 1000, 60, id="half done"),
        pytest.param(60, 100, 1000, 540, id="a tenth done"),
        pytest.param(2, 500, 1000, None, id="too soon to tell"),
        pytest.param(60, 0, 1000, None, id="nothing done"),
        pytest.param(60, 1000, 1000, None, id="all done"),
        pytest.param(60, 10, 0, None, id="total unknown"),
        pytest.param(60, 1200, 1000, None, id="more than expected"),
        pytest.param(-60, 500, 1000, None, id="clocks that differ"),
    ],
)
def test_how_long_the_rest_takes(seconds: int, done: int, total: int, left: int | None) -> None:
    started_at = NOW - timedelta(seconds=seconds)
    expected = timedelta(seconds=left) if left is not None else None
    assert estimate_left(started_at, done=done, total=total, now=NOW) == expected


def test_what_has_not_begun_has_no_estimate() -> None:
    assert estimate_left(None, done=1, total=2, now=NOW) is None
