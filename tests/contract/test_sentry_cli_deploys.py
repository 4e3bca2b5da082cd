"""Deploys stated and listed by `sentry-cli`: every command here is the real binary."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Deploy, Release
from models.session import Database
from tests.contract.conftest import SentryCli
from tests.webapp.tenants import Tenant

pytestmark = pytest.mark.slow


def test_deploys(sentry_cli: SentryCli, own: Tenant, database: Database) -> None:
    none = sentry_cli("deploys", "list", "--release", "web@1.0.0")
    assert none.status == 0, none
    assert "No deploys found" in none.out

    bare = sentry_cli("deploys", "new", "--release", "web@1.0.0", "-e", "production")
    assert (bare.status, "Created new deploy unnamed for 'production'" in bare.out) == (0, True), (
        bare
    )
    options = ["-n", "blue", "-u", "https://ci.example.com/1", "-t", "30", "-p", "web"]
    whole = sentry_cli("deploys", "new", "--release", "v1.0.0", "-e", "staging", *options)
    assert (whole.status, "Created new deploy blue for 'staging'" in whole.out) == (0, True), whole

    listed = sentry_cli("deploys", "list", "--release", "web@1.0.0")
    assert listed.status == 0, listed
    for word in ("production", "unnamed", "staging", "blue"):
        assert word in listed.out
    with database.reading() as session:
        started = session.scalars(
            select(Deploy).where(Deploy.name == "blue", Deploy.started_at.is_not(None))
        ).one()
        assert started.started_at
        assert (started.finished_at - started.started_at).total_seconds() == 30
        assert session.get_one(Release, own.release.id).deploy_count == 2


def test_what_cannot_be_deployed_is_told(sentry_cli: SentryCli, own: Tenant) -> None:
    unknown = sentry_cli("deploys", "new", "--release", "web@9.9.9", "-e", "production")
    assert unknown.status == 1
    foreign = sentry_cli(
        *("deploys", "new", "--release", "web@1.0.0", "-e", "production", "-p", "nobody")
    )
    assert foreign.status == 1
    assert "Invalid projects (nobody) for release web@1.0.0" in foreign.err
    slash = sentry_cli("deploys", "new", "--release", "web@1.0.0", "-e", "a/b")
    assert slash.status == 1
    assert "Invalid value for environment" in slash.err
