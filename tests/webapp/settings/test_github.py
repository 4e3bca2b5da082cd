"""The page of installations: states, permissions, sharing and moving."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from integrations.github.client import Budget, GitHubApp
from models import (
    Activity,
    AppCheck,
    Installation,
    InstallationShare,
    LostDelivery,
    Organization,
    Repository,
)
from tests.clock import Clock
from tests.factories import make_organization, make_repository
from tests.webapp.conftest import SignIn, StatementCounter, csrf_token
from webapp.context import shiplog

PAGE = "/o/acme/settings/github/"
GRANTED = {"metadata": "read", "contents": "read", "pull_requests": "read"}


def make_installation(
    session: Session, organization: Organization, clock: Clock, login: str = "acme", **given: Any
) -> Installation:
    number = session.query(Installation).count() + 1
    row = Installation(
        **{
            "organization_id": organization.id,
            "github_id": 500 + number,
            "account_id": 70 + number,
            "account_login": login,
            "account_type": "Organization",
            "permissions": GRANTED,
            "repository_selection": "all",
            "created_at": clock(),
        }
        | given
    )
    session.add(row)
    session.commit()
    return row


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An App is named, and GitHub is nowhere."""
    app = replace(settings.github, app_id=1, private_key="no key", api_url="http://127.0.0.1:9")
    return replace(settings, github=app)


@pytest.fixture
def installation(session: Session, organization: Organization, clock: Clock) -> Installation:
    return make_installation(session, organization, clock)


@pytest.fixture
def team(session: Session) -> Organization:
    team = make_organization(session, "team", name="The Team")
    session.commit()
    return team


@pytest.fixture
def both(sign_in: SignIn, organization: Organization, team: Organization) -> FlaskClient:
    """A browser that is signed in to both workspaces as an admin."""
    return sign_in(team, sign_in(organization, role="admin"), role="admin")


@pytest.fixture
def web(session: Session, organization: Organization, installation: Installation) -> Repository:
    web = make_repository(
        session, organization, "acme/web", installation_id=installation.id, is_tracked=True
    )
    session.commit()
    return web


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    token = csrf_token(client.get("/").text)
    return client.post(PAGE + path, data={"csrf_token": token, **fields})


def test_without_an_installation_the_page_says_what_to_do(
    member: FlaskClient, admin: FlaskClient
) -> None:
    assert "The GitHub App is not installed" in member.get(PAGE).text
    assert "install?workspace" not in member.get(PAGE).text
    assert 'href="/install?workspace=acme"' in admin.get(PAGE).text


def test_an_installation_that_works(
    admin: FlaskClient,
    installation: Installation,
    web: Repository,
    session: Session,
    organization: Organization,
    clock: Clock,
) -> None:
    make_repository(session, organization, "acme/shop", installation_id=installation.id)
    make_repository(
        session, organization, "acme/gone", installation_id=installation.id, is_accessible=False
    )
    installation.last_delivery_at = clock()
    session.commit()

    page = admin.get(PAGE).text

    assert ">working<" in page
    assert "2 shown here, of which 1 is" in page
    url = "https://github.com/organizations/acme/settings/installations/501"
    assert f'href="{url}"' in page
    assert "all repositories of the account" in page
    assert "1 Mar 2026, 12:00" in page
    assert page.count(">granted<") == 3
    assert page.count(">optional<") == 2
    assert "Owners on GitHub become admins here" in page
    assert "Add another account" in page


def test_a_person_s_installation_is_changed_elsewhere(
    admin: FlaskClient, installation: Installation, session: Session
) -> None:
    installation.account_type, installation.repository_selection = "User", "selected"
    session.commit()
    page = admin.get(PAGE).text
    assert 'href="https://github.com/settings/installations/501"' in page
    assert "selected repositories" in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(
            {"suspended_at": "now", "suspended_by_login": "ana"},
            ["suspended", "on acme by ana", "Unsuspend it on GitHub"],
            id="suspended",
        ),
        pytest.param(
            {"deleted_at": "now", "deleted_by_login": "ben"},
            ["uninstalled", "from acme by ben", "Install it again"],
            id="uninstalled",
        ),
        pytest.param(
            {"permissions": {"metadata": "read", "pull_requests": "write"}},
            ["may not read Contents", "Grant it on GitHub", ">missing<"],
            id="a permission is missing",
        ),
        pytest.param({"permissions": None}, ["not told yet"], id="nothing is told yet"),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(
    member: FlaskClient,
    installation: Installation,
    session: Session,
    clock: Clock,
    given: dict[str, Any],
    words: list[str],
) -> None:
    for name, value in given.items():
        setattr(installation, name, clock() if value == "now" else value)
    session.commit()

    page = member.get(PAGE).text

    for word in words:
        assert word in page
    if "permissions" not in given or given["permissions"]:
        for other in ("/o/acme/deliveries/", "/o/acme/repositories/"):
            assert words[1] in member.get(other).text


