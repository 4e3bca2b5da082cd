"""A release's commits as a client lists them: the whole list, in place of what was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.bulk import batches, insert_missing
from domain.fixes import list_issues_of_commits
from domain.heads import arrange_heads
from domain.provenance import Why, record_activity
from domain.release_lists import refresh_release
from domain.resolution import sync_issues
from domain.stated_commits import ListedCommit, Places, StatedCommit, record_stated_commits
from domain.stored_lines import find_line, mark_line_stale
from domain.upkeep import bring_up_to_date
from models import Commit, Head, HeadOrigin, ListState, Release, ReleaseCommit, Repository

RULE = "client-states-commits"
ROWS_AT_ONCE = 5000


def set_commits(
    session: Session,
    release: Release,
    commits: Sequence[StatedCommit],
    places: Places,
    *,
    hosts: Collection[str],
    why: Why,
) -> None:
    """Make *commits*, newest first, the list of *release*; the same again changes nothing.

    *places* knows the repositories of all of them, which are locked, as *release* is. Positions
    count through the whole list. Issues named in the messages are linked, and resolved.
    """
    grouped = _group(release, commits, places)
    rows: dict[tuple[int, str], ListedCommit] = {}
    issue_ids: set[int] = set()
    for repository_id in sorted(grouped):
        repository = session.get_one(Repository, repository_id)
        told, named = record_stated_commits(
            session, repository, list(grouped[repository_id].values()), hosts=hosts, why=why
        )
        rows |= {(repository_id, sha): row for sha, row in told.items()}
        issue_ids |= named
    listed = list(
        dict.fromkeys(rows[_place(release, commit, places), commit.sha] for commit in commits)
    )
    heads = _state_heads(session, release, listed, why)
    changed = _replace(session, release, heads, listed, why)
    arrange_heads(session, release)
    refresh_release(session, release, why=why, rule=RULE)
    settle(session, {head.repository_id for head in heads}, changed, issue_ids, why)


def _place(release: Release, commit: StatedCommit, places: Places) -> int:
    place = places.find(commit, release.organization_id)
    if place is None:
        raise RuntimeError(f"commit {commit.sha} belongs to no repository")
    return place


def _group(
    release: Release, commits: Sequence[StatedCommit], places: Places
) -> dict[int, dict[str, StatedCommit]]:
    """By repository, then sha; of a commit that is listed twice the first."""
    grouped: dict[int, dict[str, StatedCommit]] = {}
    for commit in commits:
        grouped.setdefault(_place(release, commit, places), {}).setdefault(commit.sha, commit)
    return grouped


def _state_heads(
    session: Session, release: Release, listed: Sequence[ListedCommit], why: Why
) -> list[Head]:
    """One head for each repository of the list, on the commit of its ref or the newest listed."""
    stated = {
        head.repository_id: head
        for head in session.scalars(
            select(Head).where(Head.release_id == release.id, Head.origin != HeadOrigin.tag)
        )
    }
    newest: dict[int, ListedCommit] = {}
    for commit in listed:
        newest.setdefault(commit.repository_id, commit)
    heads = [
        _state_head(session, release, stated.pop(repository_id, None), commit, why)
        for repository_id, commit in newest.items()
    ]
    for head in stated.values():
        _withdraw(session, head)
    return heads


def _state_head(
    session: Session, release: Release, head: Head | None, newest: ListedCommit, why: Why
) -> Head:
    is_ref = head is not None and head.stated is not None
    sha = head.sha if head is not None and is_ref else newest.sha
    known = session.scalar(
        select(Commit.committed_at).where(
            Commit.repository_id == newest.repository_id, Commit.sha == sha
        )
    )
    is_same = head is not None and head.sha == sha
    made_at = known or (head.made_at if head is not None and is_same else why.now)
    if head is None:
        head = Head(release_id=release.id, repository_id=newest.repository_id, sha="", excluded=[])
        head.name = release.version
        head.line = find_line(
            session, session.get_one(Repository, newest.repository_id), release.version
        )
        head.made_at, head.origin = made_at, HeadOrigin.commits
        session.add(head)
    moved = (head.sha, head.made_at) != (sha, made_at)
    since = min(head.made_at, made_at)
    head.sha, head.made_at, head.origin = sha, made_at, HeadOrigin.commits
    head.state, head.basis, head.excluded = ListState.complete, "explicit", []
    head.needs = head.wants = head.cause = head.remedy = head.compared_with = None
    if moved:
        mark_line_stale(session, head.repository_id, head.line, Head.made_at >= since)
    head.is_stale = False
    session.flush()
    return head


def _withdraw(session: Session, head: Head) -> None:
    """The list holds nothing of the head's repository any more: only a ref may keep the head."""
    if head.stated is not None:
        head.origin = HeadOrigin.ref
        return
    session.delete(head)
    mark_line_stale(session, head.repository_id, head.line, Head.made_at >= head.made_at)


