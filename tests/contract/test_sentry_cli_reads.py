"""What `sentry-cli` 3.x reads: every command here is the real binary (sentry-cli-contract.md 3)."""

from __future__ import annotations

import pytest

from domain.release_facts import list_shas
from models import TokenKind
from models.session import Database
from tests.contract.conftest import SentryCli, make_token
from tests.webapp.tenants import Tenant

pytestmark = pytest.mark.slow


def test_reading(sentry_cli: SentryCli, own: Tenant, database: Database) -> None:
    info = sentry_cli("info")
    assert info.status == 0, info
    assert "acme" in info.out
    assert "project:releases" in info.out

    organizations = sentry_cli("organizations", "list")
    assert organizations.status == 0, organizations
    assert "Acme Inc" in organizations.out
    assert "others" not in organizations.out

    projects = sentry_cli("projects", "list")
    assert projects.status == 0, projects
    assert "web" in projects.out

    repositories = sentry_cli("repos", "list")
    assert repositories.status == 0, repositories
    assert "acme/xyzzy" in repositories.out

    for settings in ({}, {"SENTRY_PROJECT": "web"}):
        releases = sentry_cli("releases", "list", "--raw", **settings)
        assert (releases.status, releases.out) == (0, "web@1.0.0\n"), releases
    table = sentry_cli("releases", "list")
    assert table.status == 0, table
    assert "web@1.0.0" in table.out

    with database.reading() as session:
        shas = list_shas(session, own.release.id)
    for name in ("web@1.0.0", "v1.0.0"):
        release = sentry_cli("releases", "info", name, "--show-commits", "--show-projects")
        assert release.status == 0, release
        assert "web@1.0.0" in release.out
        assert len(shas) == 2
        assert all(sha in release.out for sha in shas)
    unknown = sentry_cli("releases", "info", "web@9.9.9")
    assert (unknown.status, unknown.out) == (1, ""), unknown


def test_an_organization_token_needs_no_other_setting(
    sentry_cli: SentryCli, own: Tenant, database: Database
) -> None:
    url = sentry_cli.environ["SENTRY_URL"]
    token = make_token(database, own.organization, TokenKind.org, url=url)
    alone = SentryCli(sentry_cli.home, {"SENTRY_AUTH_TOKEN": token})

    info = alone("info")
    assert info.status == 0, info
    assert url in info.out
    assert "org:ci" in info.out
    assert "warn" not in info.err.lower()
    releases = alone("releases", "list", "--raw")
    assert (releases.status, releases.out) == (0, "web@1.0.0\n"), releases


def test_what_is_refused_is_told(sentry_cli: SentryCli, own: Tenant, database: Database) -> None:
    url = sentry_cli.environ["SENTRY_URL"]
    wrong = sentry_cli("releases", "list", SENTRY_AUTH_TOKEN="sntryu_" + 64 * "0")
    assert wrong.status == 1
    assert "A usable API token is needed" in wrong.err
    narrow = make_token(database, own.organization, TokenKind.user, "event:read", url=url)
    refused = sentry_cli("releases", "list", SENTRY_AUTH_TOKEN=narrow)
    assert refused.status == 1
    assert "You do not have permission" in refused.err
    foreign = sentry_cli("releases", "list", SENTRY_ORG="others")
    assert foreign.status == 1
    assert "not found" in foreign.err
