"""Where people land who ask `sentry-cli` for a token."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient


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
