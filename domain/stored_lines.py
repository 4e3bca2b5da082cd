"""Lines of versions as they are stored: which line a head is on, and the points beside it.

A head made by a tag is on the tag's line; one stated by a client is where the tag of that version
would be (membership.md, "Releases without a tag"). A version that does not parse, such as a sha,
is on no line: it is compared with everything of its project, and only what it descends from counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, aliased

from domain.lines import Line, Point
from domain.tag_rules import DATED, dated_order, is_dated
from domain.tags import Order, parse_tag
from domain.versions import find_order, parse_version
from models import (
    Commit,
    Head,
    HeadOrigin,
    Project,
    Release,
    ReleaseProject,
    Repository,
    RepositoryProject,
    Tag,
)

NO_LINE = "~"  # no tag's line: a prefix holds a letter
NO_ORDER: Order = ((), 0, (), (-1, 0, ""))


def find_line(session: Session, repository: Repository, version: str) -> str:
    """The line of *repository* that a release named *version* belongs to."""
    parsed = parse_version(version)
    if parsed.package is None or parsed.order is None:
        tag = parse_tag(version)
        return tag.line if tag else NO_LINE
    known = session.scalars(
        select(Head.line)
        .join(Release, Release.id == Head.release_id)
        .where(
            Head.repository_id == repository.id,
            Head.origin == HeadOrigin.tag,
            Head.line.not_like(f"{DATED}%"),  # there versions do not count
            Release.version.startswith(f"{parsed.package}@", autoescape=True),
        )
        .distinct()
    ).all()
    if known:
        return min(known)
    slugs = session.scalars(
        select(Project.slug)
        .join(RepositoryProject, RepositoryProject.project_id == Project.id)
        .where(RepositoryProject.repository_id == repository.id)
    )
    return "" if parsed.package in set(slugs) else parsed.package


def sort_in_stated(session: Session, repository: Repository, package: str | None) -> set[str]:
    """Put stated heads of *package* on the line of its tags, of which one was just made.

    Returns the lines that lost or won a point; nothing where no client states heads.
    """
    touched: set[str] = set()
    rows = session.execute(
        select(Head, Release.version)
        .join(Release, Release.id == Head.release_id)
        .where(Head.repository_id == repository.id, Head.origin != HeadOrigin.tag)
    ).all()
    for head, version in rows:
        if parse_version(version).package != package:
            continue
        line = find_line(session, repository, version)
        if line != head.line:
            touched |= {line, head.line}
            head.line, head.is_stale = line, True
    session.flush()
    return touched


def settle_dates(session: Session, repository_id: int) -> None:
    """Date stale stated heads by their commits, once these are known."""
    rows = session.execute(
        select(Head, Commit.committed_at)
        .join(Commit, (Commit.repository_id == Head.repository_id) & (Commit.sha == Head.sha))
        .where(
            Head.repository_id == repository_id,
            Head.is_stale.is_(True),
            Head.origin != HeadOrigin.tag,
            Commit.committed_at.is_not(None),
            Commit.committed_at != Head.made_at,
        )
    ).all()
    for head, committed_at in rows:
        since = min(moment for moment in (head.made_at, committed_at) if moment is not None)
        head.made_at = committed_at or head.made_at
        mark_line_stale(session, repository_id, head.line, Head.made_at >= since)


def mark_line_stale(
    session: Session, repository_id: int, line: str, *conditions: ColumnElement[bool]
) -> None:
    """Heads of the line, and those of none (which are compared with all), are computed again."""
    session.flush()
    session.execute(
        update(Head)
        .where(Head.repository_id == repository_id, Head.line.in_({line, NO_LINE}), *conditions)
        .values(is_stale=True)
    )


def scope_of(session: Session, head: Head) -> frozenset[int]:
    """The projects within which a head of no line is compared; nothing for any other."""
    if head.line != NO_LINE:
        return frozenset()
    return frozenset(
        session.scalars(
            select(ReleaseProject.project_id).where(ReleaseProject.release_id == head.release_id)
        )
    )


def load_line(session: Session, head: Head) -> Line:
    """All points beside *head*: of its line, or of its projects if it is on none."""
    points = _select_points().where(Head.repository_id == head.repository_id)
    if head.line != NO_LINE:
        beside = points.where(Head.line == head.line)
        return _line(session.execute(beside), dated=is_dated(head.line))
    own, other = aliased(ReleaseProject), aliased(ReleaseProject)
    shared = (
        select(other.release_id)
        .join(own, own.project_id == other.project_id)
        .where(own.release_id == head.release_id)
    )
    own_or_shared = Head.release_id.in_(shared) | (Head.id == head.id)
    return _line(session.execute(points.where(own_or_shared)), ordered=False)


def _select_points() -> Any:
    return (
        select(
            Head.id,
            Head.name,
            Head.sha,
            Head.made_at,
            Head.is_withdrawn,
            Head.origin == HeadOrigin.tag,
            Tag.is_made_exact,
            Tag.pushed_at,
            Commit.rank,
        )
        .outerjoin(Tag, Tag.id == Head.tag_id)
        .outerjoin(Commit, (Commit.repository_id == Head.repository_id) & (Commit.sha == Head.sha))
        .where(Head.is_superseded.is_(False))
    )


def _line(rows: Iterable[Sequence[Any]], *, ordered: bool = True, dated: bool = False) -> Line:
    """Of thousands of rows for one list, so by their places: names of columns cost twice as much."""
    points, ranks = [], {}
    for head_id, name, sha, made_at, is_withdrawn, is_tag, is_exact, pushed_at, rank in rows:
        order: Order | None = NO_ORDER
        if ordered:
            order = dated_order(made_at) if dated else order_of(name, is_tag)
        if order is None:
            continue
        point = Point(
            head_id, name, sha, order, made_at, is_exact is not False, pushed_at, is_withdrawn
        )
        points.append(point)
        ranks[sha] = rank
    return Line(points, ranks, order_at=dated_order if dated else None)


@lru_cache(maxsize=20_000)
def order_of(name: str, is_tag: bool) -> Order | None:
    """The place of a head in the order of versions, by its tag or by its release's version."""
    if is_tag:
        parsed = parse_tag(name)
        return parsed.order if parsed else None
    return find_order(name)
