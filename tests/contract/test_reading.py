"""What `sentry-cli` reads (sentry-cli-contract.md 3). The release is that of the tag `v1.0.0`."""

from __future__ import annotations

import pytest

from tests.contract.clients import SentryCli, table
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(shop_of_module: Shop) -> Shop:
    return shop_of_module


def test_who_and_where(sentry_cli: SentryCli, shop: Shop) -> None:
    info = sentry_cli.works("info").out

    assert f"Sentry Server: {shop.place.url}\n" in info
    assert f"Default Organization: {shop.org}\n" in info
    assert "- project:releases\n" in info


def test_an_organization_token_needs_no_other_setting(ci_cli: SentryCli, shop: Shop) -> None:
    info = ci_cli.works("info").out
    assert f"Sentry Server: {shop.place.url}\n" in info
    assert "- org:ci\n" in info

    assert ci_cli.works("releases", "list", "--raw").out == "shop@1.0.0\n"
    assert shop.name in ci_cli.works("repos", "list").out
    assert table(ci_cli.works("organizations", "list"))[0]["Slug"] == shop.org


def test_tables_of_what_there_is(sentry_cli: SentryCli, shop: Shop) -> None:
    [organization] = table(sentry_cli.works("organizations", "list"))
    assert (organization["Slug"], organization["Name"]) == (shop.org, shop.org)

    projects = table(sentry_cli.works("projects", "list"))
    assert [project["Slug"] for project in projects] == ["shop", "web", "worker"]

    [repository] = table(sentry_cli.works("repos", "list"))
    url = f"https://github.com/{shop.name}"
    assert repository == {"Name": shop.name, "Provider": "GitHub", "URL": url}


@pytest.mark.parametrize("project", ["", "shop"])
def test_lists_of_releases(sentry_cli: SentryCli, project: str) -> None:
    with_project = sentry_cli.on(SENTRY_PROJECT=project) if project else sentry_cli

    assert with_project.works("releases", "list", "--raw").out == "shop@1.0.0\n"
    [row] = table(with_project.works("releases", "list", "--show-projects"))
    assert (row["Version"], row["Projects"]) == ("shop@1.0.0", "shop")
    assert with_project.works("releases", "-p", "web", "list", "--raw").out.strip() == ""


@pytest.mark.parametrize("name", ["shop@1.0.0", "v1.0.0"])
def test_one_release_by_version_or_tag(sentry_cli: SentryCli, shop: Shop, name: str) -> None:
    rows = table(sentry_cli.works("releases", "info", name, "-C", "-P"))

    assert (rows[0]["Version"], rows[0]["Projects"]) == ("shop@1.0.0", "shop")
    assert {row["Commits"] for row in rows} == shop.rev_list("v1.0.0")
    [alone] = table(sentry_cli.works("releases", "info", name, SENTRY_PROJECT="shop"))
    assert "Commits" not in alone


def test_a_release_that_is_not_there_is_met_with_silence(sentry_cli: SentryCli) -> None:
    for settings in ({}, {"SENTRY_PROJECT": "web"}):
        unknown = sentry_cli.fails("releases", "info", "shop@9.9.9", **settings)
        assert (unknown.out, unknown.err) == ("", "")


def test_a_version_is_proposed_without_asking_anybody(sentry_cli: SentryCli, shop: Shop) -> None:
    alone = sentry_cli.on(SENTRY_URL="http://127.0.0.1:1")

    assert alone.works("releases", "propose-version").told == shop.sha("HEAD")
    stated = alone.works("releases", "propose-version", SENTRY_RELEASE="shop@2.0.0")
    assert stated.told == "shop@2.0.0"
