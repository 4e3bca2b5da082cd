"""Where a fix is missing: series of releases that are kept up beside those that hold it.

A series is what people call 2.3.x: the versions of one line with the same first two numbers. Its
newest release speaks for it. The graph alone decides (membership.md, *contains*): a series lacks
the fix if that release does not contain it. It is not named if a later release descends from it:
those who upgrade get the fix there, or that one is named. Nor is it if it is older than all in
which the issue was seen, as far as it was: the mistake may well have been made after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from domain.fixes import Family, load_family
from domain.regressions import Judge
from domain.sightings import Graphs, Place, Shipped
from domain.stored_lines import NO_LINE, order_of
from domain.tag_rules import is_dated
from domain.tags import Order
from models import Head, HeadOrigin, Issue, IssueLink, IssueRelease, Release, ReleaseProject

MOST_HEADS = 1000  # the newest are looked at
MOST_SERIES = 20
SHOWN = 5
NUMBERS = 2  # components of a version that make a series

_OF_HEAD = (
    *(Head.repository_id, Head.release_id, Head.line, Head.name, Head.origin),
    *(Head.sha, Head.made_at),
)
_Key = tuple[int, str, tuple[str, ...]]  # repository, line, first numbers


@dataclass(frozen=True, slots=True)
class Series:
    """A series, by the name that people give it (`2.3.x`), and the version of its newest release."""

    name: str
    newest: str


@dataclass(frozen=True, slots=True)
class _Newest:
    key: _Key
    order: Order
    shipped: Shipped


def list_lacking(session: Session, issue: Issue) -> list[Series]:
    """Series that lack the issue's fix, the highest versions first; none while nothing holds it.

    A single statement where no repository of the fix has releases of two series.
    """
    series = _load_newest(session, issue)
    if not series:
        return []
    family, graphs = load_family(session, issue), Graphs(session)
    for repository_id in {_place_of(one)[0] for one in series}:  # all heads at once
        heads = [sha for own, sha in map(_place_of, series) if own == repository_id]
        graphs.of(repository_id).nodes(heads)
    fixed, others = _part(series, family, Judge(graphs, False))
    if not fixed:
        return []
    lacking = (one for one in others if not _is_left_behind(one, [*fixed, *others], graphs))
    return [Series(_name(one.key), one.shipped.version) for one in islice(lacking, SHOWN)]


def _place_of(one: _Newest) -> Place:
    return one.shipped.heads[0]


def _part(
    series: Iterable[_Newest], family: Family, judge: Judge
) -> tuple[list[_Newest], list[_Newest]]:
    """Those that hold the fix, and those that do not; what the graph does not know is in neither."""
    fixed: list[_Newest] = []
    others: list[_Newest] = []
    for one in series:
        living = judge.living(family, one.shipped)
        if living is not None:
            (fixed if living else others).append(one)
    return fixed, others


def _is_left_behind(one: _Newest, series: Collection[_Newest], graphs: Graphs) -> bool:
    """Whether the newest release of a higher series descends from that of this one."""
    higher = sorted((two for two in series if two.order > one.order), key=lambda two: two.order)
    return any(graphs.contains(two.shipped.heads, _place_of(one)) for two in higher)


def _load_newest(session: Session, issue: Issue) -> list[_Newest]:
    """The newest release of each series, where there are several; the highest versions first."""
    linked = select(IssueLink.repository_id).where(
        IssueLink.issue_id == issue.id, IssueLink.ended_at.is_(None)
    )
    seen = select(IssueRelease.release_id).where(IssueRelease.issue_id == issue.id)
    newest: dict[_Key, _Newest] = {}
    oldest_seen: dict[tuple[int, str], Order] = {}
    rows = session.execute(
        select(Head, Release.version, Release.id.in_(seen))
        .join(Release, Release.id == Head.release_id)
        .join(ReleaseProject, ReleaseProject.release_id == Release.id)
        .where(
            ReleaseProject.project_id == issue.project_id,
            Head.repository_id.in_(linked),
            Head.is_superseded.is_(False),
            Head.is_withdrawn.is_(False),
            Head.line != NO_LINE,
        )
        .order_by(Head.made_at.desc(), Head.id)
        .limit(MOST_HEADS)
        .options(load_only(*_OF_HEAD))
    )
    for head, version, is_seen in rows:
        order = order_of(head.name, head.origin == HeadOrigin.tag)
        if order is None or is_dated(head.line):
            continue
        line = (head.repository_id, head.line)
        if is_seen:
            oldest_seen[line] = min(order, oldest_seen.get(line, order))
        key = (*line, _first_numbers(order))
        if key not in newest or newest[key].order < order:
            heads = ((head.repository_id, head.sha),)
            shipped = Shipped(head.release_id, version, head.made_at, heads)
            newest[key] = _Newest(key, order, shipped)
    counts = Counter((repository_id, line) for repository_id, line, _ in newest)
    found = [
        one
        for one in newest.values()
        if counts[one.key[:2]] > 1 and oldest_seen.get(one.key[:2], one.order) <= one.order
    ]
    return sorted(found, key=lambda one: one.order, reverse=True)[:MOST_SERIES]


def _first_numbers(order: Order) -> tuple[str, ...]:
    """Of 2.3.1: 2 and 3. An order has neither zeros at its end nor before a number."""
    numbers = [digits or "0" for _, _, digits in order[0][:NUMBERS]]
    return (*numbers, *["0"] * (NUMBERS - len(numbers)))


def _name(key: _Key) -> str:
    _, line, numbers = key
    return f"{line}@{'.'.join(numbers)}.x" if line else f"{'.'.join(numbers)}.x"
