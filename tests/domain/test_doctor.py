from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from domain.doctor import Finding, find_problems
from domain.errors import InvalidError
from domain.provenance import Why
from domain.release_aliases import accept_alias
from models import (
    HeadOrigin,
    Organization,
    Project,
    Release,
    ReleaseProject,
    Repository,
    RepositoryProject,
)
from models.session import Database
from tests.events import digest, make_event
from tests.factories import (
    NOW,
    make_commit,
    make_organization,
    make_project,
    make_release,
    make_repository,
)
from tests.webapp.conftest import StatementCounter

SHA = "abcdef1" + "2" * 33


@pytest.fixture
def organization(session: Session) -> Organization:
    return make_organization(session)


@pytest.fixture
def project(session: Session, organization: Organization) -> Project:
    return make_project(session, organization, "web")


@pytest.fixture
def repository(session: Session, organization: Organization, project: Project) -> Repository:
    repository = make_repository(session, organization)
    session.add(RepositoryProject(repository_id=repository.id, project_id=project.id))
    session.flush()
    return repository


def send(session: Session, project: Project, *names: str | None) -> None:
    digest(session, project.id, [make_event(release=name) for name in names], now=NOW)


def found(session: Session, organization: Organization) -> list[Finding]:
    return find_problems(session, organization.id, now=NOW)


def brief(findings: list[Finding]) -> list[tuple[str | None, list[str], int]]:
    return [(one.release, one.candidates, one.events) for one in findings]


def test_names_that_are_known_or_like_nothing_are_not_found(
    session: Session, organization: Organization, project: Project, repository: Repository
) -> None:
    commit = make_commit(session, repository, sha=SHA)
    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0", commits=[commit])

    send(session, project, "web@1.0.0", "v1.0.0", SHA, SHA[:8], "web@2.0.0", "main")

    assert found(session, organization) == []


def test_a_finding_says_what_is_wrong_and_what_to_change(
    session: Session, organization: Organization, project: Project, repository: Repository
) -> None:
    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")

    send(session, project, "1.0.0", "1.0.0", "web@1.0")

    assert found(session, organization) == [
        Finding(
            project="web",
            release="1.0.0",
            problem="“1.0.0” lacks the package before the version.",
            candidates=["web@1.0.0"],
            events=2,
            fix='Set the SDK\'s option to release="web@1.0.0".',
            can_be_accepted=True,
        ),
        Finding(
            project="web",
            release="web@1.0",
            problem="“web@1.0” is the same version as a release, written in another way.",
            candidates=["web@1.0.0"],
            events=1,
            fix='Set the SDK\'s option to release="web@1.0.0".',
            can_be_accepted=True,
        ),
    ]


def test_a_release_that_a_client_stated_without_commits_is_meant_as_well(
    session: Session, organization: Organization, project: Project, repository: Repository
) -> None:
    for version in ("web@1.0.0", "1.1.0"):
        stated = Release(organization_id=organization.id, version=version, created_at=NOW)
        session.add(stated)
        session.flush()
        session.add(ReleaseProject(release_id=stated.id, project_id=project.id))
    session.flush()

    send(session, project, "v1.0.0", "web@1.1.0", "1.1.0", "web@2.0.0", "2.0.0")

    assert brief(found(session, organization)) == [
        ("v1.0.0", ["web@1.0.0"], 1),
        ("web@1.1.0", ["1.1.0"], 1),
    ]
    accept_alias(session, project, "v1.0.0", "web@1.0.0", why=Why(NOW))
    with pytest.raises(InvalidError, match="nothing but events knows"):
        accept_alias(session, project, "2.0.0", "web@2.0.0", why=Why(NOW))
    make_release(session, repository, project, "web@1.2.0", tag="v1.2.0")
    send(session, project, "1.2.0")
    assert ("1.2.0", ["web@1.2.0"], 1) in brief(found(session, organization))


