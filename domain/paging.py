"""Lists in pages, by key: a page goes on after the last row that was shown, whatever is added."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from domain.errors import InvalidError

RowT = TypeVar("RowT")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST_ID = 2**31 - 1  # what the columns hold
_CURSOR = re.compile(r"(-?[0-9]{1,18})-([0-9]{1,18})", re.ASCII)
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class Page(Generic[RowT]):
    """Rows, and the cursor of those that follow; None when there are none."""

    rows: list[RowT]
    following: str | None


@dataclass(frozen=True)
class Moment:
    """A place in a list that is ordered by time, then id."""

    at: datetime
    id: int

    @property
    def key(self) -> tuple[datetime, int]:
        return self.at, self.id

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id}"


def parse_moment(cursor: str) -> Moment:
    """The place that a cursor names; raises InvalidError."""
    match = _CURSOR.fullmatch(cursor)
    if match is None or not _FIRST <= int(match[1]) <= _LAST:
        raise InvalidError("the address holds no usable place in the list")
    return Moment(_EPOCH + int(match[1]) * _MICROSECOND, parse_id(match[2]))


def parse_count(cursor: str) -> tuple[int, int]:
    """A place in a list that is ordered by a count, then id; raises InvalidError."""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise InvalidError("the address holds no usable place in the list")
    return parse_id(match[1]), parse_id(match[2])


def parse_id(cursor: str) -> int:
    """The id that a cursor or an address names; raises InvalidError."""
    if _ID.fullmatch(cursor) is None or int(cursor) > _LAST_ID:
        raise InvalidError("the address holds no usable number")
    return int(cursor)


def find_id(text: str, *, most: int = _LAST_ID) -> int | None:
    """The id that *text* may stand for; None when it is no number, or larger than any id."""
    return int(text) if _ID.fullmatch(text) and int(text) <= most else None


def first_of(rows: Sequence[RowT], size: int) -> tuple[list[RowT], RowT | None]:
    """The first *size* rows, and the last of them if there are more (ask for one too many)."""
    shown = list(rows[:size])
    return shown, shown[-1] if len(rows) > size else None
