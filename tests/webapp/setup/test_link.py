"""The set-up link and the operator's session."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from domain.setup_links import create_setup_link
from models import Organization, SetupLink
from tests.clock import Clock
from tests.webapp.conftest import SignIn, csrf_token


@pytest.fixture
def token(session: Session, clock: Clock) -> str:
    token = create_setup_link(session, now=clock())
    session.commit()
    return token


def press(token: str, client: FlaskClient) -> TestResponse:
    """Open the link and press its button."""
    form = client.get(f"/setup/{token}")
    return client.post(f"/setup/{token}", data={"csrf_token": csrf_token(form.text)})


def test_the_button_makes_this_browser_the_operators(app: Flask, token: str) -> None:
    client = app.test_client()
    assert client.get("/setup/").status_code == 401

    answer = press(token, client)

    assert (answer.status_code, answer.location) == (303, "/setup/")
    assert client.get("/setup/").status_code == 200
    assert app.test_client().get("/setup/").status_code == 401


def test_looking_at_a_link_does_not_use_it(app: Flask, token: str, session: Session) -> None:
    for _ in range(3):
        assert app.test_client().get(f"/setup/{token}").status_code == 200
        assert app.test_client().head(f"/setup/{token}").status_code == 200
    assert app.test_client().post(f"/setup/{token}").status_code == 400  # without the form

    row = session.scalars(select(SetupLink)).one()
    assert row.used_at is None
    assert token not in str(vars(row))


def test_a_link_works_once(app: Flask, token: str) -> None:
    first, second = app.test_client(), app.test_client()
    form = second.get(f"/setup/{token}")
    press(token, first)

    late = second.post(f"/setup/{token}", data={"csrf_token": csrf_token(form.text)})

    assert late.status_code == 410
    assert "flask setup-link" in late.text
    assert second.get("/setup/").status_code == 401
    assert "go to the set-up page" in first.get(f"/setup/{token}").text


@pytest.mark.parametrize("name", ["nonsense", "%00", "%ff", "x" * 5000, "é"])
def test_an_unknown_link_is_refused(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/setup/{name}").status_code in (400, 410)


def test_a_new_link_replaces_an_unused_one(
    app: Flask, token: str, session: Session, clock: Clock
) -> None:
    client = app.test_client()
    press(token, client)
    older = create_setup_link(session, now=clock())
    newer = create_setup_link(session, now=clock())
    session.commit()

    assert app.test_client().get(f"/setup/{older}").status_code == 410
    assert app.test_client().get(f"/setup/{newer}").status_code == 200
    assert client.get("/setup/").status_code == 200


def test_a_link_ends_after_a_day_and_a_session_after_thirty(
    app: Flask, token: str, session: Session, clock: Clock
) -> None:
    client = app.test_client()
    press(token, client)
    unused = create_setup_link(session, now=clock())
    session.commit()

    clock.advance(days=1)
    assert app.test_client().get(f"/setup/{unused}").status_code == 410
    assert client.get("/setup/").status_code == 200
    clock.advance(days=29)
    assert client.get("/setup/").status_code == 401


@pytest.mark.parametrize("path", ["/setup/sign-out", "/logout"])
def test_signing_out_ends_the_session_for_stolen_cookies_too(
    app: Flask, token: str, path: str
) -> None:
    client = app.test_client()
    press(token, client)
    cookie = client.get_cookie("shiplog_session")
    assert cookie is not None

    client.post(path, data={"csrf_token": csrf_token(client.get("/setup/").text)})

    client.set_cookie("shiplog_session", cookie.value)
    assert client.get("/setup/").status_code == 401


def test_an_operator_belongs_to_no_organization_and_keeps_those_signed_in_to(
    app: Flask, token: str, sign_in: SignIn, organization: Organization, session: Session
) -> None:
    client = app.test_client()
    press(token, client)
    assert client.get("/o/acme/releases/").status_code == 401

    sign_in(organization, client)
    assert client.get("/o/acme/releases/").status_code == 200
    assert client.get("/setup/").status_code == 200
    again = create_setup_link(session, now=session.scalars(select(SetupLink.created_at)).one())
    session.commit()
    press(again, client)

    assert client.get("/o/acme/releases/").status_code == 200


def test_a_session_is_rotated_when_the_link_is_used(app: Flask, token: str) -> None:
    client = app.test_client()
    with client.session_transaction() as planted:
        planted["csrf_token"] = "planted"
        planted["anything"] = 1

    press(token, client)

    with client.session_transaction() as now:
        assert set(now) == {"_permanent", "operator"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/setup/"),
        ("GET", "/setup/checks"),
        ("GET", "/setup/registered?code=c&state=s"),
        ("POST", "/setup/manifest"),
        ("POST", "/setup/key"),
        ("POST", "/setup/webhook-secret"),
        ("POST", "/setup/webhook-secret/drop"),
        ("POST", "/setup/ping"),
    ],
)
def test_everything_else_is_the_operators(
    app: Flask, admin: FlaskClient, method: str, path: str
) -> None:
    data = {"csrf_token": csrf_token(admin.get("/").text)} if method == "POST" else None

    answer = admin.open(path, method=method, data=data)

    assert answer.status_code == 401
    assert "flask setup-link" in answer.text
