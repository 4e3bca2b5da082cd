from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from domain.alias_moves import move_some
from domain.errors import InvalidError, NotFoundError
from domain.provenance import Why
from domain.release_aliases import accept_alias, list_aliases, remove_alias
from domain.release_queries import find_releases
from domain.stated_releases import Statement, change_release, state_release
from models import (
    Activity,
    Event,
    Issue,
    IssueRelease,
    Organization,
    Project,
    Release,
    ReleaseProject,
    Repository,
    RepositoryProject,
)
from models.session import Database
from tests.events import digest, make_event, make_exception
from tests.factories import NOW, make_organization, make_project, make_release, make_repository

WHY = Why(NOW, source="person", actor="an admin")


@pytest.fixture
def project(session: Session) -> Project:
    return make_project(session, make_organization(session), "web")


@pytest.fixture
def repository(session: Session, project: Project) -> Repository:
    organization = session.get_one(Organization, project.organization_id)
    repository = make_repository(session, organization)
    session.add(RepositoryProject(repository_id=repository.id, project_id=project.id))
    session.flush()
    return repository


@pytest.fixture
def right(session: Session, project: Project, repository: Repository) -> Release:
    return make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")


def send(session: Session, project: Project, *names: str, problem: str = "IndexError") -> None:
    events = [
        make_event(
            NOW - timedelta(minutes=number), release=name, exception=[make_exception(problem)]
        )
        for number, name in enumerate(names)
    ]
    digest(session, project.id, events, now=NOW)


def accept(session: Session, project: Project, name: str, version: str) -> int:
    """Accept it and move what is to be moved, a row at a time; how many slices that took."""
    alias = accept_alias(session, project, name, version, why=WHY)
    slices = 1
    while move_some(session, alias.id, why=WHY, limit=1):
        slices += 1
        assert slices < 50
    session.expire_all()
    return slices


def seen(session: Session) -> dict[str, int]:
    """Events counted, by version."""
    rows = session.execute(
        select(Release.version, IssueRelease.event_count).join(
            IssueRelease, IssueRelease.release_id == Release.id
        )
    )
    counts: dict[str, int] = {}
    for version, count in rows:
        counts[version] = counts.get(version, 0) + count
    return counts


def stored(session: Session) -> list[str | None]:
    """The version that each event has."""
    rows = session.scalars(
        select(Release.version)
        .select_from(Event)
        .outerjoin(Release, Release.id == Event.release_id)
        .order_by(Event.id)
    )
    return list(rows)


def test_a_release_that_only_events_made_is_merged(
    session: Session, project: Project, right: Release
) -> None:
    send(session, project, "1.0.0", "1.0.0", "web@1.0.0")
    send(session, project, "1.0.0", problem="KeyError")

    accept(session, project, "1.0.0", "web@1.0.0")

    assert stored(session) == ["web@1.0.0"] * 4
    assert seen(session) == {"web@1.0.0": 4}
    assert list(session.scalars(select(Release.version))) == ["web@1.0.0"]
    for issue in session.scalars(select(Issue)):
        assert (issue.first_release_id, issue.last_release_id) == (right.id, right.id)
    [merged] = session.scalars(
        select(IssueRelease).order_by(IssueRelease.event_count.desc()).limit(1)
    )
    assert (merged.first_seen, merged.last_seen) == (NOW - timedelta(minutes=2), NOW)
    kinds = session.execute(
        select(Activity.kind, Activity.actor).where(Activity.release_id == right.id)
    )
    assert {tuple(row) for row in kinds} == {
        ("alias_accepted", "an admin"),
        ("release_merged", "an admin"),
    }


