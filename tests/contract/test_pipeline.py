"""All that a pipeline does, one command after another, with either kind of token."""

from __future__ import annotations

import json

import pytest

from tests.contract.clients import SentryCli, table
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow
VERSION = "shop@1.1.0+build 5%"


@pytest.fixture(params=["user", "org"])
def cli(request: pytest.FixtureRequest, sentry_cli: SentryCli, ci_cli: SentryCli) -> SentryCli:
    """With a user token and its settings, or with an organization token and nothing else."""
    return sentry_cli if request.param == "user" else ci_cli


def test_from_the_proposal_to_the_archive(cli: SentryCli, shop: Shop) -> None:
    assert cli.works("releases", "propose-version").told == shop.sha("HEAD")
    cli.works("releases", "new", "-p", "shop", "-p", "web", VERSION)
    assert {one["slug"] for one in shop.release(VERSION)["projects"]} == {"shop", "web"}
    since_tag, last_two = shop.rev_list("v1.0.0..HEAD"), shop.rev_list("HEAD~2..HEAD")
    lists = {
        "--auto": since_tag,
        f"--commit={shop.name}@{shop.sha('HEAD~2')}..{shop.sha('HEAD')}": last_two,
        f"--commit={shop.name}@{shop.sha('HEAD')}": since_tag,
        "--clear": set(),
        "--local": since_tag,
    }
    for how, expected in lists.items():
        cli.works("releases", "set-commits", VERSION, how)
        assert set(shop.commits(VERSION)) == expected, how
    cli.works("releases", "finalize", VERSION)
    cli.works("deploys", "new", "--release", VERSION, "-e", "production")
    [deploy] = table(cli.works("deploys", "list", "--release", VERSION))
    assert deploy["Environment"] == "production"

    assert VERSION in cli.works("releases", "list", "--raw").out.splitlines()
    assert shop.sha("HEAD") in cli.works("releases", "info", "-C", VERSION).out
    cli.works("releases", "archive", VERSION)
    assert shop.release(VERSION)["status"] == "archived"
    cli.works("releases", "restore", VERSION)
    release = shop.release(VERSION)
    assert (release["status"], release["lastDeploy"]["environment"]) == ("open", "production")
    assert release["dateReleased"]


def test_what_there_is(cli: SentryCli, shop: Shop) -> None:
    for command, column in (("organizations", "Slug"), ("projects", "Slug"), ("repos", "Name")):
        rows = table(cli.works(command, "list"))
        assert {"organizations": shop.org, "projects": "shop", "repos": shop.name}[command] in {
            row[column] for row in rows
        }


def test_whether_the_settings_are_usable(cli: SentryCli, shop: Shop) -> None:
    """What pipelines check first: by the status of the command, or by its JSON."""
    cli.works("info", "--no-defaults")
    told = json.loads(cli.works("info", "--config-status-json").out)
    assert told["auth"]["successful"] is True
    assert told["config"]["url"].rstrip("/") == shop.place.url

    refused = json.loads(
        cli("info", "--config-status-json", SENTRY_AUTH_TOKEN="sntryu_" + 64 * "0").out
    )
    assert refused["auth"]["successful"] is False
