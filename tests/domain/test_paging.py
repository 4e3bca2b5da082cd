from __future__ import annotations

import contextlib
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidError
from domain.paging import Moment, first_of, parse_id, parse_moment

MOMENTS = st.builds(
    Moment,
    st.datetimes(timezones=st.just(UTC)),
    st.integers(0, 2**31 - 1),
)


@given(MOMENTS)
def test_a_place_comes_back_as_it_was(moment: Moment) -> None:
    assert parse_moment(str(moment)) == moment


@given(st.text() | st.from_regex(r"-?[0-9]{0,25}-?-[0-9]{0,25}", fullmatch=True))
def test_anything_else_is_refused_or_a_place(text: str) -> None:
    with contextlib.suppress(InvalidError):
        assert parse_moment(text).id < 2**31


@pytest.mark.parametrize("text", ["", "x", "-1", "1.0", " 1", "1\n", "\u0661", "2147483648"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        parse_id(text)


def test_one_row_too_many_says_that_there_are_more() -> None:
    assert first_of([3, 2, 1], 2) == ([3, 2], 2)
    assert first_of([3, 2], 2) == ([3, 2], None)
    assert first_of([], 2) == ([], None)
