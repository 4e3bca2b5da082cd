from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Settings
from domain.login_links import create_login_link
from jobs import Runtime
from models import LoginLink, Organization
from models.session import Database
from tests.clock import Clock
from tests.factories import make_organization
from tests.webapp.conftest import SignIn, csrf_token
from webapp import create_app


@pytest.fixture
def token(session: Session, organization: Organization, clock: Clock) -> str:
    token = create_login_link(session, organization, role="admin", now=clock())
    session.commit()
    return token


def test_the_start_page_says_how_to_sign_in(app: Flask) -> None:
    page = app.test_client().get("/")

    assert page.status_code == 200
    assert "flask login-link" in page.text


def test_a_link_signs_in_to_its_organization(
    app: Flask, token: str, organization: Organization
) -> None:
    client = app.test_client()
    form = client.get(f"/login/{token}")
    assert "Acme Inc" in form.text

    answer = client.post(f"/login/{token}", data={"csrf_token": csrf_token(form.text)})

    assert (answer.status_code, answer.location) == (303, "/o/acme/")
    assert client.get("/o/acme/", follow_redirects=True).status_code == 200
    start = client.get("/").text
    assert "Acme Inc" in start
    assert "as admin" in start


def test_looking_at_a_link_does_not_use_it(app: Flask, token: str, session: Session) -> None:
    for _ in range(3):
        assert app.test_client().get(f"/login/{token}").status_code == 200
        assert app.test_client().head(f"/login/{token}").status_code == 200

    assert session.scalars(select(LoginLink.used_at)).one() is None


def test_a_link_works_once(app: Flask, token: str) -> None:
    first, second = app.test_client(), app.test_client()
    forms = [client.get(f"/login/{token}").text for client in (first, second)]

    answers = [
        client.post(f"/login/{token}", data={"csrf_token": csrf_token(form)}).status_code
        for client, form in zip((first, second), forms, strict=True)
    ]

    assert answers == [303, 410]
    assert second.get("/o/acme/releases/").status_code == 401
    assert app.test_client().get(f"/login/{token}").status_code == 410


def test_a_link_expires_after_an_hour(app: Flask, token: str, clock: Clock) -> None:
    client = app.test_client()
    form = client.get(f"/login/{token}")
    clock.advance(minutes=60)

    answer = client.post(f"/login/{token}", data={"csrf_token": csrf_token(form.text)})

    assert answer.status_code == 410
    assert client.get(f"/login/{token}").status_code == 410


@pytest.mark.parametrize("token", ["nonsense", "%00", "%ff", "x" * 5000, "é"])
def test_an_unknown_link_is_refused(app: Flask, token: str) -> None:
    assert app.test_client().get(f"/login/{token}").status_code in (400, 410)


def test_signing_in_needs_the_form(app: Flask, token: str) -> None:
    assert app.test_client().post(f"/login/{token}").status_code == 400
    assert app.test_client().get(f"/login/{token}").status_code == 200


def test_only_the_hash_of_a_link_is_kept(token: str, session: Session) -> None:
    row = session.scalars(select(LoginLink)).one()

    assert token not in str(vars(row))


def test_signing_in_to_a_second_organization_keeps_the_first(
    member: FlaskClient, sign_in: SignIn, session: Session
) -> None:
    sign_in(make_organization(session, "labs"), member)

    assert member.get("/o/acme/releases/").status_code == 200
    assert member.get("/o/labs/releases/").status_code == 200


def test_a_session_is_rotated_when_signing_in(
    app: Flask, sign_in: SignIn, organization: Organization
) -> None:
    client = app.test_client()
    with client.session_transaction() as planted:
        planted["csrf_token"] = "planted"
        planted["anything"] = 1

    sign_in(organization, client)

    with client.session_transaction() as now:
        assert set(now) == {"_permanent", "links"}


def test_signing_out_ends_the_session_for_stolen_cookies_too(member: FlaskClient) -> None:
    cookie = member.get_cookie("shiplog_session")
    assert cookie is not None
    page = member.get("/")

    answer = member.post("/logout", data={"csrf_token": csrf_token(page.text)})

    assert answer.status_code == 303
    member.set_cookie("shiplog_session", cookie.value)
    assert member.get("/o/acme/releases/").status_code == 401


def test_signing_out_needs_the_form(member: FlaskClient) -> None:
    assert member.post("/logout").status_code == 400
    assert member.get("/o/acme/releases/").status_code == 200


def test_a_session_ends_after_thirty_days(member: FlaskClient, clock: Clock) -> None:
    clock.advance(days=30)

    assert member.get("/o/acme/releases/").status_code == 401


@pytest.mark.parametrize(
    ("public_url", "is_secure"),
    [("http://127.0.0.1:8000", False), ("https://ship.example", True)],
    ids=["http", "https"],
)
def test_the_cookie_is_protected(
    settings: Settings,
    database: Database,
    clock: Clock,
    session: Session,
    organization: Organization,
    public_url: str,
    is_secure: bool,
) -> None:
    app = create_app(Runtime(replace(settings, public_url=public_url), database, now=clock))
    token = create_login_link(session, organization, now=clock())
    session.commit()

    header = app.test_client().get(f"/login/{token}").headers["Set-Cookie"]

    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert ("Secure" in header) is is_secure
