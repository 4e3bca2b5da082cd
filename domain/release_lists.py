"""A head's list of commits, stored: replaced when it differs, with the counts of its release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import merge

from sqlalchemy import bindparam, delete, func, select, union, update
from sqlalchemy.orm import Session

from domain.bulk import batches, insert_missing, table_of
from domain.provenance import Why, record_activity
from models import Commit, CommitCoAuthor, Head, HeadOrigin, ListState, Release, ReleaseCommit


@dataclass
class Changes:
    """Commits that entered or left a list, of all heads computed together."""

    commit_ids: set[int] = field(default_factory=set)
    release_ids: set[int] = field(default_factory=set)


def store_list(
    session: Session, head: Head, commit_ids: Sequence[int], *, changes: Changes, why: Why
) -> None:
    """Make *commit_ids* (newest first) the list of *head*. The same again writes nothing."""
    known = list_ids(session, head)
    if known == list(commit_ids):
        return
    if known:
        session.execute(delete(ReleaseCommit).where(ReleaseCommit.head_id == head.id))
    rows = [
        {
            "head_id": head.id,
            "commit_id": commit_id,
            "release_id": head.release_id,
            "position": position,
        }
        for position, commit_id in enumerate(commit_ids)
    ]
    insert_missing(session, ReleaseCommit, rows)
    _count(session, head, commit_ids)
    changed = set(known) ^ set(commit_ids)
    changes.commit_ids |= changed
    changes.release_ids.add(head.release_id)
    if known and changed:
        _record_change(session, head, set(known), set(commit_ids), why)


def list_ids(session: Session, head: Head) -> list[int]:
    """Row ids of the commits that *head* lists, newest first, hidden ones included."""
    return list(
        session.scalars(
            select(ReleaseCommit.commit_id)
            .where(ReleaseCommit.head_id == head.id)
            .order_by(ReleaseCommit.position)
        )
    )


def recount(session: Session, head: Head) -> None:
    """The counts of a list that a client stated; which of its commits are hidden may change."""
    _count(session, head, list_ids(session, head))


def _count(session: Session, head: Head, commit_ids: Sequence[int]) -> None:
    head.hidden_count = _count_hidden(session, commit_ids)
    head.commit_count = len(commit_ids) - head.hidden_count
    session.flush()


def _count_hidden(session: Session, commit_ids: Sequence[int]) -> int:
    return sum(
        session.scalar(select(func.count()).where(Commit.id.in_(some), Commit.is_hidden.is_(True)))
        or 0
        for some in batches(commit_ids)
    )


def _record_change(
    session: Session, head: Head, before: set[int], after: set[int], why: Why
) -> None:
    release = session.get_one(Release, head.release_id)
    record_activity(
        session,
        why,
        "commits_changed",
        organization_id=release.organization_id,
        release_id=release.id,
        repository_id=head.repository_id,
        rule="new-commits-by-graph",
        data={
            "tag": head.name,
            "before": len(before),
            "after": len(after),
            "added": len(after - before),
            "removed": len(before - after),
        },
    )


def refresh_release(
    session: Session, release: Release, *, why: Why, rule: str = "new-commits-by-graph"
) -> None:
    """Counts, authors, last commit and completeness of *release*, read off its heads' lists."""
    session.flush()
    heads = list(
        session.scalars(
            select(Head).where(Head.release_id == release.id).order_by(Head.made_at, Head.id)
        )
    )
    before = (release.commit_count, release.author_count, release.last_commit_id)
    arrange_positions(session, [head for head in heads if head.has_list])
    release.commit_count = _count_commits(session, release, heads)
    release.hidden_count = sum(head.hidden_count for head in heads)
    release.outside_count = sum(head.outside_count for head in heads if head.has_list)
    release.author_count = _count_authors(session, release)
    release.last_commit_id = _find_last_commit(session, release)
    complete = all(head.state == ListState.complete for head in heads)
    release.list_state = ListState.complete if complete else ListState.incomplete
    if before != (release.commit_count, release.author_count, release.last_commit_id):
        record_activity(
            session,
            why,
            "commits_set",
            organization_id=release.organization_id,
            release_id=release.id,
            rule=rule,
            data={
                "commits": release.commit_count,
                "authors": release.author_count,
                "last_commit_id": release.last_commit_id,
            },
        )
    session.flush()


def arrange_positions(session: Session, heads: Sequence[Head]) -> None:
    """Number the commits of several lists as one, the newest first, each list's order kept.

    A client's list comes with its order over all repositories.
    """
    if len(heads) < 2 or all(head.origin == HeadOrigin.commits for head in heads):
        return
    lists: dict[int, list[tuple[float, int, int, int]]] = {}
    rows = session.execute(
        select(
            ReleaseCommit.head_id,
            ReleaseCommit.commit_id,
            ReleaseCommit.position,
            Commit.committed_at,
        )
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .where(ReleaseCommit.head_id.in_([head.id for head in heads]))
        .order_by(ReleaseCommit.head_id, ReleaseCommit.position)
    )
    for head_id, commit_id, position, committed_at in rows:
        age = -committed_at.timestamp() if committed_at else 0.0
        lists.setdefault(head_id, []).append((age, head_id, commit_id, position))
    moved = [
        {"of_head": head_id, "of_commit": commit_id, "place": place}
        for place, (_, head_id, commit_id, position) in enumerate(merge(*lists.values()))
        if place != position
    ]
    if moved:
        table = table_of(ReleaseCommit)
        session.execute(
            update(table)
            .where(
                table.c.head_id == bindparam("of_head"),
                table.c.commit_id == bindparam("of_commit"),
            )
            .values(position=bindparam("place")),
            moved,
        )


def _count_commits(session: Session, release: Release, heads: Sequence[Head]) -> int:
    with_list = [head for head in heads if head.has_list]
    if len(with_list) < 2:
        return sum(head.commit_count for head in with_list)
    visible = (
        select(func.count(ReleaseCommit.commit_id.distinct()))
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .where(ReleaseCommit.release_id == release.id, Commit.is_hidden.is_(False))
    )
    return session.scalar(visible) or 0


def _count_authors(session: Session, release: Release) -> int:
    """Distinct authors and co-authors of the listed commits."""
    listed = (
        select(Commit.id, Commit.author_id)
        .join(ReleaseCommit, ReleaseCommit.commit_id == Commit.id)
        .where(ReleaseCommit.release_id == release.id, Commit.is_hidden.is_(False))
        .subquery()
    )
    authors = select(listed.c.author_id).where(listed.c.author_id.is_not(None))
    co_authors = select(CommitCoAuthor.author_id).join(
        listed, listed.c.id == CommitCoAuthor.commit_id
    )
    return (
        session.scalar(select(func.count()).select_from(union(authors, co_authors).subquery())) or 0
    )


def _find_last_commit(session: Session, release: Release) -> int | None:
    """The newest visible commit."""
    return session.scalar(
        select(ReleaseCommit.commit_id)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .where(ReleaseCommit.release_id == release.id, Commit.is_hidden.is_(False))
        .order_by(ReleaseCommit.position, ReleaseCommit.head_id.desc())
        .limit(1)
    )
