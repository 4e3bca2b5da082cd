"""Which points shorten a list, and when the date of a tag has to be asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.lines import Line, Point, list_rivals, widest
from domain.tags import parse_tag

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def point(
    name: str, made: float, pushed: float | None = None, *, exact: bool = False, gone: bool = False
) -> Point:
    """A tag of a commit made on day *made*, pushed on day *pushed*; exact: made on that very day."""
    parsed = parse_tag(name)
    assert parsed is not None
    return Point(
        hash(name),
        name,
        f"sha of {name}",
        parsed.order,
        DAY + timedelta(days=made),
        exact,
        None if pushed is None else DAY + timedelta(days=pushed),
        gone,
    )


def test_lower_earlier_versions_count_the_best_first_and_withdrawn_ones_do_not() -> None:
    head = point("v1.2.0", 5, exact=True)
    others = [
        point("v1.0.0", 1, exact=True),
        point("v1.1.0", 2, exact=True),
        point("v1.1.5", 3, exact=True, gone=True),
        point("v2.0.0", 4, exact=True),
        point("v1.1.9", 6, exact=True),
    ]
    line = Line([*others, head], {})
    assert [one.name for one in line.lower(head)] == ["v1.1.0", "v1.0.0"]
    assert [one.name for one in line.earlier_and_lower(head)] == ["v1.0.0", "v1.1.0"]
    marked = [one.name for other in others for one in line.earlier_on(other.sha, head)]
    assert marked == ["v1.0.0", "v1.1.0", "v2.0.0"]


@pytest.mark.parametrize(
    ("one", "other", "asked"),
    [
        pytest.param(point("v1.0.0", 1, 2), point("v1.1.0", 3, 4), None, id="apart"),
        pytest.param(point("v1.0.0", 1, 9), point("v1.1.0", 3, 9), None, id="all signs agree"),
        pytest.param(
            point("v2.0.0", 1, 2), point("v1.1.1", 3, 4), None, id="maintenance, apart in time"
        ),
        pytest.param(
            point("v2.0.0", 1, 9), point("v1.1.1", 3, 9.5), "v2.0.0", id="versions disagree"
        ),
        pytest.param(
            point("v1.0.0", 3, 4), point("v1.0.1", 1, 9), "v1.0.1", id="back-filled: the wide one"
        ),
        pytest.param(
            point("v1.1.0", 4, 5),
            point("v1.0.0", 4, 9),
            "v1.0.0",
            id="pushed the other way round, one commit",
        ),
        pytest.param(
            point("v1.0.0", 4, 5), point("v1.1.0", 4, exact=True), "v1.0.0", id="beside a light one"
        ),
        pytest.param(
            point("v1.0.0", 4, 5), point("v1.1.0", 6, exact=True), None, id="before a light one"
        ),
        pytest.param(
            point("v1.0.0", 1, exact=True), point("v1.1.0", 1, exact=True), None, id="both exact"
        ),
        pytest.param(point("v1.0.0", 1, None), point("v1.1.0", 3, 4), "v1.0.0", id="never pushed"),
    ],
)
def test_the_date_that_is_asked_for(one: Point, other: Point, asked: str | None) -> None:
    for first, second in ((one, other), (other, one)):
        rivals = list_rivals([first, second], first)
        assert Line([first, second], {}).list_rivals(first) == rivals
        found = widest([first, *rivals]) if rivals else None
        assert (found.name if found else None) == asked
