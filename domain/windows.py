"""Long lists that can be read in both directions, by key: the API's way to page (sentry-api.md 1.3).

Unlike `domain.paging`, which only goes on, a place here says in which direction it looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, and_, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from domain.errors import InvalidError
from domain.paging import first_of

RowT = TypeVar("RowT")
ValueT = TypeVar("ValueT")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
BEFORE_TIME = _FIRST - 1  # stands in a place for a row without a moment

LAST_ID = 2**31 - 1  # what the columns hold; PostgreSQL refuses to compare with more


@dataclass(frozen=True)
class Place:
    """Between two rows: after the row of this key, or before it when read backwards."""

    value: int
    offset: int
    is_backwards: bool = False

    @property
    def row_id(self) -> int:
        """The value as the id of a row; raises InvalidError for what is none."""
        return _verify_id(self.value)

    @property
    def row_offset(self) -> int:
        """The offset as an id, or a position; raises InvalidError for what is neither."""
        return _verify_id(self.offset)


@dataclass(frozen=True)
class Window(Generic[RowT]):
    """Rows in the list's order, and where those before and after begin; None: there are none."""

    rows: list[RowT]
    previous: Place | None
    following: Place | None


def cut(
    found: Sequence[RowT], place: Place | None, size: int, key: Callable[[RowT], tuple[int, int]]
) -> Window[RowT]:
    """The window of *found*: rows read from *place* in its direction, one too many if there are more."""
    rows, more = first_of(found, size)
    if place is not None and place.is_backwards:
        rows.reverse()
        following = Place(*key(rows[-1])) if rows else Place(place.value, place.offset)
        previous = Place(*key(rows[0]), is_backwards=True) if more is not None else None
        return Window(rows, previous, following)
    following_place = Place(*key(rows[-1])) if more is not None else None
    before = None
    if place is not None:
        first = key(rows[0]) if rows else (place.value, place.offset)
        before = Place(*first, is_backwards=True)
    return Window(rows, before, following_place)


def slice_of(rows: Sequence[RowT], place: Place | None, size: int) -> Window[RowT]:
    """A short list in pages by number: a place holds the size of a page and its number."""
    number = max(place.offset, 0) if place else 0
    begin = number * size
    previous = Place(size, number - 1, is_backwards=True) if number else None
    following = Place(size, number + 1) if begin + size < len(rows) else None
    return Window(list(rows[begin : begin + size]), previous, following)


def beyond(
    first: ColumnElement[ValueT] | InstrumentedAttribute[ValueT],
    second: SQLColumnExpression[int],
    place: tuple[ValueT | ColumnElement[ValueT], int],
    *,
    ascending: bool,
) -> ColumnElement[bool]:
    """Rows after *place* when ordered by *first*, then *second*.

    Databases enter an index at a pair; of an `OR` they would read all that lies before. SQLite does
    so at the pair of an expression as well, hence the bound on *first* alone.
    """
    value, number = place
    known = value if isinstance(value, ColumnElement) else literal(value, first.type)
    row, here = tuple_(first, second), tuple_(known, literal(number, Integer()))
    if ascending:
        return and_(first >= known, row > here)
    return and_(first <= known, row < here)


def _verify_id(number: int) -> int:
    if not -LAST_ID <= number <= LAST_ID:
        raise InvalidError("Invalid cursor parameter.")
    return number


def to_number(moment: datetime) -> int:
    """A moment as microseconds since 1970, negative before."""
    return (moment - EPOCH) // _MICROSECOND


def to_moment(number: int) -> datetime:
    """The reverse; raises InvalidError for what is no moment."""
    if not _FIRST <= number <= _LAST:
        raise InvalidError("Invalid cursor parameter.")
    return EPOCH + number * _MICROSECOND
