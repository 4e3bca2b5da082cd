"""What `sentry-cli` does with issues and events (sentry-cli-contract.md 3)."""

from __future__ import annotations

from typing import Any

import pytest

from domain.organizations import get_organization, get_project
from models import TokenKind, utcnow
from tests.contract.clients import SentryCli, table
from tests.contract.shop import Shop
from tests.events import digest, make_event

pytestmark = pytest.mark.slow
UPDATED = "Updated matching issues."


@pytest.fixture
def cli(sentry_cli: SentryCli, shop: Shop) -> SentryCli:
    """For the project `shop`, with a token that may change issues."""
    token = shop.token(TokenKind.user, "org:read", "project:read", "event:read", "event:write")
    return sentry_cli.on(SENTRY_AUTH_TOKEN=token, SENTRY_PROJECT="shop")


@pytest.fixture
def issues(shop: Shop) -> dict[str, str]:
    """Ids of two issues, by their short ids."""
    for title in ("The cart is empty", "The shelf is bare"):
        shop.issue(title)
    return {short_id: told(shop, short_id)["id"] for short_id in ("SHOP-1", "SHOP-2")}


def told(shop: Shop, short_id: str) -> Any:
    status, answer = shop.ask("GET", f"issues/{short_id}/")
    assert status == 200, answer
    return answer


def statuses(shop: Shop) -> list[str]:
    return [told(shop, short_id)["status"] for short_id in ("SHOP-1", "SHOP-2")]


def test_listed(cli: SentryCli, shop: Shop, issues: dict[str, str]) -> None:
    rows = table(cli.works("issues", "list"))

    assert {row["Short ID"]: row["Issue ID"] for row in rows} == issues
    by_id = {row["Short ID"]: row for row in rows}
    assert by_id["SHOP-1"]["Title"] == "The cart is empty"
    assert (by_id["SHOP-1"]["Status"], by_id["SHOP-1"]["Level"]) == ("unresolved", "error")
    [row] = table(cli.works("issues", "list", "--query", "is:unresolved CART"))
    assert row["Short ID"] == "SHOP-1"
    cli.works("issues", "mute", "-i", issues["SHOP-2"])
    [row] = table(cli.works("issues", "list", "--query", "is:ignored"))
    assert row["Short ID"] == "SHOP-2"


def test_resolved_muted_and_opened_again(
    cli: SentryCli, shop: Shop, issues: dict[str, str]
) -> None:
    first = issues["SHOP-1"]

    assert UPDATED in cli.works("issues", "resolve", "-i", first).out
    assert statuses(shop) == ["resolved", "unresolved"]
    assert UPDATED in cli.works("issues", "unresolve", "-i", first).out
    assert UPDATED in cli.works("issues", "mute", "-i", first).out
    assert statuses(shop) == ["ignored", "unresolved"]
    assert UPDATED in cli.works("issues", "unresolve", "--status", "muted").out
    assert statuses(shop) == ["unresolved", "unresolved"]


def test_resolved_in_the_next_release(cli: SentryCli, shop: Shop, issues: dict[str, str]) -> None:
    cli.works("issues", "resolve", "-n", "-i", issues["SHOP-1"])

    assert told(shop, "SHOP-1")["status"] == "resolved"
    assert told(shop, "SHOP-1")["statusDetails"]["inNextRelease"] is True
    assert statuses(shop) == ["resolved", "unresolved"]


def test_all_at_once(cli: SentryCli, shop: Shop, issues: dict[str, str]) -> None:
    assert UPDATED in cli.works("issues", "mute", "--all").out
    assert statuses(shop) == ["ignored", "ignored"]
    assert UPDATED in cli.works("issues", "resolve", "-s", "unresolved").out  # none: 204
    assert statuses(shop) == ["ignored", "ignored"]
    assert UPDATED in cli.works("issues", "resolve", "--all").out
    assert statuses(shop) == ["resolved", "resolved"]


def test_as_many_as_one_request_may_name(
    cli: SentryCli, shop: Shop, issues: dict[str, str]
) -> None:
    """All in the address of the request, which other servers cut at four thousand letters."""
    numbers = [int(id_) for id_ in issues.values()]
    most = (f"--id={number}" for number in range(max(numbers) - 1, max(numbers) + 999))
    cli.works("issues", "mute", *most)

    assert statuses(shop) == ["ignored", "ignored"]


def test_without_the_scope(cli: SentryCli, shop: Shop, issues: dict[str, str]) -> None:
    reading = cli.on(SENTRY_AUTH_TOKEN=shop.token(TokenKind.user, "event:read"))

    assert "permission" in reading.fails("issues", "resolve", "--all").err
    assert statuses(shop) == ["unresolved", "unresolved"]


def test_events(cli: SentryCli, shop: Shop) -> None:
    people = ({"id": 7, "username": "ana", "email": "ana@acme.example"}, None)
    events = [make_event(utcnow(), user=person, tags={"shelf": "a"}) for person in people]
    with shop.place.db.transaction() as session:
        project = get_project(session, get_organization(session, shop.org).id, "shop")
        digest(session, project.id, events, now=utcnow())

    rows = table(cli.works("events", "list", "-U", "-T"))
    assert {row["Event ID"].replace("-", "") for row in rows} == {
        event.body["event_id"] for event in events
    }
    assert {row["Title"] for row in rows} == {"IndexError: list index out of range"}
    shown = cli.works("events", "list", "-U", "-T").out
    assert "ana@acme.example" in shown
    assert "shelf" in shown
