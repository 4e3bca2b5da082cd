"""Lines of versions: which points on one shorten the list of another (membership.md).

A point is a release's head on a line. Points are ordered by *earlier*: when the tag was made, then
version, then name. A push names an annotated tag without its tagger's date; such a point has a
range of moments, and a pair of points may be rivals: either may be the earlier one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate, islice
from operator import attrgetter

from domain.tags import Order

START_OF_TIME = datetime.min.replace(tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)  # not frozen: one list makes thousands, in a quarter of the time
class Point:
    """One head, never changed; `key` is its place in the order of *earlier*.

    `made_at` is exact, or the earliest moment possible; `pushed_at` is the latest.
    """

    head_id: int
    name: str
    sha: str
    order: Order
    made_at: datetime
    is_exact: bool = True
    pushed_at: datetime | None = None
    is_withdrawn: bool = False
    key: tuple[datetime, Order, str] = field(init=False)

    def __post_init__(self) -> None:
        self.key = (self.made_at, self.order, self.name)


class Line:
    """All points of one line, arranged once so that each asks only for its own neighbourhood."""

    def __init__(
        self,
        points: Iterable[Point],
        ranks: Mapping[str, int | None],
        *,
        order_at: Callable[[datetime], Order] | None = None,
    ) -> None:
        """*ranks*: of the points' commits, None or missing while they are not closed.

        *order_at*: of a line by date, the place of a point made at a moment.
        """
        self._order_at = order_at
        self.points = sorted(points, key=attrgetter("key"))
        self._by_head = {point.head_id: point for point in self.points}
        self._by_version = sorted(self.points, key=attrgetter("order"))  # equal ones stay by key
        self._orders = [point.order for point in self._by_version]
        self._by_sha: dict[str, list[Point]] = {}
        for point in self.points:
            if not point.is_withdrawn:
                self._by_sha.setdefault(point.sha, []).append(point)
        self._ranks = {sha: rank for sha, rank in ranks.items() if rank is not None}
        self._unclosed = {point.sha for point in self.points} - self._ranks.keys()

    def __getitem__(self, head_id: int) -> Point:
        return self._by_head[head_id]

    def __contains__(self, head_id: int) -> bool:
        return head_id in self._by_head

    def only(self, keep: Callable[[Point], bool]) -> Line:
        """The line as it would be with those points alone that *keep* takes."""
        kept = [point for point in self.points if keep(point)]
        return Line(kept, self._ranks, order_at=self._order_at)

    def lower(self, point: Point) -> Iterator[Point]:
        """The earlier points with a lower version, the highest version first: always excluded."""
        for number in range(bisect_left(self._orders, point.order) - 1, -1, -1):
            other = self._by_version[number]
            if other.key < point.key and not other.is_withdrawn:
                yield other

    def earlier_and_lower(self, point: Point) -> list[Point]:
        """The points of `lower`, in the order of time: cheaper where all of them are looked at."""
        earlier = bisect_left(self.points, point.key, key=attrgetter("key"))
        return [
            other
            for other in islice(self.points, earlier)
            if other.order < point.order and not other.is_withdrawn
        ]

    def rank(self, point: Point) -> int:
        return self._ranks[point.sha]

    def unclosed_below(self, point: Point) -> list[str]:
        """The commits of *point* and its lower points that must be closed before it is computed."""
        return sorted(
            sha
            for sha in self._unclosed
            if sha == point.sha
            or any(other.order < point.order for other in self.earlier_on(sha, point))
        )

    def learn_ranks(self, ranks: Mapping[str, int | None]) -> None:
        self._ranks |= {sha: rank for sha, rank in ranks.items() if rank is not None}
        self._unclosed -= self._ranks.keys()

    def earlier_on(self, sha: str, point: Point) -> list[Point]:
        """The earlier points that stand on *sha*."""
        return [
            other
            for other in self._by_sha.get(sha, ())
            if other.key < point.key and other.head_id != point.head_id
        ]

    def list_rivals(self, point: Point) -> list[Point]:
        """The points of which it is not known whether they were made before *point*."""
        if self._are_dates_exact:
            return []
        first = bisect_left(self._latest_so_far, point.made_at)
        last = bisect_right(self.points, _latest(point), key=attrgetter("made_at"))
        return list_rivals(self.points[first:last], point)

    @cached_property
    def _are_dates_exact(self) -> bool:
        return all(point.is_exact for point in self.points)

    @cached_property
    def _latest_so_far(self) -> list[datetime]:
        return list(accumulate(map(_latest, self.points), max))

    def placed(self, rivals: Collection[Point], *, before: bool) -> Line:
        """The line as it would be with all *rivals* made before everything else, or after it."""
        moment = START_OF_TIME if before else END_OF_TIME
        points = [self._moved(other, moment) if other in rivals else other for other in self.points]
        return Line(points, self._ranks, order_at=self._order_at)

    def _moved(self, point: Point, moment: datetime) -> Point:
        order = self._order_at(moment) if self._order_at else point.order
        return replace(point, made_at=moment, order=order)


def _latest(point: Point) -> datetime:
    if point.is_exact:
        return point.made_at
    return point.pushed_at or END_OF_TIME


def list_rivals(points: Iterable[Point], point: Point) -> list[Point]:
    """The ones among *points* that may have been made before *point*, or after it.

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
