"""Releases made, finalized, put away and deleted by `sentry-cli` (sentry-cli-contract.md 3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import utcnow
from tests.contract.clients import SentryCli
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow
VERSION = "web@2.0.0"


def projects(release: Any) -> set[str]:
    return {project["slug"] for project in release["projects"]}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_release_is_made_once_and_gains_projects(sentry_cli: SentryCli, shop: Shop) -> None:
    made = sentry_cli.works("releases", "new", "-p", "web", VERSION)
    assert made.told == f"Created release {VERSION}"
    first = shop.release(VERSION)
    assert projects(first) == {"web"}
    assert (first["dateReleased"], first["url"], first["commitCount"]) == (None, None, 0)
    assert first["userAgent"].startswith(f"sentry-cli/{sentry_cli.major}.")

    again = sentry_cli.works("releases", "new", "-p", "web", "-p", "worker", VERSION)
    assert again.told == f"Created release {VERSION}"
    second = shop.release(VERSION)
    assert projects(second) == {"web", "worker"}
    assert second["dateCreated"] == first["dateCreated"]
    assert second["id"] == first["id"]
    assert shop.versions() == {"shop@1.0.0", VERSION}


def test_a_project_is_named_by_its_number_as_well(sentry_cli: SentryCli, shop: Shop) -> None:
    _, listed = shop.ask("GET", "projects/")
    number = {project["slug"]: project["id"] for project in listed}

    sentry_cli.works("releases", "new", "-p", number["web"], VERSION)
    sentry_cli.works("releases", "new", "-p", number["worker"], "-p", "shop", VERSION)

    assert projects(shop.release(VERSION)) == {"web", "worker", "shop"}


def test_finalized_at_once_with_an_address(ci_cli: SentryCli, shop: Shop) -> None:
    url = "https://web.example/notes/2.0.0"
    before = utcnow()
    ci_cli.works("releases", "new", "-p", "web", "--finalize", "--url", url, VERSION)

    release = shop.release(VERSION)
    assert release["url"] == url
    assert before - timedelta(seconds=1) <= moment(release["dateReleased"]) <= utcnow()


@pytest.mark.parametrize("project", ["", "web"])
def test_finalized_later(sentry_cli: SentryCli, shop: Shop, project: str) -> None:
    """With a project 2.x takes the project's route; either way the other project stays."""
    sentry_cli.works("releases", "new", "-p", "web", "-p", "worker", VERSION)
    settings = {"SENTRY_PROJECT": project} if project else {}

    done = sentry_cli.works("releases", "finalize", VERSION, **settings)

    assert done.told == f"Finalized release {VERSION}"
    release = shop.release(VERSION)
    assert utcnow() - moment(release["dateReleased"]) < timedelta(minutes=1)
    assert projects(release) == {"web", "worker"}


def test_finalized_at_a_moment_that_is_stated(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.works("releases", "new", "-p", "web", VERSION)
    url = "https://web.example/"
    stated = ("--released", "1700000000", "--url", url)

    for _ in range(2):
        sentry_cli.works("releases", "finalize", VERSION, *stated)

        release = shop.release(VERSION)
        assert moment(release["dateReleased"]) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
        assert release["url"] == url


def test_finalizing_what_is_not_there(sentry_cli: SentryCli, shop: Shop) -> None:
    failed = sentry_cli.fails("releases", "finalize", VERSION)

    assert "elease not found" in failed.err
    assert shop.release(VERSION) is None


@pytest.mark.parametrize("name", ["shop@1.0.0", "v1.0.0"])
def test_put_away_and_brought_back(sentry_cli: SentryCli, shop: Shop, name: str) -> None:
    held = shop.commits("shop@1.0.0")

    archived = sentry_cli.works("releases", "archive", name)
    assert archived.told == "Archived release shop@1.0.0"
    assert shop.release("shop@1.0.0")["status"] == "archived"
    assert sentry_cli.works("releases", "list", "--raw").out.strip() == ""

    restored = sentry_cli.works("releases", "restore", name)
    assert restored.told == "Restored release shop@1.0.0"
    release = shop.release("shop@1.0.0")
    assert (release["status"], projects(release)) == ("open", {"shop"})
    assert sentry_cli.works("releases", "list", "--raw").out == "shop@1.0.0\n"
    assert shop.commits("shop@1.0.0") == held


def test_putting_away_what_is_not_there_makes_nothing(sentry_cli: SentryCli, shop: Shop) -> None:
    sentry_cli.fails("releases", "archive", VERSION)

    assert shop.versions() == {"shop@1.0.0"}


@pytest.mark.parametrize("project", ["", "web"])
def test_deleted_and_deleted_again(sentry_cli: SentryCli, shop: Shop, project: str) -> None:
    settings = {"SENTRY_PROJECT": project} if project else {}
    sentry_cli.works("releases", "new", "-p", "web", VERSION)
    sentry_cli.works("deploys", "new", "--release", VERSION, "-e", "production")

    deleted = sentry_cli.works("releases", "delete", VERSION, **settings)
    assert deleted.told == f"Deleted release {VERSION}!"
    assert shop.versions() == {"shop@1.0.0"}

    again = sentry_cli.works("releases", "delete", VERSION, **settings)
    assert "Did nothing. Release with this version" in again.out


def test_an_organization_token_deletes_nothing(ci_cli: SentryCli, shop: Shop) -> None:
    refused = ci_cli.fails("releases", "delete", "shop@1.0.0")

    assert "You do not have permission to perform this action." in refused.err
    assert shop.versions() == {"shop@1.0.0"}


def test_the_newest_are_listed_first(sentry_cli: SentryCli, shop: Shop) -> None:
    for version in ("web@1", "web@2", "web@3"):
        sentry_cli.works("releases", "new", "-p", "web", version)

    for settings in ({}, {"SENTRY_PROJECT": "web"}):
        listed = sentry_cli.works("releases", "list", "--raw", **settings).out.split()
        assert listed[:3] == ["web@3", "web@2", "web@1"]
    commas = sentry_cli.works("releases", "-p", "web", "list", "--raw", "--delimiter", ",")
    assert commas.out == "web@3,web@2,web@1\n"
