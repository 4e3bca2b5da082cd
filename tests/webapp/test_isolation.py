"""Nobody sees another tenant's anything: every page about one thing is in a table here.

Who may use which route at all is in `route_table.py`; the API's routes have a table of their own,
in `tests/webapp/api/test_access.py`.
"""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import DeliveryState, Organization, ReleaseAlias
from tests.factories import make_organization
from tests.webapp.conftest import csrf_token
from tests.webapp.tenants import Tenant, furnish

# Addresses of an organization's pages; the second form stands for a thing of another tenant.
OF_TENANTS = {
    "tenant.start": [""],
    "tenant.releases.list_page": ["releases/"],
    "tenant.releases.show": ["releases/web@9.9.9", "releases/only-there"],
    "tenant.issues.list_page": ["issues/"],
    "tenant.issues.show": ["issues/THERE-1"],
    "tenant.doctor.list_page": ["doctor"],
    "tenant.doctor.accept": ["doctor/aliases"],
    "tenant.doctor.remove": ["doctor/aliases/{alias}/remove"],
    "tenant.issues.decide": ["issues/THERE-1/decide"],
    "tenant.issues.undo_act": ["issues/THERE-1/undo"],
    "tenant.deliveries.list_page": ["deliveries/"],
    "tenant.deliveries.show": ["deliveries/{guid}"],
    "tenant.deliveries.retry": ["deliveries/{guid}/retry"],
    "tenant.repositories.list_page": ["repositories/"],
}
FORMS = ("retry", "accept", "remove", "decide", "undo_act")  # endings of endpoints that take a POST


@pytest.fixture
def other(session: Session) -> Tenant:
    organization = make_organization(session, "others")
    return furnish(session, organization, mark="plugh")


@pytest.fixture
def own(session: Session, organization: Organization) -> Tenant:
    return furnish(session, organization)


def _form(token: str) -> dict[str, str]:
    """What the forms take; those about one thing of another tenant name it in the address."""
    about = {
        "project": "there",
        "name": "x",
        "version": "web@9.9.9",
        "decision": "resolve",
        "activity": "1",
    }
    return {"csrf_token": token, **about}


def _fill(address: str, tenant: Tenant) -> str:
    return address.format(guid=tenant.delivery.guid, alias=tenant.alias.id)


def test_every_page_about_a_thing_is_in_the_table(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("tenant.")]
    about_things = {rule.endpoint for rule in rules if rule.arguments - {"org"}}

    assert about_things <= OF_TENANTS.keys() <= {rule.endpoint for rule in rules}


@pytest.mark.parametrize("endpoint", OF_TENANTS)
@pytest.mark.parametrize("path", ["others", "no-such-organization"])
def test_other_organizations_do_not_exist(
    admin: FlaskClient, other: Tenant, endpoint: str, path: str
) -> None:
    token = csrf_token(admin.get("/").text)
    for address in OF_TENANTS[endpoint]:
        full = f"/o/{path}/{_fill(address, other)}"
        answer = (
            admin.post(full, data=_form(token)) if endpoint.endswith(FORMS) else admin.get(full)
        )
        assert answer.status_code == 404
        assert other.mark not in answer.text


@pytest.mark.parametrize("endpoint", OF_TENANTS)
def test_visitors_who_are_not_signed_in_learn_nothing(
    app: Flask, other: Tenant, endpoint: str
) -> None:
    client = app.test_client()
    for slug in ("others", "no-such-organization"):
        for address in OF_TENANTS[endpoint]:
            full = f"/o/{slug}/{_fill(address, other)}"
            is_form = endpoint.endswith(FORMS)
            answer = client.post(full) if is_form else client.get(full)
            assert answer.status_code == (400 if is_form else 401)
            assert other.mark not in answer.text


@pytest.mark.parametrize("endpoint", OF_TENANTS)
def test_things_of_others_are_not_found_in_ones_own_organization(
    admin: FlaskClient, own: Tenant, other: Tenant, session: Session, endpoint: str
) -> None:
    other.release.version, other.project.slug = "web@9.9.9", "there"
    session.commit()
    token = csrf_token(admin.get("/").text)
    for address in OF_TENANTS[endpoint]:
        full = f"/o/acme/{_fill(address, other)}"
        if endpoint.endswith(FORMS):
            assert admin.post(full, data=_form(token)).status_code == 404
            continue
        answer = admin.get(full, follow_redirects=True)
        is_about_one = endpoint.endswith("show")
        assert answer.status_code == (404 if is_about_one else 200)
        assert other.mark not in answer.text
    session.refresh(other.delivery)
    assert other.delivery.state == DeliveryState.failed
    assert session.scalars(select(ReleaseAlias.id)).all() == [own.alias.id, other.alias.id]


@pytest.mark.parametrize(
    "path",
    [
        "releases/",
        "releases/web@1.0.0",
        "releases/v1.0.0",
        "issues/",
        "issues/WEB-1",
        "deliveries/",
        "repositories/",
    ],
)
def test_ones_own_pages_show_ones_own_things(
    member: FlaskClient, own: Tenant, other: Tenant, path: str
) -> None:
    page = member.get(f"/o/acme/{path}").text

    assert own.mark in page
    assert other.mark not in page
