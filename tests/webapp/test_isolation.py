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

from models import ApiToken, DeliveryState, IssueStatus, Organization, ProjectKey, ReleaseAlias
from tests.factories import make_activity, make_key, make_organization, make_token
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
    "tenant.issues.decide_many": ["issues/"],
    "tenant.issues.decide": ["issues/THERE-1/decide"],
    "tenant.issues.undo_act": ["issues/THERE-1/undo"],
    "tenant.deliveries.list_page": ["deliveries/"],
    "tenant.deliveries.show": ["deliveries/{guid}"],
    "tenant.deliveries.retry": ["deliveries/{guid}/retry"],
    "tenant.deliveries.retry_all": ["deliveries/retry-failed"],
    "tenant.repositories.list_page": ["repositories/"],
    "tenant.settings.start": ["settings/"],
    "tenant.settings.general.show": ["settings/general/"],
    "tenant.settings.general.change": ["settings/general/"],
    "tenant.settings.projects.show": ["settings/projects/"],
    "tenant.settings.projects.create": ["settings/projects/"],
    "tenant.settings.projects.one": ["settings/projects/there/"],
    "tenant.settings.projects.change": ["settings/projects/there/"],
    "tenant.settings.projects.create_key": ["settings/projects/there/keys/"],
    "tenant.settings.projects.change_key": [
        "settings/projects/there/keys/{key}/",
        "settings/projects/web/keys/{key}/",
    ],
    "tenant.settings.projects.ask_to_delete": [
        "settings/projects/there/keys/{key}/delete",
        "settings/projects/web/keys/{key}/delete",
    ],
    "tenant.settings.projects.remove_key": [
        "settings/projects/there/keys/{key}/delete",
        "settings/projects/web/keys/{key}/delete",
    ],
    "tenant.settings.tokens.show": ["settings/tokens/"],
    "tenant.settings.tokens.create": ["settings/tokens/"],
    "tenant.settings.tokens.revoke": ["settings/tokens/{token}/revoke"],
    "tenant.settings.resolution.show": ["settings/resolution/"],
    "tenant.settings.resolution.change": ["settings/resolution/"],
    "tenant.settings.resolution.preview": ["settings/resolution/preview"],
    "tenant.settings.github.show": ["settings/github/"],
    "tenant.settings.github.move": ["settings/github/{installation}/move"],
    "tenant.settings.github.share": ["settings/github/{installation}/share"],
    "tenant.settings.github.unshare": ["settings/github/{installation}/unshare"],
    "tenant.settings.people.show": ["settings/people/"],
    "tenant.settings.people.authors": ["settings/people/authors/"],
    "tenant.settings.people.decide": ["settings/people/authors/{author}"],
    "tenant.settings.people.person": ["settings/people/{member}/"],
    "tenant.settings.people.change_role": ["settings/people/{member}/role"],
    "tenant.settings.people.change_access": ["settings/people/{member}/access"],
    "tenant.settings.people.add_address": ["settings/people/{member}/identities"],
    "tenant.settings.people.drop_address": ["settings/people/{member}/identities/1/drop"],
    "tenant.settings.people.merge": ["settings/people/{member}/merge"],
    "tenant.settings.teams.show": ["settings/teams/"],
    "tenant.settings.teams.team": ["settings/teams/there/"],
    "tenant.settings.teams.change": ["settings/teams/there/"],
    "tenant.settings.teams.delete": ["settings/teams/there/delete"],
    "tenant.settings.repositories.show": ["settings/repositories/"],
    "tenant.settings.repositories.repository.show": ["settings/repositories/{repository}/"],
    "tenant.settings.repositories.repository.show_import": [
        "settings/repositories/{repository}/import"
    ],
    "tenant.settings.repositories.repository.control_import": [
        "settings/repositories/{repository}/import"
    ],
    "tenant.settings.repositories.repository.projects": [
        "settings/repositories/{repository}/projects"
    ],
    "tenant.settings.repositories.repository.rules_again": [
        "settings/repositories/{repository}/rules"
    ],
    "tenant.settings.repositories.repository.rules": ["settings/repositories/{repository}/rules"],
    "tenant.settings.repositories.repository.tracking": [
        "settings/repositories/{repository}/tracking"
    ],
    "tenant.settings.audit.show": ["settings/audit/"],
    "tenant.settings.audit.download": ["settings/audit/lines.csv", "settings/audit/lines.json"],
}
FORMS = (  # endings of endpoints that take a POST
    *(
        "retry",
        "retry_all",
        "accept",
        "remove",
        "decide",
        "decide_many",
        "change",
        "preview",
        "revoke",
        "undo_act",
    ),
    *("create", "create_key", "change_key", "remove_key", ".move", "share", "delete", "merge"),
    *("change_role", "change_access", "add_address", "drop_address"),
    *("control_import", "repository.projects", ".rules", "tracking"),
)
# Forms of the organization itself, which exist in one's own; what others have stays as it is.
OF_THE_ORGANIZATION = {
    "tenant.deliveries.retry_all",
    "tenant.settings.general.change",
    "tenant.settings.projects.create",
    "tenant.settings.tokens.create",
    "tenant.settings.resolution.change",
    "tenant.settings.resolution.preview",
}
# Pages about one thing, which are not found; others are lists, which hold nothing of theirs.
ABOUT_ONE = {
    "tenant.releases.show",
    "tenant.issues.show",
    "tenant.deliveries.show",
    "tenant.settings.projects.one",
    "tenant.settings.projects.ask_to_delete",
    "tenant.settings.people.person",
    "tenant.settings.teams.team",
    "tenant.settings.repositories.repository.show",
    "tenant.settings.repositories.repository.show_import",
    "tenant.settings.repositories.repository.rules_again",
}


