"""Every route of the application, and who may use it: add a line for a route that you add.

The key is the method and the rule without converters (`<path:name>` is `<name>`). The value is a
role; `ADMIN.with_form(name="x")` says what makes a POST succeed, without which 400 is as good.
What a name such as `<guid>` stands for, in a rule or in a form, is in `places_of`; `1` for one that
is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tests.webapp.tenants import Tenant


@dataclass(frozen=True)
class Role:
    """Who may use a route; *scope* of a token, where that opens it."""

    name: str
    scope: str | None = None
    form: dict[str, str] = field(default_factory=dict)

    def with_form(self, **form: str) -> Role:
        return replace(self, form=form)


ANYBODY = Role("anybody")  # signed in or not; the page itself says no more than it should
PERSON = Role("person")  # signed in with GitHub; about their own account alone
MEMBER = Role("member")  # of the organization in the address; others do not learn that it exists
ADMIN = Role("admin")  # of the organization in the address; members get 403
OPERATOR = Role("operator")  # a browser with the session that the set-up link began
SIGNATURE = Role("signature")  # GitHub, by the webhook's secret
DSN = Role("dsn")  # an SDK, by a key of the project
PUBLIC_API = Role("public")  # no token needed


def token(scope: str) -> Role:
    """An API token of the organization with that scope (or another; see the API's tests).

    Where the address names nothing, the answer is about the token's own organization alone.
    """
    return Role("token", scope)


PAGES: dict[str, Role] = {
    "GET /": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": ANYBODY,
    "GET /static/<filename>": ANYBODY,
    "GET /login/<token>": ANYBODY,
    "POST /login/<token>": ANYBODY,
    "POST /logout": ANYBODY,
    "GET /auth/github": ANYBODY,
    "GET /auth/github/callback": ANYBODY,
    "GET /install": ANYBODY,
    "GET /installed": ANYBODY,
    "GET /tokens": ANYBODY,
    "GET /api/": ANYBODY,
    "GET /api/docs": ANYBODY,
    "GET /orgredirect/organizations/<named>/settings/auth-tokens/": ANYBODY,
    "GET /account": PERSON,
    "POST /account/check": PERSON.with_form(),
    "POST /account/issues": PERSON.with_form(),
    "POST /account/sessions/<session_id>/end": PERSON.with_form(),
    "POST /account/sign-out-everywhere": PERSON.with_form(),
    "GET /o/<org>/": MEMBER,
    "GET /o/<org>/releases/": MEMBER,
    "GET /o/<org>/releases/<name>": MEMBER,
    "GET /o/<org>/issues/": MEMBER,
    "POST /o/<org>/issues/": MEMBER.with_form(decision="open", id="<issue_id>"),
    "GET /o/<org>/issues/<short_id>": MEMBER,
    "POST /o/<org>/issues/<short_id>/decide": MEMBER.with_form(decision="open"),
    "GET /o/<org>/doctor": MEMBER,
    "POST /o/<org>/doctor/aliases": ADMIN.with_form(
        project="web", name="another", version="web@1.0.0"
    ),
    "POST /o/<org>/doctor/aliases/<alias_id>/remove": ADMIN,
    "GET /o/<org>/deliveries/": MEMBER,
    "GET /o/<org>/deliveries/<guid>": MEMBER,
    "POST /o/<org>/deliveries/<guid>/retry": ADMIN,
    "GET /o/<org>/repositories/": MEMBER,
    "GET /o/<org>/settings/": MEMBER,
    "GET /o/<org>/settings/general/": MEMBER,
    "POST /o/<org>/settings/general/": ADMIN.with_form(name="Acme"),
    "POST /o/<org>/deliveries/retry-failed": ADMIN.with_form(),
    "POST /o/<org>/issues/<short_id>/undo": MEMBER,
    "GET /o/<org>/settings/audit/": ADMIN,
    "GET /o/<org>/settings/audit/lines.<ending>": ADMIN,
    "GET /o/<org>/settings/github/": MEMBER,
    "POST /o/<org>/settings/github/<installation_id>/move": ADMIN,
    "POST /o/<org>/settings/github/<installation_id>/share": ADMIN,
    "POST /o/<org>/settings/github/<installation_id>/unshare": ADMIN,
    "GET /o/<org>/settings/people/": MEMBER,
    "POST /o/<org>/settings/people/": ADMIN.with_form(name="Bob"),
    "GET /o/<org>/settings/people/authors/": MEMBER,
    "POST /o/<org>/settings/people/authors/<author_id>": ADMIN.with_form(member="nobody"),
    "GET /o/<org>/settings/people/<member_id>/": MEMBER,
    "POST /o/<org>/settings/people/<member_id>/role": ADMIN.with_form(role="admin"),
    "POST /o/<org>/settings/people/<member_id>/access": ADMIN.with_form(act="remove"),
    "POST /o/<org>/settings/people/<member_id>/identities": ADMIN.with_form(identity="bea"),
    "POST /o/<org>/settings/people/<member_id>/identities/<identity_id>/drop": ADMIN,
    "POST /o/<org>/settings/people/<member_id>/merge": ADMIN,
    "GET /o/<org>/settings/projects/": MEMBER,
    "POST /o/<org>/settings/projects/": ADMIN,
    "GET /o/<org>/settings/projects/<slug>/": MEMBER,
    "POST /o/<org>/settings/projects/<slug>/": ADMIN,
    "POST /o/<org>/settings/projects/<slug>/keys/": ADMIN,
    "POST /o/<org>/settings/projects/<slug>/keys/<key_id>/": ADMIN,
    "GET /o/<org>/settings/projects/<slug>/keys/<key_id>/delete": ADMIN,
    "POST /o/<org>/settings/projects/<slug>/keys/<key_id>/delete": ADMIN,
    "GET /o/<org>/settings/repositories/": MEMBER,
    "POST /o/<org>/settings/repositories/": ADMIN,
    "GET /o/<org>/settings/repositories/<repository_id>/": MEMBER,
    "GET /o/<org>/settings/repositories/<repository_id>/import": MEMBER,
    "GET /o/<org>/settings/repositories/<repository_id>/rules": MEMBER,
    "POST /o/<org>/settings/repositories/<repository_id>/import": ADMIN.with_form(action="again"),
    "POST /o/<org>/settings/repositories/<repository_id>/projects": ADMIN.with_form(project="web"),
    "POST /o/<org>/settings/repositories/<repository_id>/rules": ADMIN.with_form(action="preview"),
    "POST /o/<org>/settings/repositories/<repository_id>/tracking": ADMIN.with_form(
        action="untrack"
    ),
    "GET /o/<org>/settings/resolution/": MEMBER,
    "POST /o/<org>/settings/resolution/": ADMIN,
    "POST /o/<org>/settings/resolution/preview": ADMIN,
    "GET /o/<org>/settings/teams/": MEMBER,
    "POST /o/<org>/settings/teams/": ADMIN.with_form(name="Others"),
    "GET /o/<org>/settings/teams/<slug>/": MEMBER,
    "POST /o/<org>/settings/teams/<slug>/": ADMIN.with_form(name="Web"),
    "POST /o/<org>/settings/teams/<slug>/delete": ADMIN.with_form(),
    "GET /o/<org>/settings/tokens/": ADMIN,
    "POST /o/<org>/settings/tokens/": ADMIN,
    "POST /o/<org>/settings/tokens/<token_id>/revoke": ADMIN,
    "GET /setup/<token>": ANYBODY,
    "POST /setup/<token>": ANYBODY,
    "POST /setup/sign-out": ANYBODY,
    "GET /setup/": OPERATOR,
    "GET /setup/checks": OPERATOR,
    "GET /setup/registered": OPERATOR,
    "POST /setup/key": OPERATOR,
    "POST /setup/manifest": OPERATOR,
    "POST /setup/ping": OPERATOR,
    "POST /setup/webhook-secret": OPERATOR,
    "POST /setup/webhook-secret/drop": OPERATOR,
}

ORGANIZATION = "/api/0/organizations/<org>"
PROJECT = "/api/0/projects/<org>/<project>"
API: dict[str, Role] = {
    "GET /api/0/openapi.json": PUBLIC_API,
    "GET /api/0/": PUBLIC_API,
    "GET /api/0/organizations/": token("org:read"),
    f"GET {ORGANIZATION}/": token("org:read"),
    f"GET {ORGANIZATION}/members/": token("member:read"),
    f"GET {ORGANIZATION}/teams/": token("team:read"),
    f"GET {ORGANIZATION}/projects/": token("project:read"),
    f"POST {ORGANIZATION}/projects/": token("project:write"),
    "POST /api/0/teams/<org>/<team>/projects/": token("project:write"),
    f"GET {ORGANIZATION}/repos/": token("org:read"),
    f"POST {ORGANIZATION}/repos/": token("org:integrations"),
    f"PUT {ORGANIZATION}/repos/<repository_id>/": token("org:integrations"),
    f"DELETE {ORGANIZATION}/repos/<repository_id>/": token("org:admin"),
    f"GET {ORGANIZATION}/repos/<repository_id>/commits/": token("org:read"),
    f"GET {ORGANIZATION}/release-doctor/": token("project:read"),
    f"GET {ORGANIZATION}/releases/": token("project:read"),
    f"POST {ORGANIZATION}/releases/": token("project:releases"),
    f"GET {ORGANIZATION}/releases/<version>/": token("project:read"),
    f"PUT {ORGANIZATION}/releases/<version>/": token("project:releases"),
    f"DELETE {ORGANIZATION}/releases/<version>/": token("project:admin"),
    f"GET {ORGANIZATION}/releases/<version>/commitfiles/": token("project:read"),
    f"GET {ORGANIZATION}/releases/<version>/commits/": token("project:read"),
    f"GET {ORGANIZATION}/releases/<version>/deploys/": token("project:read"),
    f"POST {ORGANIZATION}/releases/<version>/deploys/": token("project:releases"),
    f"GET {ORGANIZATION}/releases/<version>/previous-with-commits/": token("project:read"),
    f"GET {ORGANIZATION}/issues/": token("event:read"),
    f"PUT {ORGANIZATION}/issues/": token("event:write"),
    f"GET {ORGANIZATION}/issues/<issue_id>/": token("event:read"),
    f"PUT {ORGANIZATION}/issues/<issue_id>/": token("event:write"),
    f"GET {ORGANIZATION}/issues/<issue_id>/events/": token("event:read"),
    f"GET {ORGANIZATION}/issues/<issue_id>/events/<event_id>/": token("event:read"),
    f"GET {ORGANIZATION}/shortids/<short_id>/": token("event:read"),
    "GET /api/0/issues/<issue_id>/": token("event:read"),
    "PUT /api/0/issues/<issue_id>/": token("event:write"),
    f"GET {PROJECT}/": token("project:read"),
    f"GET {PROJECT}/events/": token("event:read"),
    f"GET {PROJECT}/events/<event_id>/": token("event:read"),
    f"GET {PROJECT}/issues/": token("event:read"),
    f"PUT {PROJECT}/issues/": token("event:write"),
    f"GET {PROJECT}/keys/": token("project:read"),
    f"POST {PROJECT}/keys/": token("project:write"),
    f"GET {PROJECT}/releases/": token("project:read"),
    f"POST {PROJECT}/releases/": token("project:releases"),
    f"GET {PROJECT}/releases/<version>/": token("project:read"),
    f"PUT {PROJECT}/releases/<version>/": token("project:releases"),
    f"DELETE {PROJECT}/releases/<version>/": token("project:admin"),
    f"GET {PROJECT}/releases/<version>/commits/": token("project:read"),
}

# What plain WSGI answers before Flask sees it, by the name of the class that does.
INTAKES: dict[str, dict[str, Role]] = {
    "Intake": {"POST /webhooks/github": SIGNATURE},
    "Ingest": {
        "POST /api/<project_id>/envelope/": DSN,
        "POST /api/<project_id>/store/": DSN,
    },
}


def places_of(tenant: Tenant) -> dict[str, Any]:
    """What the names in rules stand for: things of *tenant*."""
    return {
        "org": tenant.organization.slug,
        "team": tenant.organization.slug,
        "project": tenant.project.slug,
        "project_id": tenant.project.id,
        "version": tenant.release.version,
        "name": tenant.release.version,
        "guid": tenant.delivery.guid,
        "alias_id": tenant.alias.id,
        "short_id": f"{tenant.project.slug.upper()}-1",
        "issue_id": tenant.issue.id,
        "event_id": tenant.event_id,
        "repository_id": tenant.repository.id,
        "installation_id": tenant.installation.id,
        "member_id": tenant.member.id,
        "author_id": tenant.author.id,
        "slug": tenant.team.slug,  # and of the project
        "ending": "csv",
        "filename": "pages.css",
        "named": "acme",
    }