def test_a_later_installation_on_the_account_replaces_the_one_before(
    member: FlaskClient,
    installation: Installation,
    session: Session,
    organization: Organization,
    clock: Clock,
) -> None:
    installation.deleted_at = clock()
    make_installation(session, organization, clock, account_id=installation.account_id)
    page = member.get(PAGE).text
    assert ">working<" in page
    assert "uninstalled" not in page


def test_what_is_wrong_with_the_app_itself(
    member: FlaskClient, installation: Installation, session: Session, clock: Clock
) -> None:
    trouble = (
        "GitHub refuses the private key of the App (HTTP 401). It was replaced: give us another."
    )
    session.add(AppCheck(app_id=1, due_at=clock(), trouble=trouble, trouble_since=clock()))
    lost = {"app_id": 1, "event": "push", "delivered_at": clock(), "attempts": 1}
    session.add_all(
        LostDelivery(
            guid=f"guid-{number}",
            github_id=number,
            installation_github_id=installation_id,
            status_code=status,
            is_here=is_here,
            ended_at=clock() if is_over else None,
            **lost,
        )
        for number, (installation_id, status, is_here, is_over) in enumerate(
            [
                (501, 401, True, True),
                (501, 502, False, False),
                (501, 401, False, True),
                (999, 401, False, True),  # of another tenant
            ]
        )
    )
    session.commit()

    page = member.get(PAGE).text

    assert "GitHub refuses the private key of the App (HTTP 401)." in page
    assert "It was replaced: give us another." in page
    assert "2 deliveries were refused in the last days" in page
    assert "1 fetched from GitHub's log, 1 still to be fetched, 1 given up" in page
    assert "2 deliveries were refused" in member.get("/o/acme/deliveries/").text
    clock.advance(days=4)
    assert "refuse" not in member.get(PAGE).text


@pytest.fixture
def github(app: Flask) -> GitHubApp:
    """The client of the App that this process has."""
    made = shiplog(app).runtime.github
    assert made is not None
    return made


def test_the_rate_limit_as_far_as_it_is_known(
    member: FlaskClient, installation: Installation, github: GitHubApp, clock: Clock
) -> None:
    assert "not known: nothing was asked" in member.get(PAGE).text
    reset_at = clock() + timedelta(minutes=30)
    github.budgets[installation.github_id] = Budget(4321, 5000, reset_at)
    assert "4321 of 5000 requests left" in member.get(PAGE).text
    clock.advance(hours=1)
    assert "not known: nothing was asked" in member.get(PAGE).text


def test_sharing_and_its_end(
    both: FlaskClient, installation: Installation, session: Session, team: Organization
) -> None:
    assert "Share with" in both.get(PAGE).text
    assert post(both, f"{installation.id}/share", workspace="team").status_code == 303
    assert session.scalars(select(InstallationShare.organization_id)).all() == [team.id]
    session.commit()
    page = both.get(PAGE).text
    assert "The Team" in page
    assert "End sharing" in page
    theirs = both.get("/o/team/settings/github/").text
    assert "Acme Inc</bdi>, which shares it with this one" in theirs
    assert "End sharing" not in theirs
    assert "shared by Acme Inc" in theirs

    assert post(both, f"{installation.id}/unshare", organization=team.id).status_code == 303
    session.expire_all()
    assert session.scalars(select(InstallationShare)).all() == []
    lines = session.scalars(select(Activity).order_by(Activity.id)).all()
    assert {line.data["setting"] for line in lines} == {"shared with"}
    assert {line.actor for line in lines} == {"an admin of the organization"}


