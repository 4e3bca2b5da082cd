"""After facts came in: lists, then issues, are brought up to date, and gaps are left to a job."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.fixes import list_issues_of_commits
from domain.list_states import Refreshed
from domain.membership import mark_waiting_stale, refresh
from domain.provenance import Why
from domain.repositories import resume_import
from domain.resolution import sync_issues
from domain.sightings import list_waiting
from domain.work import make_gaps_due
from models import Repository, Tag

PATIENCE = timedelta(seconds=2)
INLINE = 50  # heads computed within a delivery's transaction; the rest is a job's


def bring_up_to_date(
    session: Session,
    repository: Repository,
    *,
    why: Why,
    issue_ids: Collection[int] = (),
    learnt: Collection[str] = (),
    limit: int = INLINE,
    makes_due: bool = True,
) -> Refreshed:
    """Compute stale lists, sync the issues that depend on them, and see what has to be asked.

    Pass *issue_ids* whose links changed and the commits *learnt*: those whose parents or whose span
    came in, or that exist at all (GitHub had not known them, and knows them now), so that lists
    which waited for them are tried again. Makes the gaps job due if
    GitHub must be asked, or if more lists are stale than fit here; without *makes_due* that is left to the caller.
    """
    mark_waiting_stale(session, repository.id, learnt)
    if not repository.is_history_known:  # a sign of life: an import that was given up goes on
        resume_import(session, repository, now=why.now)
    done = refresh(session, repository, why=why, limit=limit)
    touched = list_issues_of_commits(session, repository.id, done.changes.commit_ids)
    touched |= list_waiting(session, done.release_ids)
    sync_issues(session, touched | set(issue_ids), why=why)
    if makes_due:
        due_at = _when_to_ask(session, repository, done, why.now)
        if due_at is not None:
            make_gaps_due(session, repository, at=due_at)
    return done


def _when_to_ask(
    session: Session, repository: Repository, done: Refreshed, now: datetime
) -> datetime | None:
    """When the gaps job has something to do; None if nothing is missing.

    What a tag needs is often in a push that is still on its way, or being worked off beside it:
    a little patience saves the call.
    """
    moments = [next_check(session, repository)]
    if (repository.is_history_known and done.has_open_ends) or done.has_wants:
        moments.append(now + PATIENCE)
    if not done.is_finished:
        moments.append(now)
    return min((max(moment, now) for moment in moments if moment is not None), default=None)


def next_check(session: Session, repository: Repository) -> datetime | None:
    """When the next tag is to be looked up on GitHub."""
    return session.scalar(
        select(func.min(Tag.check_due_at)).where(Tag.repository_id == repository.id)
    )
