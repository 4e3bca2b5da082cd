"""Heads that a client states by refs (sentry-api.md 5.4): set, cleared, and completed later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.fixes import list_issues_of_commits
from domain.heads import arrange_heads
from domain.provenance import Why, record_activity
from domain.release_lists import Changes, list_ids, refresh_release, store_list
from domain.stated_ranges import Want
from domain.stored_lines import find_line, mark_line_stale
from domain.upkeep import bring_up_to_date
from models import Commit, Head, HeadOrigin, ListState, Release, ReleaseCommit, Repository


@dataclass(frozen=True)
class StatedRef:
    """One ref of a request: as it was said, and the full shas, None where they are not known yet."""

    repository_id: int
    stated: str
    sha: str | None
    stated_previous: str | None = None
    previous_sha: str | None = None

    @property
    def is_resolved(self) -> bool:
        return self.sha is not None and (
            self.stated_previous is None or self.previous_sha is not None
        )


def set_refs(
    session: Session,
    release: Release,
    refs: Sequence[StatedRef],
    *,
    why: Why,
    fills: bool = True,
    rule: str | None = None,
) -> None:
    """Make *refs* the heads that a client stated for *release*; the same again changes nothing.

    With *fills* their lists are computed at once, as far as what is known goes, and GitHub is
    asked for the rest by a job; without, the client sends the list of commits as well. The caller
    holds the locks of the repositories, then of the release. A *rule* decided, not the client.
    """
    before = _signature(session, release)
    named = {ref.repository_id: ref for ref in refs}  # the last one of a repository counts
    left = _drop_heads(session, release, keep=named.keys(), keep_lists=not fills)
    for ref in named.values():
        _set_ref(session, release, ref, why, keep_list=not fills)
    if _signature(session, release) != before or left:
        arrange_heads(session, release)
        said: dict[str, object] = {"refs": [ref.stated for ref in named.values()]}
        _record(session, release, "refs_set", why, said, rule)
    if fills:
        _try_again(session, release)
        _bring_up_to_date(session, release, named.keys(), left, why)


def clear_stated(session: Session, release: Release, *, why: Why) -> None:
    """Take back all that clients stated of the commits of *release*; lists of tags count again."""
    repositories = set(
        session.scalars(
            select(Head.repository_id).where(
                Head.release_id == release.id, Head.origin != HeadOrigin.tag
            )
        )
    )
    if not repositories:
        return
    left = _drop_heads(session, release, keep=(), keep_lists=False)
    arrange_heads(session, release)
    _record(session, release, "commits_cleared", why, {})
    _bring_up_to_date(session, release, repositories, left, why)


def record_resolved(
    session: Session, head_id: int, names: Sequence[str], shas: Sequence[str]
) -> None:
    """GitHub said which commits *names* are, unless the client said something else meanwhile."""
    head = session.get(Head, head_id)
    if head is None or tuple(names) != tuple(
        name for name in (head.stated, head.stated_previous) if name
    ):
        return
    head.sha, head.wants, head.is_stale = shas[0], None, True
    head.previous_sha = shas[1] if len(shas) > 1 else None
    mark_line_stale(session, head.repository_id, head.line, Head.made_at >= head.made_at)
    arrange_heads(session, session.get_one(Release, head.release_id))


def record_answer(
    session: Session, head_id: int, sha: str, shas: Sequence[str], *, fetched_from: str, why: Why
) -> set[int]:
    """Let the head have the list that GitHub answered with; the issues that may depend on it."""
    head = session.get(Head, head_id)
    if head is None or head.sha != sha or not head.has_list:
        return set()
    ids = {
        row.sha: row.id
        for some in batches(shas)
        for row in session.execute(
            select(Commit.sha, Commit.id).where(
                Commit.repository_id == head.repository_id, Commit.sha.in_(some)
            )
        )
    }
    changes = Changes()
    store_list(session, head, [ids[one] for one in shas if one in ids], changes=changes, why=why)
    head.fetched_from, head.wants, head.is_stale = fetched_from, None, True
    refresh_release(session, session.get_one(Release, head.release_id), why=why)
    return list_issues_of_commits(session, head.repository_id, set(ids.values()))


def _set_ref(
    session: Session, release: Release, ref: StatedRef, why: Why, *, keep_list: bool
) -> None:
    head = find_stated(session, release, ref.repository_id)
    repository = session.get_one(Repository, ref.repository_id)
    if head is None:
        head = Head(
            release_id=release.id,
            repository_id=repository.id,
            origin=HeadOrigin.ref,
            name=release.version,
            line=find_line(session, repository, release.version),
            sha=ref.sha or ref.stated,
            made_at=why.now,
            excluded=[],
        )
        session.add(head)
    elif not keep_list:
        head.origin = HeadOrigin.ref
    said = (ref.sha or ref.stated, ref.previous_sha, ref.stated, ref.stated_previous)
    if said == (head.sha, head.previous_sha, head.stated, head.stated_previous):
        return
    head.sha, head.previous_sha, head.stated, head.stated_previous = said
    head.wants = None if ref.is_resolved else Want.resolve
    head.fetched_from, head.is_stale = None, True
    head.made_at = _date_of(session, head) or head.made_at
    session.flush()
    mark_line_stale(session, repository.id, head.line, Head.made_at >= head.made_at)


def find_stated(session: Session, release: Release, repository_id: int) -> Head | None:
    """The head of *release* that a client stated in that repository."""
    return session.scalar(
        select(Head).where(
            Head.release_id == release.id,
            Head.repository_id == repository_id,
            Head.origin != HeadOrigin.tag,
        )
    )


def _date_of(session: Session, head: Head) -> datetime | None:
    return session.scalar(
        select(Commit.committed_at).where(
            Commit.repository_id == head.repository_id, Commit.sha == head.sha
        )
    )


def _drop_heads(
    session: Session, release: Release, *, keep: Collection[int], keep_lists: bool
) -> set[int]:
    """Remove stated heads of repositories not in *keep*; the commits that left a list.

    With *keep_lists* those of a client's list stay, without their ref: a list follows at once.
    """
    left: set[int] = set()
    stated = session.scalars(
        select(Head).where(Head.release_id == release.id, Head.origin != HeadOrigin.tag)
    ).all()
    for head in stated:
        is_list = head.origin == HeadOrigin.commits
        if head.repository_id in keep and not (is_list and not keep_lists):
            continue
        if is_list and keep_lists:
            head.stated = head.stated_previous = head.previous_sha = None
            continue
        left |= set(list_ids(session, head))
        session.execute(delete(ReleaseCommit).where(ReleaseCommit.head_id == head.id))
        mark_line_stale(session, head.repository_id, head.line, Head.made_at >= head.made_at)
        if head.repository_id in keep:
            head.commit_count = head.hidden_count = 0
        else:
            session.delete(head)
    session.flush()
    return left


def _try_again(session: Session, release: Release) -> None:
    """What is incomplete is looked at again: a repeated request heals it, if anything can."""
    session.execute(
        update(Head)
        .where(
            Head.release_id == release.id,
            Head.origin == HeadOrigin.ref,
            Head.state == ListState.incomplete,
        )
        .values(is_stale=True)
    )


def _bring_up_to_date(
    session: Session, release: Release, repository_ids: Collection[int], left: set[int], why: Why
) -> None:
    for repository_id in sorted(repository_ids):
        repository = session.get_one(Repository, repository_id)
        issues = list_issues_of_commits(session, repository_id, left)
        bring_up_to_date(session, repository, why=why, issue_ids=issues)
    refresh_release(session, release, why=why)


def _signature(session: Session, release: Release) -> set[tuple[object, ...]]:
    rows = session.execute(
        select(
            Head.repository_id,
            Head.origin,
            Head.sha,
            Head.previous_sha,
            Head.stated,
            Head.stated_previous,
        ).where(Head.release_id == release.id, Head.origin != HeadOrigin.tag)
    )
    return {tuple(row) for row in rows}


def _record(
    session: Session,
    release: Release,
    kind: str,
    why: Why,
    data: dict[str, object],
    rule: str | None = None,
) -> None:
    record_activity(
        session,
        why,
        kind,
        rule=rule,
        organization_id=release.organization_id,
        release_id=release.id,
        data=data,
    )