@pytest.fixture
def other(session: Session) -> Tenant:
    organization = make_organization(session, "others")
    tenant = furnish(session, organization, mark="plugh")
    make_key(session, tenant.project, name="plugh key")
    make_token(session, organization, name="plugh token")
    make_activity(session, organization, kind="setting_changed", data={"setting": "plugh"})
    session.commit()
    return tenant


@pytest.fixture
def own(session: Session, organization: Organization) -> Tenant:
    return furnish(session, organization)


def _form(token: str, other: Tenant) -> dict[str, str]:
    """What the forms take; those about one thing of another tenant name it in the address."""
    about = {
        "id": str(other.issue.id),
        "project": "there",
        "name": "x",
        "version": "web@9.9.9",
        "decision": "open",
        "activity": "1",
        "role": "admin",
        "act": "remove",
        "identity": "bea",
        "other": "1",
        "member": "nobody",
        "action": "track",
    }
    return {"csrf_token": token, **about}


def _fill(address: str, tenant: Tenant, session: Session) -> str:
    key = session.scalar(
        select(ProjectKey.id).where(ProjectKey.project_id == tenant.project.id).limit(1)
    )
    token = session.scalar(
        select(ApiToken.id).where(ApiToken.organization_id == tenant.organization.id).limit(1)
    )
    session.commit()
    return address.format(
        guid=tenant.delivery.guid,
        alias=tenant.alias.id,
        key=key,
        token=token,
        installation=tenant.installation.id,
        author=tenant.author.id,
        member=tenant.member.id,
        repository=tenant.repository.id,
    )


def test_every_page_about_a_thing_is_in_the_table(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("tenant.")]
    about_things = {rule.endpoint for rule in rules if rule.arguments - {"org"}}

    assert about_things <= OF_TENANTS.keys() <= {rule.endpoint for rule in rules}


@pytest.mark.parametrize("endpoint", OF_TENANTS)
@pytest.mark.parametrize("path", ["others", "no-such-organization"])
def test_other_organizations_do_not_exist(
    admin: FlaskClient, other: Tenant, session: Session, endpoint: str, path: str
) -> None:
    token = csrf_token(admin.get("/").text)
    for address in OF_TENANTS[endpoint]:
        full = f"/o/{path}/{_fill(address, other, session)}"
        answer = (
            admin.post(full, data=_form(token, other))
            if endpoint.endswith(FORMS)
            else admin.get(full)
        )
        assert answer.status_code == 404
        assert other.mark not in answer.text


@pytest.mark.parametrize("endpoint", OF_TENANTS)
def test_visitors_who_are_not_signed_in_learn_nothing(
    app: Flask, other: Tenant, session: Session, endpoint: str
) -> None:
    client = app.test_client()
    for slug in ("others", "no-such-organization"):
        for address in OF_TENANTS[endpoint]:
            full = f"/o/{slug}/{_fill(address, other, session)}"
            is_form = endpoint.endswith(FORMS)
            answer = client.post(full) if is_form else client.get(full)
            assert answer.status_code == (400 if is_form else 401)
            assert other.mark not in answer.text


@pytest.mark.parametrize("endpoint", OF_TENANTS)
def test_things_of_others_are_not_found_in_ones_own_organization(
    admin: FlaskClient, own: Tenant, other: Tenant, session: Session, endpoint: str
) -> None:
    other.release.version, other.project.slug = "web@9.9.9", "there"
    other.team.slug = "there"
    session.commit()
    token = csrf_token(admin.get("/").text)
    for address in OF_TENANTS[endpoint]:
        full = f"/o/acme/{_fill(address, other, session)}"
        if endpoint.endswith(FORMS):
            answer = admin.post(full, data=_form(token, other))
            is_here = endpoint in OF_THE_ORGANIZATION
            assert answer.status_code in ((200, 303, 400) if is_here else (404,))
            assert other.mark not in answer.text
            continue
        answer = admin.get(full, follow_redirects=True)
        assert answer.status_code == (404 if endpoint in ABOUT_ONE else 200)
        assert other.mark not in answer.text
    session.refresh(other.issue)
    assert other.issue.status == IssueStatus.resolved
    session.refresh(other.delivery)
    assert other.delivery.state == DeliveryState.failed
    [key] = session.scalars(select(ProjectKey).where(ProjectKey.project_id == other.project.id))
    assert (key.name, key.is_active) == ("plugh key", True)
    [left] = session.scalars(
        select(ApiToken).where(ApiToken.organization_id == other.organization.id)
    )
    assert left.revoked_at is None
    assert other.organization.name == "others"
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
