"""Which tags make releases under a setting, and on which line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidError
from domain.tag_rules import (
    dated_order,
    explain_no_release,
    find_tag_line,
    is_dated,
    parse_tag_pattern,
)
from domain.tags import parse_tag


@pytest.mark.parametrize(
    ("pattern", "name", "line"),
    [
        (None, "v1.0", ""),
        (None, "web@1.0", "web"),
        (None, "nightly", None),
        ("*", "v1.0", ""),
        ("*", "web/v1.0", "web"),
        ("*", "nightly-2024-01-15", ":nightly"),
        ("*", "nightly/2024-01-15", ":nightly"),
        ("*", "2024-01-15", ":"),
        ("*", "v4", ":"),
        ("*", "latest", ":"),
        ("*", "deploy/monday", ":deploy"),
        ("*", "build1234", ":build"),
        ("*", "2.3.x", ":"),
        ("v*", "web@1.0", None),
        ("v*", "v1.0", ""),
        ("!*-beta*", "v1.0", ""),
        ("!*-beta*", "v1.0-beta.1", None),
        ("!*-beta*", "nightly", None),
        ("*", "a b", None),
    ],
)
def test_lines(pattern: str | None, name: str, line: str | None) -> None:
    assert find_tag_line(name, pattern) == line
    assert is_dated(line or "") == (line is not None and parse_tag(name) is None)


def test_why_none() -> None:
    assert explain_no_release("latest", None) == "tag latest names no version"
    assert explain_no_release("latest", "!x") == "tag latest names no version"
    assert "settings" in explain_no_release("v1.0", "w*")


def test_patterns_are_stored_in_one_form() -> None:
    assert parse_tag_pattern(" v*,\n nightly-*  v* ") == "v*, nightly-*"
    assert parse_tag_pattern(" \n ") is None
    with pytest.raises(InvalidError, match="255"):
        parse_tag_pattern(", ".join("a" * 60 + str(n) for n in range(5)))


@given(st.text(min_size=1, max_size=40), st.sampled_from([None, "*", "v*", "!*a*", "a?, b*"]))
def test_any_name_has_an_answer(name: str, pattern: str | None) -> None:
    line = find_tag_line(name, pattern)
    parsed = parse_tag(name)
    if line is not None and parsed is not None:
        assert line == parsed.line
    if pattern is None:
        assert (line is None) == (parsed is None)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), st.integers(0, 10**12))  # noqa: DTZ001
def test_the_order_by_date_is_that_of_time(moment: datetime, later: int) -> None:
    at = moment.replace(tzinfo=UTC)
    after = at + timedelta(microseconds=later)
    assert (dated_order(at) < dated_order(after)) == (at < after)
