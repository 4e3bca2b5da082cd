"""Commits as a client's list tells them: their order, where they belong, and what is kept of them.

Source: sentry-api.md 5.2. What a push or GitHub said of a commit goes before what a client says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from domain.bulk import batches, insert_missing, table_of
from domain.commits import (
    HIDING_WORD,
    CommitData,
    record_authors,
    record_co_authors,
    record_files,
    record_relations,
)
from domain.identity import AuthorKey
from domain.issue_links import link_commits
from domain.organizations import lock_organization
from domain.provenance import Why
from domain.text import clean_text
from models import Author, Commit, Repository, RepositoryProject

NAMES_AT_ONCE = 5000  # shas or names in one statement


@dataclass(frozen=True, slots=True)
class StatedCommit:
    """One commit as a client states it; None where it does not say."""

    sha: str
    repository: str | None = None  # a name, in any case
    message: str | None = None
    author: AuthorKey | None = None
    authored_at: datetime | None = None
    files: tuple[tuple[str, str], ...] | None = None  # (path, A | M | D)


@dataclass(frozen=True, slots=True)
class ListedCommit:
    """A commit's row, as much of it as a list needs."""

    repository_id: int
    sha: str
    id: int
    is_hidden: bool


@dataclass
class Places:
    """In which repository each commit of a list is: by its sha if the graph knows, else by name."""

    of_sha: dict[str, int] = field(default_factory=dict)
    of_name: dict[str, int] = field(default_factory=dict)  # lower case

    def find(self, commit: StatedCommit, organization_id: int) -> int | None:
        known = self.of_sha.get(commit.sha)
        if known is not None:
            return known
        return self.of_name.get(repository_name(commit, organization_id).lower())


def order_commits(commits: Sequence[StatedCommit]) -> list[StatedCommit]:
    """Newest first. Equal moments keep their order; commits without one keep their place."""
    ordered = list(commits)
    dated = [number for number, commit in enumerate(commits) if commit.authored_at is not None]
    by_time = sorted(dated, key=lambda number: _seconds(commits[number]), reverse=True)
    for place, number in zip(dated, by_time, strict=True):
        ordered[place] = commits[number]
    return ordered


def _seconds(commit: StatedCommit) -> datetime:
    if commit.authored_at is None:
        raise ValueError("a commit without a moment has no place in time")
    return commit.authored_at


def repository_name(commit: StatedCommit, organization_id: int) -> str:
    return commit.repository or f"organization-{organization_id}"


def find_places(
    session: Session,
    organization_id: int,
    commits: Sequence[StatedCommit],
    *,
    project_ids: Collection[int],
) -> Places:
    """Where *commits* belong, as far as it is known; *project_ids*: where their release ships.

    A sha that the graph of exactly one tracked repository of these projects knows is that commit,
    whatever name was sent (sentry-api.md 15, OURS 11).
    """
    places = Places(of_sha=_find_in_graphs(session, commits, project_ids))
    names = {
        repository_name(commit, organization_id)
        for commit in commits
        if commit.sha not in places.of_sha
    }
    places.of_name = find_repositories_by_name(session, organization_id, names)
    return places


def _find_in_graphs(
    session: Session, commits: Sequence[StatedCommit], project_ids: Collection[int]
) -> dict[str, int]:
    tracked = (
        select(Repository.id)
        .join(RepositoryProject, RepositoryProject.repository_id == Repository.id)
        .where(Repository.is_tracked.is_(True), RepositoryProject.project_id.in_(project_ids))
    )
    found: dict[str, int] = {}
    several: set[str] = set()
    repository_ids = sorted(set(session.scalars(tracked)))
    if not repository_ids:
        return found
    for some in batches([commit.sha for commit in commits], NAMES_AT_ONCE):
        query = select(Commit.sha, Commit.repository_id).where(
            Commit.sha.in_(some),
            Commit.repository_id.in_(repository_ids),
            Commit.is_stated.is_(False),
        )
        for row in session.execute(query):
            if found.setdefault(row.sha, row.repository_id) != row.repository_id:
                several.add(row.sha)
    return {sha: place for sha, place in found.items() if sha not in several}


def find_repositories_by_name(
    session: Session, organization_id: int, names: Collection[str]
) -> dict[str, int]:
    """Row ids by name in lower case; of one name the newest, those that GitHub shows first."""
    found: dict[str, int] = {}
    storable = sorted(name for name in names if name == clean_text(name))
    for some in batches(storable, NAMES_AT_ONCE):
        lowered = sorted({name.lower() for name in some})
        query = (
            select(Repository.full_name, Repository.id)
            .where(
                Repository.organization_id == organization_id,
                # A database may not lower the case of every letter: as written is looked up, too.
                or_(func.lower(Repository.full_name).in_(lowered), Repository.full_name.in_(some)),
            )
            .order_by(Repository.is_accessible, Repository.id)
        )
        found |= {row.full_name.lower(): row.id for row in session.execute(query)}
    return found


def add_repositories(
    session: Session,
    organization_id: int,
    commits: Sequence[StatedCommit],
    places: Places,
    *,
    why: Why,
) -> None:
    """Make the repositories that *commits* name and nobody knows: untracked, unknown to GitHub."""
    unknown = dict.fromkeys(
        repository_name(commit, organization_id)
        for commit in commits
        if places.find(commit, organization_id) is None
    )
    if not unknown:
        return
    lock_organization(session, organization_id)
    places.of_name |= find_repositories_by_name(session, organization_id, unknown)
    for name in unknown:
        if name.lower() not in places.of_name:
            repository = Repository(
                organization_id=organization_id,
                full_name=name,
                is_tracked=False,
                created_at=why.now,
            )
            session.add(repository)
            session.flush()
            places.of_name[name.lower()] = repository.id


