"""What people read when something is wrong (sentry-cli-contract.md 6)."""

from __future__ import annotations

import pytest

from models import TokenKind
from tests.contract.clients import SentryCli
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(shop_of_module: Shop) -> Shop:
    return shop_of_module


def test_a_token_that_opens_nothing(sentry_cli: SentryCli) -> None:
    refused = sentry_cli.fails("releases", "list", SENTRY_AUTH_TOKEN="sntryu_" + 64 * "0")

    assert "sentry reported an error: A usable API token is needed" in refused.err
    assert "(http status: 401)" in refused.err


def test_a_token_for_something_else(sentry_cli: SentryCli, shop: Shop) -> None:
    narrow = sentry_cli.on(SENTRY_AUTH_TOKEN=shop.token(TokenKind.user, "event:read"))

    for command in (("list",), ("new", "-p", "web", "web@1"), ("delete", "shop@1.0.0")):
        refused = narrow.fails("releases", *command)
        assert "You do not have permission to perform this action. (http status: 403)" in (
            refused.err
        )
    assert shop.versions() == {"shop@1.0.0"}


def test_another_organization_does_not_exist(
    sentry_cli: SentryCli, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Shop(shop.place, tmp_path_factory.mktemp("other"))
    foreign = sentry_cli.on(SENTRY_ORG=other.org)

    assert "organization not found" in foreign.fails("releases", "list").err
    foreign.fails("releases", "new", "-p", "web", "web@1")
    assert "Did nothing" in foreign.works("releases", "delete", "shop@1.0.0").out
    assert other.versions() == {"shop@1.0.0"}


def test_a_project_that_is_not_there(sentry_cli: SentryCli, shop: Shop) -> None:
    """Version 2 asks by the project's own address as long as it is the only one."""
    alone = sentry_cli.fails("releases", "new", "-p", "nowhere", "web@1")
    if sentry_cli.major == "2":
        assert "roject not found" in alone.err
    else:
        assert "Invalid project ids or slugs" in alone.err
    together = sentry_cli.fails("releases", "new", "-p", "web", "-p", "nowhere", "web@1")
    assert "Invalid project ids or slugs" in together.err
    assert "roject not found" in sentry_cli.fails("releases", "-p", "nowhere", "list").err

    assert shop.versions() == {"shop@1.0.0"}


def test_an_address_that_is_none(sentry_cli: SentryCli, shop: Shop) -> None:
    refused = sentry_cli.fails("releases", "new", "-p", "web", "--url", "no address", "web@1")

    assert '"url"' in refused.err
    assert shop.versions() == {"shop@1.0.0"}
