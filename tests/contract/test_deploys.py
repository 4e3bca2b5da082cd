"""Deploys told by `sentry-cli`, in both of its spellings (sentry-cli-contract.md 3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from models import utcnow
from tests.contract.clients import SentryCli, table
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow
VERSION = "web@2.0.0"


def new(spelling: str, version: str, *options: str) -> tuple[str, ...]:
    if spelling == "deploys":
        return ("deploys", "new", "--release", version, *options)
    return ("releases", "deploys", version, "new", *options)


def listing(spelling: str, version: str) -> tuple[str, ...]:
    if spelling == "deploys":
        return ("deploys", "list", "--release", version)
    return ("releases", "deploys", version, "list")


def deploys(shop: Shop, version: str) -> dict[str, Any]:
    """The last deploy of each environment."""
    status, told = shop.ask("GET", f"releases/{quote(version, safe='')}/deploys/")
    assert status == 200, told
    return {deploy["environment"]: deploy for deploy in told}


@pytest.mark.parametrize("spelling", ["deploys", "releases deploys"])
def test_told_and_listed(ci_cli: SentryCli, shop: Shop, spelling: str) -> None:
    ci_cli.works("releases", "new", "-p", "web", "-p", "worker", VERSION)
    assert ci_cli.works(*listing(spelling, VERSION)).told == "No deploys found"

    bare = ci_cli.works(*new(spelling, VERSION, "-e", "production"))
    assert bare.told == "Created new deploy unnamed for 'production'"
    url = "https://blue.example/"
    options = ("-e", "staging", "-n", "blue", "-u", url, "-t", "30", "-p", "web")
    full = ci_cli.works(*new(spelling, VERSION, *options))
    assert full.told == "Created new deploy blue for 'staging'"

    found = deploys(shop, VERSION)
    assert set(found) == {"production", "staging"}
    plain, named = found["production"], found["staging"]
    assert (plain["name"], plain["url"], plain["dateStarted"]) == (None, None, None)
    assert utcnow() - datetime.fromisoformat(plain["dateFinished"]) < timedelta(minutes=1)
    assert (named["name"], named["url"]) == ("blue", url)
    started, finished = (
        datetime.fromisoformat(named[key]) for key in ("dateStarted", "dateFinished")
    )
    assert finished - started == timedelta(seconds=30)
    release = shop.release(VERSION)
    assert (release["deployCount"], release["lastDeploy"]["environment"]) == (2, "staging")
    assert release["dateReleased"] is None

    rows = table(ci_cli.works(*listing(spelling, VERSION)))
    assert {(row["Environment"], row["Name"]) for row in rows} == {
        ("production", "unnamed"),
        ("staging", "blue"),
    }


def test_a_release_is_found_by_its_tag(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.works(*new("deploys", "v1.0.0", "-e", "production", "-n", "first"))
    sentry_cli.works(*new("deploys", "shop@1.0.0", "-e", "production", "-n", "second"))

    assert deploys(shop, "shop@1.0.0")["production"]["name"] == "second"
    assert shop.release("shop@1.0.0")["deployCount"] == 2
    assert shop.versions() == {"shop@1.0.0"}


def test_what_cannot_be_deployed(sentry_cli: SentryCli, shop: Shop) -> None:
    unknown = sentry_cli.fails(*new("deploys", "web@9.9.9", "-e", "production"))
    assert "Release not found" in unknown.err
    foreign = sentry_cli.fails(*new("deploys", "shop@1.0.0", "-e", "production", "-p", "web"))
    assert "Invalid projects (web) for release shop@1.0.0 (http status: 400)" in foreign.err
    slashed = sentry_cli.fails(*new("deploys", "shop@1.0.0", "-e", "a/b"))
    assert "Invalid value for environment" in slashed.err

    assert deploys(shop, "shop@1.0.0") == {}
    assert shop.release("shop@1.0.0")["deployCount"] == 0