def test_events_to_come_and_people_find_the_right_release(
    session: Session, project: Project, right: Release
) -> None:
    accept(session, project, "1.0.0", "web@1.0.0")

    send(session, project, "1.0.0")

    assert stored(session) == ["web@1.0.0"]
    organization_id = project.organization_id
    assert find_releases(session, organization_id, "1.0.0") == [right]
    assert find_releases(session, organization_id, "1.0.0", project_id=project.id) == [right]
    assert find_releases(session, organization_id, "1.0.0", project_id=project.id + 1) == []
    said = state_release(
        session, organization_id, "1.0.0", Statement(), projects=[project], hosts=(), why=WHY
    )
    assert (said.release.id, said.is_new) == (right.id, False)
    changed = change_release(
        session, organization_id, "1.0.0", Statement(url="https://x.example"), project=None,
        hosts=(), why=WHY,
    )  # fmt: skip
    assert changed.id == right.id


def test_a_version_and_a_tag_go_before_an_alias(
    session: Session, project: Project, repository: Repository, right: Release
) -> None:
    accept(session, project, "rel", "web@1.0.0")
    accept(session, project, "next", "web@1.0.0")
    make_release(session, repository, project, "rel")
    make_release(session, repository, project, "web@2.0.0", tag="next")

    send(session, project, "rel", "next")

    assert seen(session) == {"rel": 1, "web@2.0.0": 1}
    for name, version in (("rel", "rel"), ("next", "web@2.0.0")):
        [release] = find_releases(session, project.organization_id, name)
        assert release.version == version


def test_an_alias_decides_which_release_an_ambiguous_tag_means_in_events(
    session: Session, project: Project, right: Release
) -> None:
    organization = session.get_one(Organization, project.organization_id)
    other = make_release(
        session, make_repository(session, organization), project, "api@1.0.0", tag="v1.0.0"
    )
    send(session, project, "v1.0.0", "v1.0.0")
    send(session, project, "v1.0.0", problem="KeyError")
    assert stored(session) == [None] * 3

    accept(session, project, "v1.0.0", "web@1.0.0")
    send(session, project, "v1.0.0")

    assert seen(session) == {"web@1.0.0": 4}
    assert stored(session) == ["web@1.0.0"] * 4
    assert set(session.scalars(select(Issue.first_release_id))) == {right.id}
    assert find_releases(session, organization.id, "v1.0.0") == [other, right]


def test_a_tag_with_a_slash_can_be_accepted(
    session: Session, project: Project, right: Release
) -> None:
    send(session, project, "web/v1.0.0")

    accept(session, project, "web/v1.0.0", "web@1.0.0")
    send(session, project, "web/v1.0.0")

    assert seen(session) == {"web@1.0.0": 2}


def test_a_release_with_anything_else_stays_and_only_events_to_come_are_mapped(
    session: Session, project: Project, right: Release
) -> None:
    state_release(
        session,
        project.organization_id,
        "1.0.0",
        Statement(),
        projects=[project],
        hosts=(),
        why=WHY,
    )
    send(session, project, "1.0.0")

    assert accept(session, project, "1.0.0", "web@1.0.0") == 1
    send(session, project, "1.0.0")

    assert stored(session) == ["1.0.0", "web@1.0.0"]
    assert seen(session) == {"1.0.0": 1, "web@1.0.0": 1}
    [exact] = find_releases(session, project.organization_id, "1.0.0")
    assert exact.version == "1.0.0"


def test_other_projects_keep_their_release_of_that_name(
    session: Session, project: Project, right: Release
) -> None:
    organization = session.get_one(Organization, project.organization_id)
    other = make_project(session, organization, "other")
    send(session, project, "1.0.0")
    send(session, other, "1.0.0", "1.0.0")

    accept(session, project, "1.0.0", "web@1.0.0")
    send(session, project, "1.0.0")
    send(session, other, "1.0.0")

    assert seen(session) == {"web@1.0.0": 2, "1.0.0": 3}
    ships = select(ReleaseProject.project_id).join(Release).where(Release.version == "1.0.0")
    assert session.scalars(ships).all() == [other.id]


