"""How many calls to GitHub a release may cost: none at the head of a pushed branch, else the fewest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs import drain
from models import Delivery, DeliveryState
from tests.flows.world import World


@pytest.fixture
def head(world: World) -> str:
    """The tip of main, in an installed repository whose history was imported."""
    first = world.commit("One")
    second = world.commit("Two", onto=[first])
    world.push(second)
    world.tag("v1.0.0", second, annotated=True)
    world.github.queued.clear()
    world.install()
    world.github.reset_calls()
    return second


def calls(world: World) -> list[str]:
    return [call.path.partition("/repositories/")[2] for call in world.github.calls]


@pytest.mark.parametrize("annotated", [False, True], ids=["lightweight", "annotated"])
def test_a_tag_at_the_head_of_a_pushed_branch_costs_nothing(
    world: World, head: str, annotated: bool
) -> None:
    third = world.commit("Three", onto=[head])
    fourth = world.commit("Four", onto=[third])
    world.push(fourth)
    world.tag("v1.1.0", fourth, annotated=annotated)
    world.settle()

    assert set(world.commits_of("web@1.1.0")) == {third, fourth}
    assert world.head_of("v1.1.0").state == "complete"
    assert calls(world) == []


def test_a_merge_of_a_pushed_branch_costs_nothing(world: World, head: str) -> None:
    side = world.commit("Side", onto=[head])
    world.push(head, "side")
    world.push(side, "side")
    third = world.commit("Three", onto=[head])
    world.push(third)
    merge = world.commit("Merge", onto=[third, side])
    world.push(merge)
    world.tag("v1.1.0", merge)
    world.settle()

    assert set(world.commits_of("web@1.1.0")) == {side, third, merge}
    assert calls(world) == []


def test_a_tag_in_the_middle_of_a_push_costs_one_call(world: World, head: str) -> None:
    third = world.commit("Three", onto=[head])
    fourth = world.commit("Four", onto=[third])
    world.push(fourth)
    world.tag("v1.1.0", third)
    world.settle()

    assert world.commits_of("web@1.1.0") == [third]
    assert len(calls(world)) == 1
    assert "compare" in calls(world)[0]


def test_a_forced_push_costs_one_call(world: World, head: str) -> None:
    dropped = world.commit("Dropped", onto=[head])
    world.push(dropped)
    kept = world.commit("Kept", onto=[head])
    world.push(kept, force=True)
    world.tag("v1.1.0", kept)
    world.settle()

    assert world.commits_of("web@1.1.0") == [kept]
    assert len(calls(world)) == 1


def test_a_gap_of_many_commits_costs_a_call_a_hundred(world: World, head: str) -> None:
    tip = head
    for number in range(250):
        tip = world.commit(f"Lost {number}", onto=[tip])
    world.push(tip)
    world.github.queued.clear()  # this push never arrives
    last = world.commit("Seen", onto=[tip])
    world.push(last)
    world.tag("v1.1.0", last)
    world.settle()

    assert len(world.commits_of("web@1.1.0")) == 251
    assert len(calls(world)) == 3


def test_a_create_event_alone_is_looked_up(world: World, head: str) -> None:
    third = world.commit("Three", onto=[head])
    world.push(third)
    world.tag("v1.1.0", third)
    world.github.queued[:] = [
        one for one in world.github.queued if one.payload.get("ref") != "refs/tags/v1.1.0"
    ]
    world.settle()

    assert world.commits_of("web@1.1.0") == [third]
    assert [path.partition("/")[2] for path in calls(world)] == [
        "git/ref/tags/v1.1.0",
        f"git/commits/{third}",
    ]


def test_an_import_costs_a_call_for_each_hundred_and_a_few(world: World) -> None:
    tip = world.commit("One")
    for number in range(230):
        tip = world.commit(f"Change {number}", onto=[tip])
        if number % 10 == 0:
            world.git.tag(f"v1.{number}.0", tip, date=world.moment)
    world.push(tip)
    world.github.queued.clear()
    world.install()

    assert len(world.versions()) == 23
    assert all(state == "complete" for state, _ in world.lists().values())
    assert world.github.count_calls() <= 3 + 1 + 4


def test_an_import_leaves_a_share_of_the_limit_to_live_work(world: World) -> None:
    first = world.commit("One")
    world.push(first)
    world.tag("v1.0.0", first)
    world.github.queued.clear()
    world.github.limit(remaining=700, reset_in=3600)
    world.clock.at = world.github.clock.now()  # the reset is told in GitHub's time
    world.install()

    (work,) = world.work("history")
    assert work.due_at is not None
    assert work.reason == "leaving the rest of the rate limit to live work"

    world.github.limit(remaining=5000, reset_in=3600)
    world.github.clock.advance(hours=2)
    world.clock.advance(hours=2)
    world.work_off()
    assert world.head_of("v1.0.0").state == "complete"


def test_under_steady_load_what_is_missing_is_asked_for_after_a_minute(
    world: World, head: str
) -> None:
    third = world.commit("Three", onto=[head])
    fourth = world.commit("Four", onto=[third])
    world.push(fourth)
    world.tag("v1.1.0", third)
    world.github.send_all(world.url)
    drain(world.runtime)
    with world.runtime.db.transaction() as session:  # another worker always has one
        session.add(
            Delivery(
                guid="a-delivery-elsewhere",
                event="push",
                content_type="application/json",
                body=b"{}",
                received_at=world.clock(),
                due_at=world.clock(),
                state=DeliveryState.running,
                attempts=1,
                claimed_until=world.clock() + timedelta(hours=1),
            )
        )
    for _ in range(6):
        world.clock.advance(seconds=10)
        drain(world.runtime)
        assert calls(world) == []
    world.clock.advance(seconds=10)
    drain(world.runtime)

    assert len(calls(world)) == 1
    assert world.commits_of("web@1.1.0") == [third]
