"""What people do to the import of a history: pause it, let it go on, begin it again.

Paused work is claimed by nobody and woken by nothing but a person: no sweep, push or restart.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.errors import InvalidError
from domain.list_states import (
    FIRST_RELEASE,
    IMPORT_PAUSED_REMEDY,
    IMPORT_REMEDY,
    IMPORT_RUNNING,
)
from domain.provenance import Why, record_activity
from domain.repositories import import_history, verify_trackable
from models import Head, Repository, Work, WorkKind


def change_import(session: Session, repository: Repository, action: str, *, why: Why) -> None:
    """Do what *action* names: pause, resume, again or retry; raises InvalidError.

    Each is a line of the audit log. Repeatable: what is paused already stays paused.
    """
    act = _ACTIONS.get(action)
    if act is None:
        raise InvalidError("An import can be paused, resumed, tried again or begun again.")
    verify_trackable(repository)
    if not repository.is_tracked:
        raise InvalidError("The repository is not tracked: track it, and its history is imported.")
    work = session.scalars(
        select(Work)
        .where(Work.kind == WorkKind.history, Work.subject_id == repository.id)
        .with_for_update()
    ).one_or_none()
    act(session, repository, work, why)
    session.flush()


def _pause(session: Session, repository: Repository, work: Work | None, why: Why) -> None:
    if work is None or (work.due_at is None and work.paused_at is None):
        raise InvalidError("No import is running: there is nothing to pause.")
    if work.failed_at is not None:
        raise InvalidError("The import was given up: it is not running. It can be tried again.")
    if work.paused_at is not None:
        return
    work.paused_at, work.due_at, work.reason = why.now, None, None
    _record(session, repository, "import_paused", why)
    _say_what_helps(session, repository, IMPORT_PAUSED_REMEDY)


def _resume(session: Session, repository: Repository, work: Work | None, why: Why) -> None:
    if work is None or work.paused_at is None:
        raise InvalidError("The import is not paused.")
    work.paused_at, work.due_at = None, why.now
    work.failed_at, work.attempts = None, 0
    _record(session, repository, "import_resumed", why)
    _say_what_helps(session, repository, IMPORT_REMEDY)


def _retry(session: Session, repository: Repository, work: Work | None, why: Why) -> None:
    if work is None or work.failed_at is None:
        raise InvalidError("The import was not given up.")
    work.failed_at, work.attempts, work.due_at, work.reason = None, 0, why.now, None
    _record(session, repository, "import_retried", why)


def _again(session: Session, repository: Repository, work: Work | None, why: Why) -> None:
    """From the first call on. What is known stays known meanwhile, releases and lists as well."""
    if work is None:
        import_history(session, repository, now=why.now)
    else:
        work.paused_at = work.failed_at = work.reason = None
        work.started_at = work.finished_at = None
        work.progress, work.attempts, work.due_at = {"again": True}, 0, why.now
    _record(session, repository, "import_begun_again", why)
    _say_what_helps(session, repository, IMPORT_REMEDY)


_ACTIONS: dict[str, Callable[[Session, Repository, Work | None, Why], None]] = {
    "pause": _pause,
    "resume": _resume,
    "retry": _retry,
    "again": _again,
}


def _record(session: Session, repository: Repository, kind: str, why: Why) -> None:
    record_activity(
        session,
        why,
        kind,
        organization_id=repository.organization_id,
        repository_id=repository.id,
    )


def _say_what_helps(session: Session, repository: Repository, remedy: str) -> None:
    """On the lists that wait for the import."""
    waiting = Head.cause.in_((IMPORT_RUNNING, FIRST_RELEASE))
    session.execute(
        update(Head).where(Head.repository_id == repository.id, waiting).values(remedy=remedy)
    )