def test_moving_repositories(
    both: FlaskClient,
    installation: Installation,
    web: Repository,
    session: Session,
    team: Organization,
) -> None:
    assert "Move repositories" not in both.get(PAGE).text  # there is nowhere to move them to
    post(both, f"{installation.id}/share", workspace="team")
    assert "Move repositories" in both.get(PAGE).text

    answer = post(both, f"{installation.id}/move", workspace="team", repository=[web.id])

    assert answer.status_code == 303
    session.expire_all()
    assert session.get_one(Repository, web.id).moved_to_id == team.id
    session.commit()
    moved = both.get("/o/acme/repositories/").text
    assert "not tracked. It was moved to the workspace The Team." in moved
    assert "Repository moved</strong> to the workspace <bdi>The Team" in moved
    there = both.get("/o/team/repositories/").text
    assert "acme/web" in there
    assert "Repository moved here</strong> from the workspace <bdi>Acme Inc" in there
    new = session.scalars(select(Repository).where(Repository.organization_id == team.id)).one()
    path = f"/o/team/settings/github/{installation.id}/move"
    fields = {"workspace": "acme", "repository": [new.id]}
    session.commit()
    token = csrf_token(both.get("/").text)
    back = both.post(path, data={"csrf_token": token, **fields})
    assert back.status_code == 303
    session.expire_all()
    assert session.get_one(Repository, web.id).moved_to_id is None


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("{}/share", {"workspace": "team"}, 400),  # no admin there
        ("{}/share", {"workspace": "acme"}, 400),
        ("{}/share", {"workspace": "nowhere"}, 400),
        ("{}/share", {}, 400),
        ("{}/share", {"workspace": "\0"}, 400),
        ("{}/unshare", {}, 400),
        ("{}/unshare", {"organization": "9" * 9}, 303),
        ("{}/unshare", {"organization": "9" * 30}, 400),  # it is not shared with that one
        ("{}/move", {"workspace": "team", "repository": "1"}, 400),
        ("{}/move", {"workspace": "team"}, 400),
        ("{}/move", {"workspace": "team", "repository": "x"}, 400),
        ("{}/move", {"workspace": "team", "repository": ["1", "99"]}, 400),
        ("99/move", {"workspace": "team", "repository": "1"}, 404),
        ("99/share", {"workspace": "team"}, 404),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    admin: FlaskClient,
    sign_in: SignIn,
    team: Organization,
    installation: Installation,
    web: Repository,
    session: Session,
    path: str,
    fields: dict[str, Any],
    status: int,
) -> None:
    sign_in(team, admin)  # a member there, no admin
    answer = post(admin, path.format(installation.id), **fields)
    assert answer.status_code == status, answer.text
    session.expire_all()
    assert session.scalars(select(InstallationShare)).all() == []
    assert session.get_one(Repository, web.id).moved_to_id is None
    assert session.scalars(select(Activity)).all() == []


def test_members_change_nothing(
    member: FlaskClient, installation: Installation, web: Repository, team: Organization
) -> None:
    assert "<form" not in member.get(PAGE).text.split('id="main"')[1]
    for path in ("share", "unshare", "move"):
        fields = {"workspace": "team", "organization": team.id, "repository": web.id}
        assert post(member, f"{installation.id}/{path}", **fields).status_code == 403


def test_the_installation_of_another_tenant_is_not_there(
    both: FlaskClient, session: Session, clock: Clock
) -> None:
    stranger = make_organization(session, "stranger")
    theirs = make_installation(session, stranger, clock, login="secret")
    assert "secret" not in both.get(PAGE).text
    for path in ("share", "unshare", "move"):
        fields = {"workspace": "team", "organization": stranger.id, "repository": 1}
        assert post(both, f"{theirs.id}/{path}", **fields).status_code == 404


def test_many_installations_cost_no_more_statements(
    member: FlaskClient,
    installation: Installation,
    session: Session,
    organization: Organization,
    clock: Clock,
    app: Flask,
) -> None:
    db = shiplog(app).runtime.db
    member.get(PAGE)
    with StatementCounter().on(db) as few:
        member.get("/o/acme/deliveries/")
    for number in range(5):
        make_installation(session, organization, clock, login=f"account{number}")
    with StatementCounter().on(db) as many:
        member.get("/o/acme/deliveries/")
    assert len(many.statements) == len(few.statements)