def _replace(
    session: Session,
    release: Release,
    heads: Sequence[Head],
    listed: Sequence[ListedCommit],
    why: Why,
) -> set[int]:
    """Store the list, unless it is there already; the commits that entered or left it."""
    by_repository = {head.repository_id: head for head in heads}
    wanted = [(by_repository[one.repository_id].id, one.id) for one in listed]
    query = (
        select(ReleaseCommit.head_id, ReleaseCommit.commit_id)
        .where(ReleaseCommit.release_id == release.id)
        .order_by(ReleaseCommit.position, ReleaseCommit.head_id)
    )
    known = [(row.head_id, row.commit_id) for row in session.execute(query)]
    _count(session, release, by_repository, listed)
    if known == wanted:
        return set()
    session.execute(delete(ReleaseCommit).where(ReleaseCommit.release_id == release.id))
    for begin in range(0, len(wanted), ROWS_AT_ONCE):
        rows = [
            {
                "head_id": head_id,
                "commit_id": commit_id,
                "release_id": release.id,
                "position": position,
            }
            for position, (head_id, commit_id) in enumerate(
                wanted[begin : begin + ROWS_AT_ONCE], begin
            )
        ]
        insert_missing(session, ReleaseCommit, rows)
    before, after = {id_ for _, id_ in known}, {id_ for _, id_ in wanted}
    record_activity(
        session,
        why,
        "commits_stated",
        organization_id=release.organization_id,
        release_id=release.id,
        data={
            "before": len(before),
            "after": len(after),
            "added": len(after - before),
            "removed": len(before - after),
        },
    )
    return before ^ after


def _count(
    session: Session,
    release: Release,
    by_repository: dict[int, Head],
    listed: Sequence[ListedCommit],
) -> None:
    """Counts of all heads: those that are no part of the client's list hold nothing now."""
    counts = Counter((commit.repository_id, commit.is_hidden) for commit in listed)
    for head in session.scalars(select(Head).where(Head.release_id == release.id)):
        is_listed = by_repository.get(head.repository_id) is head
        head.commit_count = counts[head.repository_id, False] if is_listed else 0
        head.hidden_count = counts[head.repository_id, True] if is_listed else 0
    session.flush()


def settle(
    session: Session,
    repository_ids: Collection[int],
    commit_ids: Collection[int],
    issue_ids: Collection[int],
    why: Why,
) -> None:
    """After lists changed: compute what became stale, and let issues follow.

    *commit_ids* entered or left a list; *issue_ids* are to be looked at besides.
    """
    wanted = set(issue_ids)
    for repository_id, ids in _by_repository(session, commit_ids).items():
        wanted |= list_issues_of_commits(session, repository_id, ids)
    for repository_id in sorted(repository_ids):
        repository = session.get_one(Repository, repository_id)
        if repository.is_tracked:
            bring_up_to_date(session, repository, why=why)
    sync_issues(session, wanted, why=why)


def _by_repository(session: Session, commit_ids: Collection[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for some in batches(sorted(commit_ids), ROWS_AT_ONCE):
        query = select(Commit.id, Commit.repository_id).where(Commit.id.in_(some))
        for row in session.execute(query):
            found.setdefault(row.repository_id, []).append(row.id)
    return found