def test_accepting_twice_or_for_another_release(
    session: Session, project: Project, repository: Repository, right: Release
) -> None:
    make_release(session, repository, project, "web@1.0.1")
    for version in ("web@1.0.0", "web@1.0.0", "web@1.0.1"):
        accept(session, project, "1.0.0", version)
        send(session, project, "1.0.0")

    assert seen(session) == {"web@1.0.0": 2, "web@1.0.1": 1}
    [alias] = list_aliases(session, project.organization_id)
    assert (alias.project, alias.name, alias.version) == ("web", "1.0.0", "web@1.0.1")
    kinds = session.scalars(select(Activity.kind).where(Activity.kind == "alias_accepted"))
    assert len(kinds.all()) == 2


def test_taking_it_back_acts_on_events_to_come(
    session: Session, project: Project, right: Release
) -> None:
    send(session, project, "1.0.0")
    accept(session, project, "1.0.0", "web@1.0.0")
    [alias] = list_aliases(session, project.organization_id)

    with pytest.raises(NotFoundError):
        remove_alias(session, project.organization_id + 1, alias.id, why=WHY)
    remove_alias(session, project.organization_id, alias.id, why=WHY)
    send(session, project, "1.0.0")

    assert stored(session) == ["web@1.0.0", "1.0.0"]
    assert list_aliases(session, project.organization_id) == []
    assert not move_some(session, alias.id, why=WHY)
    kinds = session.scalars(select(Activity.kind).where(Activity.release_id == right.id))
    assert "alias_removed" in kinds.all()


@pytest.mark.parametrize(
    ("name", "version", "error"),
    [
        ("1.0.0", "web@9.9.9", NotFoundError),  # there is none
        ("1.0.0", "theirs@1.0.0", NotFoundError),  # of another organization
        ("1.0.0", "other@1.0.0", NotFoundError),  # of another project
        ("1.0.0", "main", InvalidError),  # made by events, knows no commit
        ("web@1.0.0", "web@1.0.0", InvalidError),
        ("other@1.0.0", "web@1.0.0", InvalidError),  # has commits of its own
        ("", "web@1.0.0", InvalidError),
        ("x" * 201, "web@1.0.0", InvalidError),
    ],
)
def test_what_cannot_be_accepted(
    session: Session, project: Project, right: Release, repository: Repository,
    name: str, version: str, error: type[Exception],
) -> None:  # fmt: skip
    organization = session.get_one(Organization, project.organization_id)
    other = make_project(session, organization, "other")
    make_release(session, repository, other, "other@1.0.0")
    stranger = make_organization(session)
    make_release(
        session, make_repository(session, stranger), make_project(session, stranger), "theirs@1.0.0"
    )
    send(session, project, "main")

    with pytest.raises(error):
        accept_alias(session, project, name, version, why=WHY)

    assert list_aliases(session, organization.id) == []


def test_events_that_come_in_while_others_are_moved_are_not_lost(database: Database) -> None:
    with database.transaction() as session:
        organization = make_organization(session)
        project = make_project(session, organization, "web")
        make_release(session, make_repository(session, organization), project, "web@1.0.0")
        send(session, project, *["1.0.0"] * 20)

    def report(worker: int) -> None:
        for number in range(15):
            name = f"Error{(worker + number) % 4}"
            event = make_event(NOW, release="1.0.0", exception=[make_exception(name)])
            while True:  # as a worker does: a batch that fails is tried again
                try:
                    with database.transaction() as session:
                        digest(session, project.id, [event], now=NOW)
                    break
                except DBAPIError:
                    continue

    with ThreadPoolExecutor(3) as threads:
        reports = [threads.submit(report, worker) for worker in range(3)]
        with database.transaction() as session:
            alias_id = accept_alias(session, project, "1.0.0", "web@1.0.0", why=WHY).id
        while not all(one.done() for one in reports) or _move(database, alias_id):
            _move(database, alias_id)
        for one in reports:
            one.result()

    with database.reading() as session:
        assert seen(session) == {"web@1.0.0": 65}
        assert stored(session) == ["web@1.0.0"] * 65
        assert list(session.scalars(select(Release.version))) == ["web@1.0.0"]


def _move(database: Database, alias_id: int) -> bool:
    with database.transaction() as session:
        return move_some(session, alias_id, why=WHY, limit=3)
