from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Activity,
    Event,
    Issue,
    Organization,
    Project,
    Release,
    ReleaseProject,
    Repository,
    RepositoryProject,
)
from tests.events import digest, make_event
from tests.factories import (
    NOW,
    make_commit,
    make_organization,
    make_project,
    make_release,
    make_repository,
)

SHA = "abcdef1" + "2" * 33


@pytest.fixture
def project(session: Session) -> Project:
    return make_project(session, make_organization(session), "web")


@pytest.fixture
def repository(session: Session, project: Project) -> Repository:
    return feeding(session, project)


def feeding(session: Session, project: Project) -> Repository:
    repository = make_repository(
        session, organization=session.get_one(Organization, project.organization_id)
    )
    session.add(RepositoryProject(repository_id=repository.id, project_id=project.id))
    session.flush()
    return repository


def meant(session: Session, project: Project, name: object) -> tuple[str | None, str | None]:
    """The version of the release that an event with that name has, and the name that is kept."""
    event = make_event(release=name)
    digest(session, project.id, [event], now=NOW)
    row = session.scalars(
        select(Event).where(
            Event.event_id == event.body["event_id"], Event.project_id == project.id
        )
    ).one()
    release = session.get(Release, row.release_id) if row.release_id else None
    return (release.version if release else None), row.release_name


def versions(session: Session) -> list[str]:
    return list(session.scalars(select(Release.version).order_by(Release.version)))


def test_a_tag_of_the_projects_own_names_its_release(
    session: Session, project: Project, repository: Repository
) -> None:
    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")

    assert meant(session, project, "v1.0.0") == ("web@1.0.0", "v1.0.0")
    assert meant(session, project, " web@1.0.0 ") == ("web@1.0.0", "web@1.0.0")
    assert versions(session) == ["web@1.0.0"]


def test_a_tag_of_another_project_names_nothing(
    session: Session, project: Project, repository: Repository
) -> None:
    owner = session.get_one(Organization, project.organization_id)
    other = make_project(session, owner, "other")
    make_release(session, repository, other, "other@1.0.0", tag="v1.0.0")

    assert meant(session, project, "v1.0.0") == ("v1.0.0", "v1.0.0")


def test_an_exact_version_wins_over_a_tag(
    session: Session, project: Project, repository: Repository
) -> None:
    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")
    make_release(session, repository, project, "v1.0.0")

    assert meant(session, project, "v1.0.0") == ("v1.0.0", "v1.0.0")


def test_where_several_releases_answer_nothing_is_guessed(
    session: Session, project: Project, repository: Repository
) -> None:
    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")
    make_release(session, feeding(session, project), project, "api@1.0.0", tag="v1.0.0")

    assert meant(session, project, "v1.0.0") == (None, "v1.0.0")
    assert versions(session) == ["api@1.0.0", "web@1.0.0"]
    assert session.scalars(select(Issue.first_release_id)).one() is None


@pytest.mark.parametrize("name", [SHA, SHA.upper(), SHA[:7], SHA[:12]])
def test_the_commit_at_its_head_names_a_release(
    session: Session, project: Project, repository: Repository, name: str
) -> None:
    commit = make_commit(session, repository, sha=SHA)
    make_release(session, repository, project, "web@1.0.0", commits=[commit])

    assert meant(session, project, name) == ("web@1.0.0", name)


@pytest.mark.parametrize("name", [SHA[:6], "abcdef13", SHA[:39] + "f"])
def test_what_is_no_beginning_of_a_known_commit_makes_a_release(
    session: Session, project: Project, repository: Repository, name: str
) -> None:
    commit = make_commit(session, repository, sha=SHA)
    make_release(session, repository, project, "web@1.0.0", commits=[commit])

    assert meant(session, project, name) == (name, name)


def test_the_beginning_of_several_commits_is_no_commit(
    session: Session, project: Project, repository: Repository
) -> None:
    commits = [make_commit(session, repository, sha=sha) for sha in (SHA, SHA[:39] + "f")]
    make_release(session, repository, project, "web@1.0.0", commits=commits)

    assert meant(session, project, SHA[:9]) == (SHA[:9], SHA[:9])
    assert meant(session, project, SHA) == ("web@1.0.0", SHA)


def test_a_commit_of_another_tenant_names_nothing(session: Session, project: Project) -> None:
    stranger = make_project(session, make_organization(session), "web")
    repository = feeding(session, stranger)
    commit = make_commit(session, repository, sha=SHA)
    theirs = make_release(session, repository, stranger, "web@1.0.0", tag="v1", commits=[commit])

    assert meant(session, project, SHA) == (SHA, SHA)
    assert meant(session, project, "v1") == ("v1", "v1")
    assert meant(session, project, "web@1.0.0") == ("web@1.0.0", "web@1.0.0")
    rows = session.scalars(
        select(Release.organization_id).where(Release.version == "web@1.0.0").order_by(Release.id)
    )
    assert rows.all() == [stranger.organization_id, project.organization_id]
    links = select(ReleaseProject.project_id).where(ReleaseProject.release_id == theirs.id)
    assert session.scalars(links).all() == [stranger.id]


def test_a_release_of_that_name_gets_the_project_attached(
    session: Session, project: Project
) -> None:
    owner = session.get_one(Organization, project.organization_id)
    other = make_project(session, owner, "other")

    for each in (project, other, other):
        assert meant(session, each, "1.0")[0] == "1.0"

    links = session.scalars(select(ReleaseProject.project_id).order_by(ReleaseProject.project_id))
    assert links.all() == [project.id, other.id]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\nb", "a\nb"),
        ("a/b", "a/b"),
        ("latest", "latest"),
        ("x" * 300, "x" * 200),
        ("a\0b\ud800", "ab"),
        ("  ", None),
        (None, None),
        ({}, None),
    ],
)
def test_what_may_name_no_release(
    session: Session, project: Project, name: object, kept: str | None
) -> None:
    version, release_name = meant(session, project, name)

    assert release_name == kept
    assert version == ("ab" if name == "a\0b\ud800" else None)
    assert session.scalars(select(Event.id)).all()


def test_a_release_made_by_events_begins_with_the_first_of_them(
    session: Session, project: Project
) -> None:
    moments = [NOW - timedelta(hours=hours) for hours in (1, 5, 3)]

    digest(session, project.id, [make_event(at, release="1.0") for at in moments], now=NOW)
    release = session.scalars(select(Release)).one()
    assert release.created_at == NOW - timedelta(hours=5)

    digest(session, project.id, [make_event(NOW - timedelta(hours=9), release="1.0")], now=NOW)
    session.refresh(release)
    assert release.created_at == NOW - timedelta(hours=9)
    assert release.released_at is None
    assert release.semver_key is not None
    rules = session.scalars(select(Activity.rule).where(Activity.release_id == release.id))
    assert rules.all() == ["event-names-release"]


def test_an_event_does_not_date_a_release_that_others_made(
    session: Session, project: Project, repository: Repository
) -> None:
    release = make_release(session, repository, project, "1.0", created_at=NOW)

    digest(session, project.id, [make_event(NOW - timedelta(days=9), release="1.0")], now=NOW)

    session.refresh(release)
    assert release.created_at == NOW
