from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.github.sync import list_repositories_later
from models import Installation, Organization, Project, Repository, Work, WorkKind
from tests.factories import NOW, make_repository
from tests.webapp.api.conftest import Api
from tests.webapp.tenants import Tenant

REPOS = "/organizations/acme/repos/"


def make_installation(session: Session, organization: Organization, **given: Any) -> Installation:
    row = Installation(
        **{
            "organization_id": organization.id,
            "github_id": 1000 + organization.id,
            "account_id": 1,
            "account_login": organization.slug,
            "created_at": NOW,
        }
        | given
    )
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def installation(session: Session, organization: Organization) -> Installation:
    made = make_installation(session, organization)
    session.commit()
    return made


@pytest.fixture
def shop(session: Session, organization: Organization, installation: Installation) -> Repository:
    """Listed, not tracked."""
    made = make_repository(session, organization, "acme/shop", installation_id=installation.id)
    session.commit()
    return made


def body(installation: Installation, /, **given: Any) -> dict[str, Any]:
    return {
        "provider": "integrations:github",
        "installation": str(installation.id),
        "identifier": "acme/shop",
    } | given


def names(api: Api, **arguments: str) -> list[str]:
    return [one["name"] for one in api.read(REPOS, **arguments)]


def is_import_due(session: Session, repository: Repository) -> bool:
    due = session.scalars(
        select(Work.due_at).where(Work.kind == WorkKind.history, Work.subject_id == repository.id)
    ).one_or_none()
    session.commit()  # lets the server write
    return due is not None


@pytest.mark.parametrize(
    "given", [{}, {"identifier": " Acme/SHOP "}, {"installation": "as a number"}]
)
def test_a_listed_repository_is_tracked(
    api: Api, session: Session, installation: Installation, shop: Repository, given: dict[str, Any]
) -> None:
    given |= {"installation": installation.id} if "installation" in given else {}
    answer = api.post(REPOS, body(installation, **given))

    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    assert (told["id"], told["name"], told["status"]) == (str(shop.id), "acme/shop", "active")
    assert told["provider"] == {"id": "integrations:github", "name": "GitHub"}
    assert told["integrationId"] == str(installation.id)
    assert told["url"] == "https://github.com/acme/shop"
    assert api.read(REPOS) == [told]
    assert is_import_due(session, shop)
    assert session.scalars(select(Project.slug)).all() == ["shop"]
    session.commit()

    again = api.post(REPOS, body(installation))
    sentence = "acme/shop is tracked already"
    assert (again.status_code, again.get_json()) == (
        400,
        {"error_type": "validation", "errors": {"__all__": sentence}},
    )


@pytest.mark.parametrize(
    "given",
    [
        {"provider": None},
        {"provider": "integrations:gitlab"},
        {"provider": ["integrations:github"]},
        {"installation": None},
        {"installation": ""},
        {"installation": True},
        {"identifier": None},
        {"identifier": ""},
        {"identifier": {}},
        {"identifier": "acme/sh\0op"},
    ],
)
def test_what_is_missing_or_unusable_is_refused(
    api: Api, installation: Installation, shop: Repository, given: dict[str, Any]
) -> None:
    answer = api.post(REPOS, body(installation, **given))

    assert (answer.status_code, answer.get_json()) == (400, {"error_type": "validation"})
    assert names(api) == []


def test_a_repository_that_is_not_shown_to_us_needs_to_be_granted(
    api: Api, session: Session, organization: Organization, installation: Installation
) -> None:
    second = make_installation(session, organization, github_id=5)
    make_repository(session, organization, "acme/second", installation_id=second.id)
    make_repository(
        session, organization, "acme/gone", installation_id=installation.id, is_accessible=False
    )
    make_repository(session, organization, "acme/stated", github_id=None)
    session.commit()

    for name in ("acme/second", "acme/gone", "acme/stated", "acme/nothing", "x" * 5000):
        answer = api.post(REPOS, body(installation, identifier=name))
        assert answer.status_code == 400
        assert answer.get_json() == {
            "error_type": "validation",
            "errors": {"__all__": f"You must grant Sentry access to {name}"},
        }
    assert names(api) == []


def test_before_github_listed_the_repositories_nothing_can_be_said(
    api: Api, session: Session, installation: Installation
) -> None:
    list_repositories_later(session, installation, at=NOW)
    session.commit()

    answer = api.post(REPOS, body(installation))
    told = answer.get_json()
    assert (answer.status_code, told["error_type"]) == (503, "service unavailable")
    assert "acme" in told["errors"]["__all__"]

    installation.deleted_at = NOW  # nobody will list them any more
    session.commit()
    assert api.post(REPOS, body(installation)).status_code == 400


