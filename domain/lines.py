"""Lines of versions: which points on one shorten the list of another (membership.md).

A point is a release's head on a line. Points are ordered by *earlier*: when the tag was made, then
version, then name. A push names an annotated tag without its tagger's date; such a point has a
range of moments, and a pair of points may be rivals: either may be the earlier one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.tags import Order


@dataclass(frozen=True, slots=True)
class Point:
    """One head. `made_at` is exact, or the earliest moment possible; `pushed_at` is the latest."""

    head_id: int
    name: str
    sha: str
    order: Order
    made_at: datetime
    is_exact: bool = True
    pushed_at: datetime | None = None
    is_withdrawn: bool = False

    @property
    def key(self) -> tuple[datetime, Order, str]:
        return (self.made_at, self.order, self.name)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What shortens a point's list: `lower` always does, best first; `marked` if descended from."""

    lower: list[Point]
    marked: dict[str, list[Point]]  # by sha


def find_baseline(
    points: Iterable[Point],
    point: Point,
    *,
    doubtful: Collection[Point] = (),
    doubtful_are_earlier: bool = False,
) -> Baseline:
    """The earlier points of the line that count for *point*; withdrawn ones do not.

    Where the place of *doubtful* points is not known, all of them are taken as earlier, or none.
    """
    earlier = [
        other
        for other in points
        if not other.is_withdrawn
        and other.head_id != point.head_id
        and (doubtful_are_earlier if other in doubtful else other.key < point.key)
    ]
    lower = [other for other in earlier if other.order < point.order]
    lower.sort(key=lambda other: (other.order, other.key), reverse=True)
    marked: dict[str, list[Point]] = {}
    for other in earlier:
        marked.setdefault(other.sha, []).append(other)
    return Baseline(lower, marked)


def list_rivals(points: Iterable[Point], point: Point) -> list[Point]:
    """The points of which it is not known whether they were made before *point*.

    There are none where the ranges do not touch; nor, of two annotated tags, when the dates of
    their commits, the versions and the order of the pushes all say the same.
    """
    return [other for other in points if other is not point and _is_in_doubt(other, point)]


def widest(points: Iterable[Point]) -> Point:
    """The point with the widest range of moments: its date, once known, settles most pairs."""
    return max((one for one in points if not one.is_exact), key=_doubt)


def _doubt(point: Point) -> tuple[bool, timedelta, str]:
    if point.pushed_at is None:
        return (True, timedelta(), point.name)
    return (False, point.pushed_at - point.made_at, point.name)


def _is_in_doubt(one: Point, other: Point) -> bool:
    if one.is_exact and other.is_exact:
        return False
    first, second = sorted((one, other), key=lambda point: point.key)
    latest = first.made_at if first.is_exact else first.pushed_at
    if latest is not None and latest < second.made_at:
        return False
    agree = (
        not first.is_exact
        and not second.is_exact
        and first.order <= second.order
        and first.pushed_at is not None
        and second.pushed_at is not None
        and first.pushed_at <= second.pushed_at
    )
    return not agree
