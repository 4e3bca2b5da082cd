"""An organization with very many rows, written in bulk: seconds for a hundred thousand releases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from domain.version_keys import semver_key_of
from models import (
    Base,
    Commit,
    CommitFile,
    Head,
    Organization,
    Project,
    Release,
    ReleaseCommit,
    ReleaseProject,
    Repository,
    Tag,
)
from tests.factories import (
    NOW,
    make_author,
    make_organization,
    make_project,
    make_release,
    make_repository,
    make_sha,
)

MINUTE = timedelta(minutes=1)
BATCH = 5_000
RARE = 1_000  # one release in so many is of the project `rare`, says `rare` and is archived


@dataclass(frozen=True)
class Large:
    """Its releases have a commit and a tag each, but for one that holds `list_size` of the commits."""

    organization: Organization
    repository: Repository
    project: Project
    rare: Project
    release: Release  # the one with the long list


def fill(session: Session, *, releases: int, list_size: int, slug: str = "large") -> Large:
    """As many commits as releases, all in one repository; newer releases have higher versions."""
    organization = make_organization(session, slug)
    project, rare = (make_project(session, organization, name) for name in ("web", "rare"))
    repository = make_repository(session, organization, f"{slug}/web", is_tracked=True)
    ids = _fill_commits(session, repository, releases)
    _fill_releases(session, repository, (project, rare), ids)
    release = make_release(session, repository, project, "web@0.0.1", semver_key=b"")
    head = session.query(Head).filter_by(release_id=release.id).one()
    listed = [
        {"head_id": head.id, "commit_id": ids[n], "release_id": release.id, "position": n}
        for n in range(min(list_size, len(ids)))
    ]
    _insert(session, ReleaseCommit, listed)
    release.commit_count = head.commit_count = len(listed)
    _insert(
        session,
        CommitFile,
        (
            {"commit_id": row["commit_id"], "path": f"src/{n}/{row['commit_id'] % 97}", "type": "M"}
            for row in listed
            for n in range(5)
        ),
    )
    session.commit()
    if (
        session.get_bind().dialect.name == "postgresql"
    ):  # does so itself after a while; SQLite never
        session.execute(text("ANALYZE"))
        session.commit()
    return Large(organization, repository, project, rare, release)


def _fill_commits(session: Session, repository: Repository, size: int) -> list[int]:
    """Ids, newest first; every hundredth commit is without a date."""
    organization = session.get_one(Organization, repository.organization_id)
    authors = [make_author(session, organization).id for _ in range(50)]
    first = _next_id(session, Commit)
    rows = (
        {
            "id": first + n,
            "repository_id": repository.id,
            "sha": make_sha(),
            "message": f"Change number {n}\n\nAnd why it was needed.",
            "author_id": authors[n % 50],
            "committed_at": NOW - n * MINUTE if n % 100 else None,
            "files_known": True,
        }
        for n in range(size)
    )
    _insert(session, Commit, rows)
    return list(range(first, first + size))


def _fill_releases(
    session: Session, repository: Repository, projects: tuple[Project, Project], commits: list[int]
) -> None:
    first, first_head = _next_id(session, Release), _next_id(session, Head)
    first_tag = _next_id(session, Tag)
    size = len(commits)
    numbers = range(size)
    names = [_version(size - n) for n in numbers]
    _insert(
        session,
        Release,
        (
            {
                "id": first + n,
                "organization_id": repository.organization_id,
                "version": names[n],
                "status": "archived" if n % RARE == 7 else "open",
                "created_at": NOW,  # all at once, as an import makes them
                "released_at": NOW - n * MINUTE,
                "semver_key": semver_key_of(names[n]),
                "commit_count": 1,
                "last_commit_id": commits[n],
                "list_state": "complete",
            }
            for n in numbers
        ),
    )
    _insert(
        session,
        ReleaseProject,
        ({"release_id": first + n, "project_id": projects[n % RARE == 0].id} for n in numbers),
    )
    shas = [make_sha() for _ in numbers]
    _insert(
        session,
        Tag,
        (
            {
                "id": first_tag + n,
                "repository_id": repository.id,
                "name": names[n].replace("@", "-"),
                "sha": shas[n],
                "made_at": NOW - n * MINUTE,
            }
            for n in numbers
        ),
    )
    _insert(
        session,
        Head,
        (
            {
                "id": first_head + n,
                "release_id": first + n,
                "repository_id": repository.id,
                "tag_id": first_tag + n,
                "name": names[n],
                "line": "",
                "sha": shas[n],
                "made_at": NOW - n * MINUTE,
                "is_stale": False,
                "state": "complete",
                "excluded": [],
                "commit_count": 1,
            }
            for n in numbers
        ),
    )
    _insert(
        session,
        ReleaseCommit,
        (
            {
                "head_id": first_head + n,
                "commit_id": commits[n],
                "release_id": first + n,
                "position": 0,
            }
            for n in numbers
        ),
    )


def _version(number: int) -> str:
    if number % RARE == 0:
        return f"rare@{number // 1000}.{number % 1000}"
    return f"web@{number // 1000}.{number % 1000}.0+{number}"


def _next_id(session: Session, table: type[Base]) -> int:
    """Ids are given here, so that rows can name each other without being read back."""
    highest = session.scalar(text(f'SELECT max(id) FROM "{table.__tablename__}"'))  # noqa: S608
    return int(highest or 0) + 1


def _insert(session: Session, table: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    for some in _batches(rows):
        session.execute(insert(table), some)
    if session.get_bind().dialect.name == "postgresql" and hasattr(table, "id"):
        name = table.__tablename__
        session.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('\"{name}\"', 'id'), "  # noqa: S608
                f'(SELECT max(id) FROM "{name}"))'
            )
        )


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    iterator = iter(rows)
    while some := list(islice(iterator, BATCH)):
        yield some