def test_installations_of_others_do_not_exist(
    api: Api, session: Session, other: Tenant, installation: Installation, shop: Repository
) -> None:
    theirs = make_installation(session, other.organization)
    session.commit()

    for number in (theirs.id, 99999, "x", "-1", "9" * 30):
        answer = api.post(REPOS, body(installation, installation=number))
        told = answer.get_json()
        assert (answer.status_code, told["error_type"]) == (404, "not found")
    assert names(api) == []


def test_tracking_is_changed_and_back(
    api: Api, session: Session, installation: Installation, shop: Repository
) -> None:
    path = f"{REPOS}{shop.id}/"
    for status in ("active", "visible", "active"):
        answer = api.send("PUT", path, {"status": status})
        assert (answer.status_code, answer.get_json()["status"]) == (200, "active")
        assert names(api) == ["acme/shop"]
        assert is_import_due(session, shop)
    assert api.send("PUT", path, {}).get_json()["status"] == "active"

    for _ in range(2):
        answer = api.send("PUT", path, {"status": "hidden"})
        assert (answer.status_code, answer.get_json()["status"]) == (200, "hidden")
        assert (names(api), names(api, status="hidden")) == ([], ["acme/shop"])
        assert not is_import_due(session, shop)
    assert api.send("PUT", path, {}).get_json()["status"] == "hidden"

    api.send("PUT", path, {"status": "active"})
    for _ in range(2):
        answer = api.send("DELETE", path)
        assert (answer.status_code, answer.get_json()["status"]) == (202, "hidden")
        assert (names(api), names(api, status="hidden")) == ([], ["acme/shop"])
    assert api.post(REPOS, body(installation)).status_code == 201


def test_what_untracking_leaves(api: Api, own: Tenant) -> None:
    commits = api.read(f"{REPOS}{own.repository.id}/commits/")
    release = api.read("/organizations/acme/releases/web@1.0.0/")
    assert api.send("DELETE", f"{REPOS}{own.repository.id}/").status_code == 202

    assert len(api.read(f"{REPOS}{own.repository.id}/commits/")) == len(commits) == 2
    assert api.read("/organizations/acme/releases/web@1.0.0/") == release


@pytest.mark.parametrize("status", ["deleted", "Active", "", 1, ["active"]])
def test_another_status_is_refused(
    api: Api, session: Session, shop: Repository, status: object
) -> None:
    answer = api.send("PUT", f"{REPOS}{shop.id}/", {"status": status})

    assert (answer.status_code, list(answer.get_json())) == (400, ["status"])
    assert names(api) == []


def test_what_github_does_not_show_cannot_be_tracked(
    api: Api, session: Session, organization: Organization
) -> None:
    stated = make_repository(session, organization, "origin", github_id=None)
    gone = make_repository(session, organization, "acme/gone", is_accessible=False)
    session.commit()

    for repository, sentence in (
        (stated, "origin is no repository of GitHub: it cannot be tracked."),
        (gone, "You must grant Sentry access to acme/gone"),
    ):
        answer = api.send("PUT", f"{REPOS}{repository.id}/", {"status": "active"})
        assert (answer.status_code, answer.get_json()) == (400, {"detail": sentence})
        assert not is_import_due(session, repository)
        assert api.send("PUT", f"{REPOS}{repository.id}/", {"status": "hidden"}).status_code == 200
        assert api.send("DELETE", f"{REPOS}{repository.id}/").status_code == 202
    assert names(api) == []


def test_unknown_repositories_are_not_found(api: Api, other: Tenant) -> None:
    for name in (other.repository.id, 99999, "x", "-1", "9" * 30, "acme%2Fshop"):
        for method, sent in (("PUT", {"status": "active"}), ("DELETE", None)):
            assert api.send(method, f"{REPOS}{name}/", sent).status_code == 404


def test_only_repositories_of_github_are_listed_with_a_provider_and_a_url(
    api: Api, session: Session, organization: Organization, own: Tenant
) -> None:
    make_repository(session, organization, "origin", github_id=None)
    session.commit()

    assert all(one["url"] for one in api.read(REPOS))
    [stated] = api.read(REPOS, status="hidden")
    assert (stated["provider"]["id"], stated["url"]) == ("unknown", None)
