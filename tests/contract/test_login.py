"""`sentry-cli login`: from the browser's page to a token that works (sentry-cli-contract.md 2)."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from models import TokenKind
from tests.contract.clients import SentryCli
from tests.contract.shop import Shop

pytestmark = pytest.mark.slow
BROWSER = """#!/bin/sh
echo "$1" > "$HOME/opened"
"""


@pytest.fixture
def shop(shop_of_module: Shop) -> Shop:
    return shop_of_module


@pytest.fixture
def by_hand(sentry_cli: SentryCli) -> SentryCli:
    """Knows the server and has no token yet; its browser notes the address and is closed."""
    browser = sentry_cli.home / "xdg-open"
    browser.write_text(BROWSER)
    browser.chmod(0o755)
    url = sentry_cli.environ["SENTRY_URL"]
    environ = {"SENTRY_URL": url, "PATH": f"{sentry_cli.home}:/usr/bin:/bin"}
    return replace(sentry_cli, environ=environ)


def test_the_browser_is_sent_to_how_tokens_are_made(by_hand: SentryCli, shop: Shop) -> None:
    by_hand.works("login", typed=f"y\n{shop.token()}\n")

    address = (by_hand.home / "opened").read_text().strip()
    assert address.startswith(f"{shop.place.url}/orgredirect/")
    with urllib.request.urlopen(address, timeout=30) as page:  # noqa: S310  # our own server
        assert page.url == f"{shop.place.url}/tokens"
        assert "flask token create" in page.read().decode()


def test_a_token_that_was_pasted_is_tried_and_kept(by_hand: SentryCli, shop: Shop) -> None:
    wrong, right = "sntryu_" + 64 * "0", shop.token(TokenKind.org)
    said = by_hand.works("login", typed=f"n\n{wrong}\n{right}\n")

    assert "A usable API token is needed" in said.out + said.err
    assert "Valid org token" in said.out
    kept = SentryCli(by_hand.major, by_hand.home, shop.clone, {})
    assert kept.works("releases", "list", "--raw").out == "shop@1.0.0\n"
    assert Path(kept.home, ".sentryclirc").stat().st_mode & 0o077 == 0