def record_stated_commits(
    session: Session,
    repository: Repository,
    commits: Sequence[StatedCommit],
    *,
    hosts: Collection[str],
    why: Why,
) -> tuple[dict[str, ListedCommit], set[int]]:
    """Store what is not known of *commits* yet; their rows by sha, and the issues they name.

    A commit that only clients spoke of is updated where the client says something. One that a
    push or GitHub told of stays as it is; the paths sent for it are taken while nobody knows them.
    """
    rows: dict[str, ListedCommit] = {}
    issue_ids: set[int] = set()
    for some in batches(commits):
        read = _record_batch(session, repository, some, rows)
        issue_ids |= link_commits(session, repository, read, hosts=hosts, why=why)
    _name_authors(session, repository.organization_id, commits)
    return rows, issue_ids


def _record_batch(
    session: Session,
    repository: Repository,
    commits: Sequence[StatedCommit],
    rows: dict[str, ListedCommit],
) -> list[CommitData]:
    """Record some; returns those whose message was read, to look for issues in it."""
    known = _find_known(session, repository, [commit.sha for commit in commits])
    new = [_data(commit) for commit in commits if commit.sha not in known]
    told = [
        _data(commit)
        for commit in commits
        if commit.sha in known and known[commit.sha].is_stated and commit.message is not None
    ]
    authors = record_authors(
        session, repository.organization_id, (_data(commit) for commit in commits)
    )
    inserted = insert_missing(
        session,
        Commit,
        [_row(repository, commit, authors) for commit in new],
        returning=(Commit.sha, Commit.id, Commit.is_hidden),
    )
    hidden = _update(session, commits, known, authors)
    for row in (*known.values(), *inserted):
        is_hidden = hidden.get(row.sha, row.is_hidden)
        rows[row.sha] = ListedCommit(repository.id, row.sha, row.id, is_hidden)
    ids = {commit.sha: rows[commit.sha].id for commit in commits}
    with_files = [
        _data(commit)
        for commit in commits
        if commit.files and not (commit.sha in known and known[commit.sha].files_known)
    ]
    record_files(session, with_files, ids)
    read = [*new, *told]
    record_co_authors(session, repository, read, ids)
    record_relations(session, repository, read)
    return read


def _find_known(session: Session, repository: Repository, shas: Sequence[str]) -> dict[str, Any]:
    query = select(
        Commit.sha,
        Commit.id,
        Commit.is_hidden,
        Commit.is_stated,
        Commit.files_known,
        Commit.message,
        Commit.author_id,
        Commit.authored_at,
    ).where(Commit.repository_id == repository.id, Commit.sha.in_(shas))
    return {row.sha: row for row in session.execute(query)}


def _data(commit: StatedCommit) -> CommitData:
    return CommitData(
        sha=commit.sha,
        message=commit.message or "",
        author=commit.author,
        authored_at=commit.authored_at,
        committed_at=commit.authored_at,
        files=commit.files,
    )


def _row(repository: Repository, commit: CommitData, authors: dict[str, int]) -> dict[str, Any]:
    return {
        "repository_id": repository.id,
        "sha": commit.sha,
        "message": commit.message,
        "author_id": authors[commit.author.email] if commit.author else None,
        "authored_at": commit.authored_at,
        "committed_at": commit.committed_at,
        "files_known": commit.files is not None,
        "is_hidden": HIDING_WORD in commit.message,
        "is_stated": True,
    }


def _update(
    session: Session,
    commits: Iterable[StatedCommit],
    known: dict[str, Any],
    authors: dict[str, int],
) -> dict[str, bool]:
    """Let rows that only clients spoke of say what this one says; which are hidden now, by sha."""
    changes = []
    hidden: dict[str, bool] = {}
    for commit in commits:
        row = known.get(commit.sha)
        if row is None or not row.is_stated:
            continue
        message = row.message if commit.message is None else commit.message
        author = authors[commit.author.email] if commit.author else row.author_id
        moment = commit.authored_at or row.authored_at
        with_files = row.files_known or commit.files is not None
        before = (row.message, row.author_id, row.authored_at, row.files_known)
        if before == (message, author, moment, with_files):
            continue
        hidden[commit.sha] = HIDING_WORD in message
        changes.append(
            {
                "row_id": row.id,
                "told": message,
                "author": author,
                "at": moment,
                "with_files": with_files,
                "hidden": hidden[commit.sha],
            }
        )
    if changes:
        table = table_of(Commit)
        values: dict[str, Any] = {
            "message": bindparam("told"),
            "author_id": bindparam("author"),
            "authored_at": bindparam("at"),
            "committed_at": bindparam("at"),
            "files_known": bindparam("with_files"),
            "is_hidden": bindparam("hidden"),
        }
        statement = update(table).where(table.c.id == bindparam("row_id")).values(values)
        session.execute(statement, changes)
    return hidden


def _name_authors(session: Session, organization_id: int, commits: Iterable[StatedCommit]) -> None:
    """Authors are called as their newest commit of the list says."""
    names: dict[str, str] = {}
    for commit in commits:
        if commit.author is not None and commit.author.name:
            names.setdefault(commit.author.email, commit.author.name)
    changes = []
    for some in batches(sorted(names)):
        query = select(Author.id, Author.email, Author.name).where(
            Author.organization_id == organization_id, Author.email.in_(some)
        )
        changes += [
            {"row_id": row.id, "called": names[row.email]}
            for row in session.execute(query)
            if row.name != names[row.email]
        ]
    if changes:
        table = table_of(Author)
        statement = update(table).where(table.c.id == bindparam("row_id"))
        session.execute(statement.values(name=bindparam("called")), changes)
