"""Who may read what: no token, wrong tokens, wrong scopes, other tenants; every API route."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from domain.tokens import revoke_token
from models import ApiToken, Organization, Release, TokenKind
from tests.clock import Clock
from tests.webapp.api.conftest import Api, MakeApi
from tests.webapp.tenants import Tenant

ORG = {"org:read", "org:write", "org:admin"}
REPOS = ORG | {"org:integrations", "org:ci"}
RELEASES = {"project:read", "project:write", "project:admin", "project:releases", "org:ci"}
PROJECTS = RELEASES | ORG
ISSUES = {"event:read", "event:write", "event:admin"}
RELEASE = "/organizations/{org}/releases/{version}/"
REPOSITORY = "/organizations/{org}/repos/{repository}/"
ISSUE = "/organizations/{org}/issues/{issue}/"
KEYS_OF_PROJECT = "/projects/{org}/{project}/keys/"
OF_PROJECT = "/projects/{org}/{project}/releases/"

# Every route that belongs to an organization: its address, and the scopes that open it.
ROUTES = {
    "show_organization": ("/organizations/{org}/", REPOS),
    "list_members": (
        "/organizations/{org}/members/",
        ORG | {"member:read", "member:write", "member:admin"},
    ),
    "list_teams": (
        "/organizations/{org}/teams/",
        ORG | {"team:read", "team:write", "team:admin"},
    ),
    "list_projects_of_organization": ("/organizations/{org}/projects/", PROJECTS),
    "show_project": ("/projects/{org}/{project}/", PROJECTS),
    "list_project_keys": (
        KEYS_OF_PROJECT,
        {"project:read", "project:write", "project:admin", "org:write", "org:admin"},
    ),
    "list_repositories": ("/organizations/{org}/repos/", REPOS),
    "list_repository_commits": ("/organizations/{org}/repos/{repository}/commits/", REPOS),
    "list_releases": ("/organizations/{org}/releases/", RELEASES),
    "list_releases_of_project": (OF_PROJECT, RELEASES),
    "show_release": (RELEASE, RELEASES),
    "show_release_of_project": (OF_PROJECT + "{version}/", RELEASES),
    "show_previous_with_commits": (RELEASE + "previous-with-commits/", RELEASES),
    "list_release_commits": (RELEASE + "commits/", RELEASES),
    "list_release_commits_of_project": (OF_PROJECT + "{version}/commits/", RELEASES),
    "list_release_files": (RELEASE + "commitfiles/", RELEASES),
    "list_deploys": (RELEASE + "deploys/", RELEASES),
    "list_release_problems": ("/organizations/{org}/release-doctor/", RELEASES),
    "list_issues": ("/organizations/{org}/issues/", ISSUES),
    "list_issues_of_project": ("/projects/{org}/{project}/issues/", ISSUES),
    "show_issue_of_organization": (ISSUE, ISSUES),
    "show_issue": ("/issues/{issue}/", ISSUES),
    "list_project_events": ("/projects/{org}/{project}/events/", ISSUES),
    "show_project_event": ("/projects/{org}/{project}/events/{event}/", ISSUES),
    "list_issue_events": (ISSUE + "events/", ISSUES),
    "show_issue_event": (ISSUE + "events/{event}/", ISSUES),
    "show_short_id": ("/organizations/{org}/shortids/{short_id}/", ISSUES),
}
CHANGING = {"project:write", "project:admin", "project:releases", "org:ci"}
MANAGING = {"project:write", "project:admin", "org:write", "org:admin"}
TRACKING = {"org:write", "org:admin", "org:integrations"}
DECIDING = {"event:write", "event:admin"}
DELETING = {"project:admin", "project:releases"}
# Every route that changes something: its method as well. Bodies are the smallest that are taken.
WRITES = {
    "create_release": ("POST", "/organizations/{org}/releases/", CHANGING),
    "create_release_of_project": ("POST", OF_PROJECT, CHANGING),
    "update_release": ("PUT", RELEASE, CHANGING),
    "update_release_of_project": ("PUT", OF_PROJECT + "{version}/", CHANGING),
    "remove_release": ("DELETE", RELEASE, DELETING),
    "remove_release_of_project": ("DELETE", OF_PROJECT + "{version}/", DELETING),
    "create_deploy_of_release": ("POST", RELEASE + "deploys/", CHANGING),
    "create_project_of_organization": ("POST", "/organizations/{org}/projects/", MANAGING),
    "create_project_of_team": ("POST", "/teams/{org}/{team}/projects/", MANAGING),
    "create_project_key": ("POST", KEYS_OF_PROJECT, MANAGING),
    "add_repository": ("POST", "/organizations/{org}/repos/", TRACKING),
    "change_repository": ("PUT", REPOSITORY, TRACKING),
    "change_issues_of_organization": ("PUT", "/organizations/{org}/issues/", DECIDING),
    "change_issues_of_project": ("PUT", "/projects/{org}/{project}/issues/", DECIDING),
    "change_issue_of_organization": ("PUT", ISSUE, DECIDING),
    "change_issue": ("PUT", "/issues/{issue}/", DECIDING),
    "remove_repository": ("DELETE", REPOSITORY, TRACKING - {"org:write"}),
}
BODIES: dict[str, dict[str, Any]] = {
    "create_release": {"version": "web@1.0.0", "projects": ["web"]},
    "create_release_of_project": {"version": "web@1.0.0"},
    "create_deploy_of_release": {"environment": "production"},
    "create_project_of_organization": {"name": "Shop"},
    "create_project_of_team": {"name": "Shop"},
    "add_repository": {
        "provider": "integrations:github",
        "installation": "1",
        "identifier": "acme/xyzzy",
    },
    "change_repository": {"status": "hidden"},
    "change_issues_of_organization": {"status": "resolved"},
    "change_issues_of_project": {"status": "resolved"},
    "change_issue_of_organization": {"status": "resolved"},
    "change_issue": {"status": "resolved"},
}
OF_CALLER = {"show_root", "list_organizations"}  # about the token's own organization only
OF_NOBODY = {"show_description"}
ALL_SCOPES = {
    *(REPOS | RELEASES | ISSUES),
    *(f"{what}:{how}" for what in ("member", "team") for how in ("read", "write", "admin")),
}


def address(route: str, tenant: Tenant, *, org: str | None = None) -> str:
    return ROUTES[route][0].format(
        org=org or tenant.organization.slug,
        project=tenant.project.slug,
        version=tenant.release.version,
        repository=tenant.repository.id,
        short_id=f"{tenant.project.slug.upper()}-1",
        issue=tenant.issue.id,
        event=tenant.event_id,
    )


def test_every_route_is_in_the_table(app: Flask) -> None:
    routes = {
        rule.endpoint.removeprefix("api.")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/0/")
    }

    assert routes == ROUTES.keys() | WRITES.keys() | OF_CALLER | OF_NOBODY


@pytest.mark.parametrize("route", ROUTES)
def test_each_of_its_scopes_opens_a_route_and_no_other(
    make_api: MakeApi, own: Tenant, route: str
) -> None:
    path, opening = address(route, own), ROUTES[route][1]
    for scope in sorted(opening - {"org:ci"}):
        make_api(scope).read(path)
    ci = make_api(kind=TokenKind.org)
    assert ci.get(path).status_code == (200 if "org:ci" in opening else 403)
    closed = make_api(*sorted(ALL_SCOPES - opening))
    assert closed.refused(path) == (403, "You do not have permission to perform this action.")


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_usable_token_nothing_is_told(api: Api, own: Tenant, route: str) -> None:
    for token in (None, "", "sntryu_" + 64 * "0", "\N{SNOWMAN}".encode().decode("latin-1")):
        for org in ("acme", "nobody"):
            anybody = Api(api.client, token)
            status, _ = anybody.refused(address(route, own, org=org))
            assert status == 401


@pytest.mark.parametrize("route", ROUTES)
def test_other_organizations_do_not_exist(api: Api, own: Tenant, other: Tenant, route: str) -> None:
    for org in ("others", "nobody", str(other.organization.id), 20 * "9", "99999"):
        status, text = api.refused(address(route, other, org=org))
        assert (status, text) == (404, "The requested resource does not exist")


@pytest.mark.parametrize("route", ROUTES)
def test_things_of_others_are_not_found_in_ones_own_organization(
    api: Api, own: Tenant, other: Tenant, session: Session, route: str
) -> None:
    other.release.version, other.project.slug = "web@9.9.9", "there"
    session.commit()
    answer = api.get(address(route, other, org="acme"))

    is_about_one = ROUTES[route][0] != ROUTES[route][0].format_map(Unnamed())
    assert answer.status_code == (404 if is_about_one else 200)
    assert other.mark not in answer.text


class Unnamed(dict[str, str]):
    """Leaves `{org}` as it is and drops every other name: which addresses are of one thing?"""

    def __missing__(self, name: str) -> str:
        return "{org}" if name == "org" else ""


@pytest.mark.parametrize("route", ROUTES)
def test_an_organization_and_a_project_are_named_by_id_as_well(
    api: Api, own: Tenant, route: str
) -> None:
    by_id = ROUTES[route][0].format(
        org=own.organization.id,
        project=own.project.id,
        version="v1.0.0",
        repository=own.repository.id,
        short_id="web_1",
        issue="web_1",
        event=own.event_id.upper(),
    )

    assert api.read(by_id) == api.read(address(route, own))


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_else_is_written(api: Api, own: Tenant, route: str, method: str) -> None:
    if (method, ROUTES[route][0]) in {(verb, path) for verb, path, _ in WRITES.values()}:
        pytest.skip("there is a route that writes")
    answer = api.send(method, address(route, own), {})

    # What lies below a release may be the name of a tag, which can hold slashes.
    below = "/{version}/" in ROUTES[route][0] and method in ("PUT", "DELETE")
    assert answer.status_code == (404 if below else 405)
    assert below or "GET" in answer.headers["Allow"]
    assert list(answer.get_json()) == ["detail"]


@pytest.mark.parametrize("route", WRITES)
def test_each_of_its_scopes_opens_a_writing_route_and_no_other(
    make_api: MakeApi, own: Tenant, route: str
) -> None:
    opening = WRITES[route][2]
    closed = make_api(*sorted(ALL_SCOPES - opening))
    assert written(closed, route, own).status_code == 403
    for scope in sorted(opening - {"org:ci"}):
        assert written(make_api(scope), route, own).status_code not in (401, 403)
    ci = written(make_api(kind=TokenKind.org), route, own).status_code
    assert (ci == 403) is ("org:ci" not in opening)


@pytest.mark.parametrize("route", WRITES)
def test_writing_needs_a_token_of_the_organization(
    api: Api, own: Tenant, other: Tenant, session: Session, route: str
) -> None:
    versions = set(session.scalars(select(Release.id)))
    session.commit()  # attributes stay loaded, and nothing is locked
    assert written(Api(api.client, None), route, own).status_code == 401
    for org in ("others", "nobody", str(other.organization.id)):
        assert written(api, route, other, org=org).status_code == 404
    other.project.slug = "there"
    other.release.version = "web@9.9.9"
    session.commit()
    if any(
        thing in WRITES[route][1] for thing in ("{project}", "{version}", "{repository}", "{issue}")
    ):
        assert written(api, route, other, org="acme").status_code == 404
    assert set(session.scalars(select(Release.id))) == versions


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.parametrize("text", ["", "[]", "nonsense", "null", '{"a":'])
def test_a_body_that_is_no_object_is_refused(api: Api, own: Tenant, route: str, text: str) -> None:
    method, path, _ = WRITES[route]
    answer = api.client.open(
        f"/api/0{place_of(path, own)}",
        method=method,
        headers={"Authorization": f"Bearer {api.token}"},
        data=text,
    )

    assert (answer.status_code, list(answer.get_json())) == (400, ["detail"])


def written(api: Api, route: str, tenant: Tenant, *, org: str | None = None) -> TestResponse:
    method, path, _ = WRITES[route]
    return api.send(method, place_of(path, tenant, org=org), BODIES.get(route, {}))


def place_of(path: str, tenant: Tenant, *, org: str | None = None) -> str:
    return path.format(
        org=org or tenant.organization.slug,
        project=tenant.project.slug,
        version=tenant.release.version,
        repository=tenant.repository.id,
        team=tenant.organization.slug,
        issue=tenant.issue.id,
    )


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer  ", "bearer x y", "sntryu_1"])
def test_other_credentials_are_refused(app: Flask, header: str) -> None:
    answer = app.test_client().get("/api/0/", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert list(answer.get_json()) == ["detail"]


def test_a_cookie_opens_nothing(admin: object, api: Api, app: Flask) -> None:
    assert Api(app.test_client(), None).get("/organizations/").status_code == 401


def test_an_expired_or_revoked_token_is_refused(
    api: Api, session: Session, organization: Organization, clock: Clock
) -> None:
    token = session.scalars(select(ApiToken)).one()
    token.expires_at = clock() + timedelta(hours=1)
    session.commit()
    api.read("/")
    clock.advance(hours=1)
    assert api.refused("/")[0] == 401

    token.expires_at = None
    session.commit()
    api.read("/")
    revoke_token(session, organization.id, token.id, now=clock())
    session.commit()
    assert api.refused("/")[0] == 401


def test_its_use_is_noted_once_a_minute(api: Api, session: Session, clock: Clock) -> None:
    token = session.scalars(select(ApiToken)).one()
    session.rollback()  # lets the server write
    first = clock()
    for seconds, noted in [(0, 0), (30, 0), (29, 0), (1, 60), (10, 60)]:
        clock.advance(seconds=seconds)
        api.read("/")
        session.refresh(token)
        assert token.last_used_at == first + timedelta(seconds=noted)
        session.rollback()


def test_only_a_digest_of_a_token_is_kept(api: Api, session: Session) -> None:
    token = session.scalars(select(ApiToken)).one()
    kept = {str(getattr(token, column.key)) for column in ApiToken.__table__.columns}

    assert api.token is not None
    assert token.last_characters == api.token[-4:]
    assert not any(api.token[10:60] in text for text in kept)
