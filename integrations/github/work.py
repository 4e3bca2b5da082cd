"""Slices of long work on GitHub's side: listing, history import, completing gaps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from domain.membership import describe_trouble
from integrations.github.client import GitHubApp, InstallationClient
from integrations.github.errors import AccessDeniedError, GitHubError
from integrations.github.gaps import fill_gaps
from integrations.github.history import import_history
from integrations.github.listing import list_repositories
from integrations.github.slices import Slice, WorkOutcome
from integrations.github.tips import compare_tips
from models import Installation, Repository, Work, WorkKind
from models.session import Database

__all__ = ["WorkOutcome", "run_slice"]


@dataclass(frozen=True)
class _Subject:
    """What the work is on; `installation_id` (GitHub's) is None when nothing shows it to us."""

    kind: WorkKind
    id: int
    name: str
    installation_id: int | None
    is_wanted: bool = True


def run_slice(
    db: Database,
    work_id: int,
    *,
    now: Callable[[], datetime],
    github: GitHubApp | None,
    hosts: Collection[str] = (),
) -> WorkOutcome:
    """Do the next bounded slice of the work row *work_id*; effects and progress commit together.

    Raises the errors of `integrations.github.errors`; the caller decides on the next try.
    """
    subject = _find_subject(db, work_id)
    if not subject.is_wanted:
        return WorkOutcome(reason="the repository is not tracked")
    try:
        client = _client(subject, github)
        return _RUN[subject.kind](Slice(db, work_id, subject.id, client, now, hosts))
    except GitHubError as error:
        if subject.kind != WorkKind.repositories:
            _tell_people(db, subject, error)
        raise


_RUN: dict[WorkKind, Callable[[Slice], WorkOutcome]] = {
    WorkKind.repositories: list_repositories,
    WorkKind.history: import_history,
    WorkKind.tips: compare_tips,
    WorkKind.gaps: fill_gaps,
}


def _client(subject: _Subject, github: GitHubApp | None) -> InstallationClient:
    if github is None:
        raise AccessDeniedError("the GitHub App is not set up: no app id and private key")
    if subject.installation_id is None:
        raise AccessDeniedError(f"no installation shows {subject.name} to us")
    return github.installation(subject.installation_id)


def _tell_people(db: Database, subject: _Subject, error: GitHubError) -> None:
    """Say on the incomplete lists what keeps them so; the next slice that works takes it back."""
    with db.transaction() as session:
        lock = {"key_share": True}
        repository = session.get_one(Repository, subject.id, with_for_update=lock)
        describe_trouble(session, repository, str(error))


def _find_subject(db: Database, work_id: int) -> _Subject:
    with db.reading() as session:
        work = session.get_one(Work, work_id)
        if work.kind == WorkKind.repositories:
            installation = session.get_one(Installation, work.subject_id)
            name = installation.account_login
            return _Subject(work.kind, work.subject_id, name, installation.github_id)
        repository = session.get_one(Repository, work.subject_id)
        shown_by = None
        if repository.installation_id is not None and repository.is_accessible:
            shown_by = session.get_one(Installation, repository.installation_id).github_id
        return _Subject(
            work.kind, repository.id, repository.full_name, shown_by, repository.is_tracked
        )
