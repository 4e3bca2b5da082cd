"""The organization's own words decide wherever texts come from: pushes, pull requests, the API."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from demo.github.pulls import Pull
from domain.delivery_log import retry_delivery
from domain.issue_links import NO_LONGER_NAMED, NOT_READ
from domain.organizations import get_organization
from domain.provenance import Why
from domain.resolution_policy import change_policy, make_policy
from models import Delivery, DeliveryState, IssueLink
from tests.flows.api import make_script
from tests.flows.world import World


@pytest.fixture
def shop(world: World) -> World:
    """Installed, with WEB-1 and WEB-2."""
    world.install()
    first = world.commit("Start")
    world.push(first)
    world.settle()
    world.issue("Cart")
    world.issue("Checkout")
    return world


def let(world: World, words: Sequence[str], *, pull_requests: bool = True) -> None:
    with world.runtime.db.transaction() as session:
        organization = get_organization(session, "acme")
        policy = make_policy(words, reads_pull_requests=pull_requests)
        change_policy(session, organization.id, policy, why=Why(world.clock(), source="person"))


def links(world: World) -> list[tuple[str, str | None]]:
    """Words that were read and why the link ended, oldest first."""
    with world.runtime.db.reading() as session:
        rows = session.execute(
            select(IssueLink.matched_text, IssueLink.ended_reason).order_by(IssueLink.id)
        )
        return [(row.matched_text, row.ended_reason) for row in rows]


def head(world: World) -> str:
    [sha] = world.git.resolve(["refs/heads/main"])
    assert sha is not None
    return sha


def process_again(world: World) -> None:
    """As an admin does, all pushes that there ever were."""
    with world.runtime.db.transaction() as session:
        organization = get_organization(session, "acme")
        pushes = select(Delivery.guid).where(Delivery.event == "push").order_by(Delivery.id)
        for guid in session.scalars(pushes).all():
            retry_delivery(session, organization.id, guid, why=Why(world.clock(), source="person"))
    world.work_off()


def open_pull(world: World, *, title: str, body: str = "") -> Pull:
    world.push(world.commit("Aside", onto=[head(world)]), "side")
    pull = world.github.open_pull_request(world.web, "side", title=title, body=body)
    world.settle()
    return pull


def test_pushes_are_read_with_the_words_of_that_moment(shop: World) -> None:
    before = shop.commit("Fixes WEB-1", onto=[head(shop)])
    shop.push(before)
    shop.settle()
    let(shop, ["behebt"])
    after = shop.commit("Behebt WEB-2, fixes WEB-1", onto=[before])
    shop.push(after)
    shop.tag("v1.0.0", after)
    shop.settle()

    assert links(shop) == [
        ("Fixes WEB-1", None),
        ("Behebt WEB-2", None),
        ("Behebt WEB-2, fixes WEB-1", None),
    ]
    assert shop.resolved_in("WEB-2") == "web@1.0.0"


def test_a_push_that_is_processed_again_is_not_read_again(shop: World) -> None:
    shop.push(shop.commit("Fixes WEB-1. Behebt WEB-2", onto=[head(shop)]))
    shop.settle()
    let(shop, ["behebt"])
    before = shop.issue_activities("WEB-1")

    process_again(shop)

    pushes = [delivery for delivery in shop.deliveries() if delivery.event == "push"]
    assert {delivery.state for delivery in pushes} == {DeliveryState.done}
    assert links(shop) == [("Fixes WEB-1", None)]
    assert len(shop.issue_activities("WEB-1")) == len(before) == 1


def test_clients_commits_are_read_with_them(shop: World) -> None:
    let(shop, ["ships"])
    script = make_script(shop)
    commits = [
        {"id": "a" * 40, "message": "Ships WEB-1", "repository": "acme/elsewhere"},
        {"id": "b" * 40, "message": "Fixes WEB-2", "repository": "acme/elsewhere"},
    ]
    status, answer = script.send(
        "POST", "releases/", {"version": "web@1.0.0", "projects": ["web"], "commits": commits}
    )
    assert status == 201, answer
    shop.work_off()
    assert links(shop) == [("Ships WEB-1", None)]
    assert shop.resolved_in("WEB-1") == "web@1.0.0"
    assert shop.resolved_in("WEB-2") is None


def test_pull_requests_are_read_with_them_and_again_when_they_change(shop: World) -> None:
    let(shop, ["ships"])
    pull = open_pull(shop, title="Ships WEB-1", body="Fixes WEB-2")
    assert links(shop) == [("Ships WEB-1", None)]

    let(shop, ["fixes"])
    shop.settle()
    assert links(shop) == [("Ships WEB-1", None)]  # nothing was read again

    shop.github.edit_pull_request(shop.web, pull, title="Ships WEB-1 at last")
    shop.settle()
    assert links(shop) == [("Ships WEB-1", NO_LONGER_NAMED), ("Fixes WEB-2", None)]


def test_pull_requests_that_do_not_count_name_nothing(shop: World) -> None:
    pull = open_pull(shop, title="Fixes WEB-1")
    let(shop, ["fixes"], pull_requests=False)
    shop.github.edit_pull_request(shop.web, pull, body="Fixes WEB-2")
    shop.settle()

    assert links(shop) == [("Fixes WEB-1", NOT_READ)]
    last = shop.issue_activities("WEB-1")[-1]
    assert (last.kind, last.rule) == ("pull_request_unlinked", "pull-requests-left-out")

    let(shop, ["fixes"])
    shop.github.edit_pull_request(shop.web, pull, body="")
    shop.settle()
    assert links(shop) == [("Fixes WEB-1", None)]
