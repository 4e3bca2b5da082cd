"""Where people land who ask `sentry-cli` for a token."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import make_organization
from tests.webapp.conftest import SignIn


@pytest.mark.parametrize(
    "address", ["/orgredirect/organizations/:orgslug/settings/auth-tokens/", "/api/"]
)
def test_both_addresses_lead_to_the_page(app: Flask, address: str) -> None:
    answer = app.test_client().get(address)
    assert (answer.status_code, answer.location) == (302, "/tokens")

    page = app.test_client().get(answer.location)
    assert page.status_code == 200
    assert "flask token create --org your-organization --org-token" in page.text
    assert "SENTRY_URL=http://127.0.0.1:8000" in page.text


def test_it_names_the_visitors_organization(member: FlaskClient) -> None:
    page = member.get("/tokens").text
    assert "flask token create --org acme --org-token" in page
    assert "SENTRY_ORG=acme" in page
    assert "ask one of its admins" in page


def test_admins_are_led_to_where_tokens_are_made(
    admin: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    answer = admin.get("/tokens")
    assert (answer.status_code, answer.location) == (302, "/o/acme/settings/tokens/")

    sign_in(make_organization(session, "labs"), admin)
    assert 'href="/o/acme/settings/tokens/"' in admin.get("/tokens").text
    sign_in(make_organization(session, "more"), admin, role="admin")
    page = admin.get("/tokens").text
    for slug in ("acme", "more"):
        assert f'href="/o/{slug}/settings/tokens/"' in page
    assert "/o/labs/settings" not in page
