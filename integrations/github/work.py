"""Slices of long work on GitHub's side: listing, history import, completing gaps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from integrations.github.client import GitHubApp, InstallationClient
from integrations.github.errors import AccessDeniedError
from integrations.github.gaps import fill_gaps
from integrations.github.history import import_history
from integrations.github.listing import list_repositories
from integrations.github.slices import Slice, WorkOutcome
from models import Installation, Repository, Work, WorkKind
from models.session import Database

__all__ = ["WorkOutcome", "run_slice"]


@dataclass(frozen=True)
class _Subject:
    kind: WorkKind
    id: int
    installation_id: int


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
    if github is None:
        raise AccessDeniedError("the GitHub App is not set up: no app id and private key")
    client: InstallationClient = github.installation(subject.installation_id)
    some = Slice(db, work_id, subject.id, client, now, hosts)
    if subject.kind == WorkKind.repositories:
        return list_repositories(some)
    if subject.kind == WorkKind.history:
        return import_history(some)
    return fill_gaps(some)


def _find_subject(db: Database, work_id: int) -> _Subject:
    with db.reading() as session:
        work = session.get_one(Work, work_id)
        if work.kind == WorkKind.repositories:
            installation = session.get_one(Installation, work.subject_id)
        else:
            repository = session.get_one(Repository, work.subject_id)
            if repository.installation_id is None or not repository.is_accessible:
                raise AccessDeniedError(f"no installation shows {repository.full_name} to us")
            installation = session.get_one(Installation, repository.installation_id)
        return _Subject(work.kind, work.subject_id, installation.github_id)