def test_events_that_mean_no_release_or_several(
    session: Session, organization: Organization, project: Project, repository: Repository
) -> None:
    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0")
    other = make_repository(session, organization)
    make_release(session, other, project, "api@1.0.0", tag="v1.0.0")
    make_release(session, repository, project, "api@2.0.0", tag="api/v2.0.0")

    send(session, project, "v1.0.0", "v1.0.0", "v1.0.0", "api/v2.0.0", "api/v2.0.0", "latest")

    several, tag, forbidden = found(session, organization)
    assert brief([several, tag, forbidden]) == [
        ("v1.0.0", ["api@1.0.0", "web@1.0.0"], 3),
        ("api/v2.0.0", ["api@2.0.0"], 2),
        ("latest", [], 1),
    ]
    assert several.fix == (
        'Set the SDK\'s option to the release that is meant, such as release="api@1.0.0".'
    )
    assert forbidden.problem == "“latest” may name no release."
    assert forbidden.fix == "Set the SDK's option “release” to the version of a release."
    assert not forbidden.can_be_accepted


def test_recent_events_without_a_release(
    session: Session, organization: Organization, project: Project, repository: Repository
) -> None:
    make_release(session, repository, project, "web@1.0.0", released_at=NOW - timedelta(days=1))
    make_release(session, repository, project, "web@1.1.0", released_at=NOW)
    send(session, project, None, None)

    [finding] = found(session, organization)
    assert brief([finding]) == [(None, [], 2)]
    assert finding.problem == "Events of the last 14 days say no release."
    assert finding.fix == (
        'Set the SDK\'s option “release” to what is deployed, such as release="web@1.1.0".'
    )
    later = NOW + timedelta(days=15)
    assert find_problems(session, organization.id, now=later) == []


def test_a_release_named_after_the_commit_of_another(
    session: Session, organization: Organization, project: Project, repository: Repository
) -> None:
    commit = make_commit(session, repository, sha=SHA)
    make_release(
        session, repository, project, SHA[:9], commits=[commit], head={"origin": HeadOrigin.ref}
    )
    send(session, project, SHA[:9])
    assert found(session, organization) == []

    make_release(session, repository, project, "web@1.0.0", tag="v1.0.0", commits=[commit])

    [finding] = found(session, organization)
    assert brief([finding]) == [(SHA[:9], ["web@1.0.0"], 1)]
    assert not finding.can_be_accepted


def test_only_releases_of_the_project_are_meant(
    session: Session, organization: Organization, project: Project, repository: Repository
) -> None:
    other = make_project(session, organization, "other")
    make_release(session, repository, other, "other@1.0.0", tag="v1.0.0")
    stranger = make_organization(session)
    theirs = make_project(session, stranger, "web")
    make_release(session, make_repository(session, stranger), theirs, "web@1.0.0", tag="v1.0.0")
    send(session, theirs, "1.0.0", None)

    send(session, project, "1.0.0")

    assert found(session, organization) == []
    assert brief(found(session, stranger)) == [(None, [], 1), ("1.0.0", ["web@1.0.0"], 1)]


def test_an_accepted_name_is_no_problem(
    session: Session, organization: Organization, project: Project, repository: Repository
) -> None:
    make_release(session, repository, project, "web@1.0.0")
    other = make_project(session, organization, "other")
    make_release(session, repository, other, "other@1.0.0")
    send(session, project, "1.0.0")
    send(session, other, "1.0.0")

    accept_alias(session, project, "1.0.0", "web@1.0.0", why=Why(NOW))

    assert [one.project for one in found(session, organization)] == ["other"]


def test_the_number_of_statements_does_not_grow(
    database: Database,
    session: Session,
    organization: Organization,
    project: Project,
    repository: Repository,
) -> None:
    counts = []
    for size in (1, 40):
        for number in range(size):
            version = f"web@{size}.{number}.0"
            make_release(session, repository, project, version, tag=f"v{size}.{number}.0")
            send(session, project, f"{size}.{number}.0", "latest", None)
        counter = StatementCounter()
        with counter.on(database):
            findings = found(session, organization)
        counts.append(len(counter.statements))

    assert len(findings) == 43
    assert counts[0] == counts[1] <= 9
