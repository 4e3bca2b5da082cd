"""Lists of heads that a client stated by a commit, with or without the start of a range.

The cases are those of sentry-api.md 5.5 (OURS 13). What the graph cannot tell, GitHub is asked for
this one head (`Head.wants`); its answer is kept until the graph knows as much.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from domain.graph import NewCommits, new_commits
from domain.list_states import (
    FILES,
    FIRST_RELEASE_COMMITS,
    IMPORT_REMEDY,
    IMPORT_RUNNING,
    NOT_TRACKED,
    TRACK,
    Task,
    set_complete,
    set_incomplete,
    set_new,
    show_latest,
    store_narrowed,
)
from domain.release_facts import moment_of_release
from domain.release_lists import list_ids
from models import Head, Release, ReleaseProject

NOT_RESOLVED = "GitHub could not be asked yet which commit {} is"
ASKED_AGAIN = "It is tried again by itself."
RANGE_UNKNOWN = "the commits of the range are not known yet; GitHub is being asked for them"
GUESSED = "base line guessed: the history of the repository is not known yet"
FIRST = "first release: only the latest {} of {} commits are listed"
WHOLE_HISTORY = (
    "Tag the commit to take the whole history, or say where the range begins (previousCommit)."
)


class Want(StrEnum):
    """What GitHub is asked for one head."""

    resolve = "resolve"  # which commits `stated` and `stated_previous` are
    range = "range"  # reach(sha) - reach(previous_sha, or the guessed base)
    latest = "latest"  # the latest commits up to sha
    files = FILES  # what the listed commits touch, where no push said it


def refresh_unresolved(task: Task, head: Head) -> None:
    """A revision that is no full sha, and GitHub did not say yet what it is."""
    names = [name for name in (head.stated, head.stated_previous) if name]
    cause = NOT_RESOLVED.format(" or ".join(repr(name) for name in names))
    set_incomplete(task, head, *_why_unknown(task, cause), basis="latest")
    task.result.has_wants = True


def refresh_range(task: Task, head: Head, previous: str) -> None:
    """reach(head) - reach(previous): the client said so, hence *explicit*."""
    found = find_range(task, head.sha, previous)
    head.wants = None
    if found is not None:
        set_complete(task, head, task.ids(found.shas), basis="explicit")
    elif head.fetched_from == previous:
        set_complete(task, head, list_ids(task.session, head), basis="explicit")
    else:
        _want(task, head, Want.range)
        show_latest(task, head)
        set_incomplete(task, head, *_why_unknown(task, RANGE_UNKNOWN), basis="explicit")
    head.compared_with, head.excluded = _name_at(task, head, previous), []


def refresh_without_history(task: Task, head: Head) -> None:
    """While the history is not known: the previous release is the best guess of a base line."""
    base = find_previous_head(task.session, head)
    head.wants = None
    if base is None:
        head.compared_with, head.excluded = None, []
        if head.fetched_from != head.sha:
            show_latest(task, head)
            if head.commit_count + head.hidden_count < FIRST_RELEASE_COMMITS:
                _want(task, head, Want.latest)
        cause, remedy = _why_unknown(task, IMPORT_RUNNING)
        set_incomplete(task, head, f"first release: {cause}", remedy, basis="latest")
        return
    head.compared_with, head.excluded = base.name, []
    found = find_range(task, head.sha, base.sha)
    if found is not None:
        store_narrowed(task, head, task.ids(found.shas))
    elif head.fetched_from != base.sha:
        _want(task, head, Want.range)
        show_latest(task, head)
    remedy = IMPORT_REMEDY if task.repository.is_tracked else TRACK
    set_incomplete(task, head, GUESSED, remedy, basis="previous-release")


def refresh_first(task: Task, head: Head, found: NewCommits) -> None:
    """Nothing to exclude: the latest commits, as this API documents for a first release."""
    shas = found.shas[:FIRST_RELEASE_COMMITS]
    head.compared_with, head.excluded = None, []
    if len(shas) == len(found.shas):  # these are all
        set_new(task, head, task.ids(shas))
        return
    store_narrowed(task, head, task.ids(shas))
    cause = FIRST.format(len(shas), len(found.shas))
    set_incomplete(task, head, cause, WHOLE_HISTORY, basis="latest")


def base_to_ask_from(session: Session, head: Head) -> str | None:
    """The commit that a wanted range begins at: what the client said, else the guess."""
    if head.previous_sha is not None:
        return head.previous_sha
    base = find_previous_head(session, head)
    return base.sha if base else None


def find_range(task: Task, sha: str, previous: str) -> NewCommits | None:
    """reach(sha) - reach(previous), newest first; None if the graph does not tell."""
    if task.graph.close([sha, previous]).open_ends:
        return None
    return new_commits(task.graph, sha, excluded=[previous], marked=frozenset[str]())


def find_previous_head(session: Session, head: Head) -> Head | None:
    """The repository's head in the previous release that shares a project (sentry-api.md 5.5).

    *Previous* is the newest by date other than this one, which is a guess, and labelled as such.
    """
    own, other = aliased(ReleaseProject), aliased(ReleaseProject)
    moment = moment_of_release()
    return session.scalar(
        select(Head)
        .join(Release, Release.id == Head.release_id)
        .where(
            Head.repository_id == head.repository_id,
            Head.release_id != head.release_id,
            Head.is_superseded.is_(False),
            moment <= _moment(session, head),
            Head.release_id.in_(
                select(other.release_id)
                .join(own, own.project_id == other.project_id)
                .where(own.release_id == head.release_id)
            ),
        )
        .order_by(moment.desc(), Release.id.desc(), Head.id.desc())
        .limit(1)
    )


def _moment(session: Session, head: Head) -> datetime:
    release = session.get_one(Release, head.release_id)
    return release.released_at or release.created_at


def _want(task: Task, head: Head, want: Want) -> None:
    """Have GitHub asked: now, or when it shows us the repository again. Not what nobody tracks."""
    if task.repository.is_tracked:
        head.wants = want
        task.result.has_wants = True


def _why_unknown(task: Task, cause: str) -> tuple[str, str]:
    return (cause, ASKED_AGAIN) if task.repository.is_tracked else (NOT_TRACKED, TRACK)


def _name_at(task: Task, head: Head, sha: str) -> str | None:
    """The name of another head that stands on *sha*, for people."""
    return task.session.scalar(
        select(Head.name)
        .where(
            Head.repository_id == head.repository_id,
            Head.sha == sha,
            Head.release_id != head.release_id,
        )
        .order_by(Head.id)
        .limit(1)
    )
