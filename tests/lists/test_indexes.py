"""Every page of a list is read in order out of its index, from its place on: the first and the last."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from domain.commit_records import (
    list_commits_of_release,
    list_commits_of_repository,
    list_files_of_release,
)
from domain.paging import Page
from domain.release_queries import ReleaseFilter, list_releases
from domain.release_records import (
    list_release_records,
    list_release_records_by_version,
)
from domain.windows import Place, Window
from models import ReleaseStatus
from models.session import Database
from tests.large import Large, fill
from tests.lists.plans import enters, explaining, is_sorted

SIZE = 10
BY_DATE = "ix_release_organization_id_(status_)?moment"  # where nearly all are open, both do
OPEN = ReleaseFilter(status=ReleaseStatus.open)
Read = Callable[[Session, Large, Place | None], Window[Any]]


def _by_date(narrowed: ReleaseFilter) -> Read:
    def read(session: Session, large: Large, place: Place | None) -> Window[Any]:
        return list_release_records(
            session, large.organization.id, narrowed=narrowed, place=place, size=SIZE
        )

    return read


def _by_version(session: Session, large: Large, place: Place | None) -> Window[Any]:
    return list_release_records_by_version(
        session, large.organization.id, narrowed=OPEN, place=place, size=SIZE
    )


def _of_project(session: Session, large: Large, place: Place | None) -> Window[Any]:
    narrowed = ReleaseFilter(status=ReleaseStatus.open, project_ids=[large.project.id])
    return _by_date(narrowed)(session, large, place)


def _of_repository(session: Session, large: Large, place: Place | None) -> Window[Any]:
    return list_commits_of_repository(session, large.repository.id, place=place, size=SIZE)


def _of_release(session: Session, large: Large, place: Place | None) -> Window[Any]:
    return list_commits_of_release(session, large.release.id, place=place, size=SIZE)


LISTS: dict[str, tuple[Read, str]] = {
    "releases by date": (_by_date(OPEN), BY_DATE),
    "releases of a project": (_of_project, BY_DATE),
    "releases by version": (_by_version, "ix_release_organization_id_status_semver_key"),
    "commits of a repository": (_of_repository, "ix_commit_repository_id_moment"),
    "commits of a release": (_of_release, "ix_release_commit_release_id_position_head_id"),
}


@pytest.fixture
def large(database: Database) -> Large:
    with Session(database.engine, expire_on_commit=False) as session:
        return fill(session, releases=4_000, list_size=200)


def test_pages_are_read_in_order(database: Database, large: Large) -> None:
    """One filled database for all lists; each is read forwards, then backwards from its end."""
    for name, (read, index) in LISTS.items():
        with database.reading() as session, explaining(database) as plans:
            first = read(session, large, None)
            _expect(plans.only(), index, name)
            second = read(session, large, first.following)
            _expect(plans.only(), index, f"{name}, second page", from_a_place=True)
            back = read(session, large, second.previous)
            _expect(plans.only(), index, f"{name}, backwards", from_a_place=True)
        assert back.rows == first.rows


def _expect(plan: str, index: str, what: str, *, from_a_place: bool = False) -> None:
    told = f"{what}:\n{plan}"
    assert re.search(index, plan), told
    assert not is_sorted(plan), told
    if from_a_place:  # the index is entered there; what lies before is not read
        assert enters(plan), told


def test_the_pages_of_people_are_read_in_order(database: Database, large: Large) -> None:
    after = None
    for number in range(3):
        with database.reading() as session, explaining(database) as plans:
            page: Page[Any] = list_releases(
                session, large.organization.id, narrowed=ReleaseFilter(), after=after, size=SIZE
            )
            _expect(plans.only(), BY_DATE, "page", from_a_place=number > 0)
        after = page.following


def test_files_are_found_by_the_commits_of_the_release(database: Database, large: Large) -> None:
    """They come by path, which no index knows of a release: its own files are sorted, none else."""
    with database.reading() as session, explaining(database) as plans:
        list_files_of_release(session, large.release.id, place=None, size=SIZE)
        assert "ix_release_commit_release_id_position_head_id" in plans.only()
