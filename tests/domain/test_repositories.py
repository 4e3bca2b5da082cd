from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import NotFoundError
from domain.repositories import (
    find_repository,
    get_repository,
    track_repository,
    untrack_repository,
)
from models import Project, Repository, RepositoryProject, Work, WorkKind
from tests.factories import NOW, make_organization, make_project, make_repository


def _fed(session: Session, repository: Repository) -> list[str]:
    return list(
        session.scalars(
            select(Project.slug)
            .join(RepositoryProject, RepositoryProject.project_id == Project.id)
            .where(RepositoryProject.repository_id == repository.id)
            .order_by(Project.slug)
        )
    )


def _work(session: Session) -> Work:
    return session.scalars(select(Work)).one()


def test_tracking_makes_the_project_of_the_repository_s_slug(session: Session) -> None:
    repository = make_repository(session, make_organization(session), "Acme/Web.Shop")

    track_repository(session, repository, now=NOW)

    assert repository.is_tracked
    assert _fed(session, repository) == ["web-shop"]
    work = _work(session)
    assert (work.kind, work.subject_id, work.due_at) == (WorkKind.history, repository.id, NOW)


def test_tracking_twice_changes_nothing(session: Session) -> None:
    repository = make_repository(session, make_organization(session), "acme/web")

    track_repository(session, repository, now=NOW)
    track_repository(session, repository, now=NOW + timedelta(hours=1))

    assert _fed(session, repository) == ["web"]
    assert _work(session).due_at == NOW


def test_a_project_made_by_hand_is_taken_when_no_repository_feeds_it(session: Session) -> None:
    organization = make_organization(session)
    project = make_project(session, organization, "web", name="Our shop")
    repository = make_repository(session, organization, "acme/web")

    track_repository(session, repository, now=NOW)

    assert _fed(session, repository) == ["web"]
    assert project.name == "Our shop"


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        pytest.param(["acme/web", "labs/web"], ["web", "labs-web"], id="owner-name"),
        pytest.param(
            ["acme/web", "labs/web", "labs/.web"], ["web", "labs-web", "labs-web-2"], id="numbered"
        ),
        pytest.param(["acme/2024"], ["acme-2024"], id="digits alone are no slug"),
        pytest.param(["acme/.github"], ["github"], id="leading dot"),
        pytest.param([f"acme/{'a' * 100}"], ["a" * 50], id="cut"),
        pytest.param(
            [f"acme/{'a' * 60}", f"acme/{'a' * 61}", f"acme/{'a' * 62}"],
            ["a" * 50, "acme-" + "a" * 45, "acme-" + "a" * 43 + "-2"],
            id="cut and numbered",
        ),
    ],
)
def test_slugs_of_own_projects(session: Session, names: list[str], slugs: list[str]) -> None:
    organization = make_organization(session)
    repositories = [make_repository(session, organization, name) for name in names]

    for repository in repositories:
        track_repository(session, repository, now=NOW)

    assert [_fed(session, repository) for repository in repositories] == [[s] for s in slugs]


def test_the_same_name_in_another_organization_does_not_matter(session: Session) -> None:
    for _ in range(2):
        repository = make_repository(session, make_organization(session), "acme/web")
        track_repository(session, repository, now=NOW)
        assert _fed(session, repository) == ["web"]


def test_given_projects_replace_those_fed_so_far(session: Session) -> None:
    organization = make_organization(session)
    repository = make_repository(session, organization, "acme/web")
    track_repository(session, repository, now=NOW)
    projects = [make_project(session, organization, slug) for slug in ("api", "shop")]

    track_repository(session, repository, now=NOW, projects=projects)
    assert _fed(session, repository) == ["api", "shop"]

    untrack_repository(session, repository)
    track_repository(session, repository, now=NOW)
    assert _fed(session, repository) == ["api", "shop"]


def test_a_known_history_is_not_imported_again(session: Session) -> None:
    organization = make_organization(session)
    repository = make_repository(session, organization, is_tracked=True, history_known_at=NOW)

    track_repository(session, repository, now=NOW)

    assert session.scalar(select(Work)) is None


def test_what_happened_while_not_tracked_is_imported(session: Session) -> None:
    repository = make_repository(session, make_organization(session))
    track_repository(session, repository, now=NOW)
    work = _work(session)
    work.due_at, work.finished_at, work.progress = None, NOW, {"commits": 5}
    repository.history_known_at = NOW

    untrack_repository(session, repository)
    assert (repository.is_tracked, work.due_at) == (False, None)
    later = NOW + timedelta(days=1)
    track_repository(session, repository, now=later)

    assert not repository.is_history_known
    work = _work(session)
    assert [work.due_at, work.finished_at, work.progress] == [later, None, {}]


def test_an_import_given_up_goes_on_where_it_stood(session: Session) -> None:
    repository = make_repository(session, make_organization(session))
    track_repository(session, repository, now=NOW)
    work = _work(session)
    work.failed_at, work.attempts, work.reason, work.progress = NOW, 9, "503", {"commits": 5}

    track_repository(session, repository, now=NOW + timedelta(days=1))

    work = _work(session)
    assert [work.failed_at, work.attempts, work.reason] == [None, 0, None]
    assert work.progress == {"commits": 5}


def test_repositories_are_found_by_name_in_any_case_within_the_organization(
    session: Session,
) -> None:
    organization, other = make_organization(session), make_organization(session)
    gone = make_repository(session, organization, "acme/web", is_accessible=False)
    used = make_repository(session, organization, "Acme/Web")

    assert find_repository(session, organization.id, "ACME/web") is used
    assert find_repository(session, organization.id, "acme/w_b") is None
    with pytest.raises(NotFoundError, match="acme/web"):
        get_repository(session, other.id, "acme/web")
    assert gone.full_name == "acme/web"
