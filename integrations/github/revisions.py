"""Refs of a request resolved before anything is written: by the graph, then by one call each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from domain.errors import AmbiguousError, FieldsInvalidError
from domain.revisions import find_revision
from domain.stated_heads import StatedRef
from integrations.github.client import GitHubApp
from integrations.github.errors import GitHubError
from integrations.github.ranges import fetch_revision
from models import Installation, Repository
from models.session import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RefStatement:
    """What a request says of one repository: a revision, and where its range begins."""

    repository_id: int
    commit: str
    previous: str | None = None


@dataclass(frozen=True)
class _Known:
    """What the graph says of a statement, and whom to ask for the rest."""

    name: str
    sha: str | None
    previous_sha: str | None
    number: int | None  # GitHub's id of the repository; None: it has never been there
    installation_id: int | None  # GitHub's; None while GitHub cannot be asked


def resolve_refs(
    db: Database, github: GitHubApp | None, statements: Sequence[RefStatement]
) -> list[StatedRef]:
    """Each statement with full shas, where they can be found; opens no transaction for writing.

    Raises FieldsInvalidError for a revision that certainly names no commit. While GitHub is out of
    reach, or the repository is not tracked, a revision stays unresolved: a job asks later.
    """
    resolved = []
    for statement in statements:
        known = _find(db, statement)
        if known.number is None and (known.sha is None or _lacks_previous(statement, known)):
            resolved.append(_as_sent(statement, known))
            continue
        sha = known.sha or _ask(github, known, statement.commit)
        previous_sha = known.previous_sha
        if statement.previous is not None and previous_sha is None:
            previous_sha = _ask(github, known, statement.previous)
        resolved.append(
            StatedRef(
                statement.repository_id, statement.commit, sha, statement.previous, previous_sha
            )
        )
    return resolved


def _lacks_previous(statement: RefStatement, known: _Known) -> bool:
    return statement.previous is not None and known.previous_sha is None


def _as_sent(statement: RefStatement, known: _Known) -> StatedRef:
    """Without GitHub behind the repository a revision stands for itself."""
    return StatedRef(
        statement.repository_id,
        statement.commit,
        known.sha or statement.commit,
        statement.previous,
        known.previous_sha or statement.previous,
    )


def _find(db: Database, statement: RefStatement) -> _Known:
    with db.reading() as session:
        repository = session.get_one(Repository, statement.repository_id)
        shown_by = repository.installation_id if repository.is_accessible else None
        installation = (
            session.get(Installation, shown_by)
            if shown_by is not None and repository.is_tracked
            else None
        )
        try:
            sha = find_revision(session, repository, statement.commit)
            previous = (
                find_revision(session, repository, statement.previous)
                if statement.previous is not None
                else None
            )
        except AmbiguousError as error:
            raise FieldsInvalidError({"refs": [str(error)]}) from None
        return _Known(
            name=repository.full_name,
            sha=sha,
            previous_sha=previous,
            number=repository.github_id,
            installation_id=installation.github_id if installation else None,
        )


def _ask(github: GitHubApp | None, known: _Known, revision: str) -> str | None:
    """The sha, by one call; None if GitHub cannot be asked now."""
    if github is None or known.number is None or known.installation_id is None:
        return None
    try:
        found = fetch_revision(github.installation(known.installation_id), known.number, revision)
    except GitHubError as error:
        log.info("revision not resolved yet", reason=str(error))
        return None
    if found is None:
        raise FieldsInvalidError({"refs": [f"{known.name} has no commit {revision!r}"]})
    return found
