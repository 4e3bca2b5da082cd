"""The same final state whatever the order, duplication or delay of the deliveries.

Generated histories (branches, merges, forced pushes, reverts, tags that come late, move and go) are
delivered as they happen; again shuffled, doubled and late; and once more imported after the fact.
The ends must agree, and the lists be what `git rev-list` gives, by a judge that shares no code with
the product.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config import Settings
from demo.clone import Clone
from demo.expected import expected_lists
from demo.github import Delivery, StandIn
from tests.clock import Clock
from tests.databases import Databases
from tests.examples import examples
from tests.flows.plans import Step, perform, plans
from tests.flows.serving import serving
from tests.flows.world import World

ISSUES = ["WEB-1", "WEB-2"]


@dataclass(frozen=True)
class End:
    """All that must not depend on the order."""

    lists: dict[str, tuple[str, frozenset[str]]]
    versions: list[str]
    resolved: dict[str, str | None]


def end_of(world: World) -> End:
    waiting = [one for one in world.deliveries() if not one.is_finished]
    assert not waiting, [(one.event, one.state, one.reason) for one in waiting]
    resolved = {short_id: world.resolved_in(short_id) for short_id in ISSUES}
    return End(world.lists(), world.versions(), resolved)


def verify_against_git(world: World) -> None:
    """Every tag's list is complete, and what git says of the repository as it is now."""
    expected = expected_lists(Clone(world.git.path))
    lists = world.lists()
    assert {name: lists[name] for name in expected} == {
        name: ("complete", commits) for name, commits in expected.items()
    }


def disorder(deliveries: list[Delivery], random: Random) -> list[Delivery]:
    """Shuffled; some twice under their guid, some again under a new one."""
    doubled = list(deliveries)
    for delivery in deliveries:
        if random.random() < 0.2:
            doubled.append(delivery)
        if random.random() < 0.2:
            guid = str(UUID(int=random.getrandbits(128)))
            headers = {**delivery.headers, "X-GitHub-Delivery": guid}
            doubled.append(replace(delivery, guid=guid, headers=headers, attempts=[]))
    random.shuffle(doubled)
    return doubled


@contextmanager
def new_world(databases: Databases, settings: Settings) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as directory, StandIn(Path(directory)) as github:
        databases.fresh()
        database, clock = databases.opened, Clock()
        with serving(github, settings, database, clock) as (runtime, url):
            yield World(github, runtime, clock, url)
        database.close()


def live(world: World, plan: list[Step]) -> End:
    """Everything is delivered as it happens."""
    shas: list[str] = []
    world.install()
    assert [world.issue(), world.issue()] == ISSUES
    for step in plan:
        perform(world, step, shas, ISSUES)
        world.settle()
    verify_against_git(world)
    return end_of(world)


def late(world: World, plan: list[Step], random: Random) -> End:
    """All of it happens first, then the deliveries come in disorder, a few at a time."""
    shas: list[str] = []
    world.install()
    assert [world.issue(), world.issue()] == ISSUES
    for step in plan:
        perform(world, step, shas, ISSUES)
    deliveries = disorder(world.github.queued, random)
    while deliveries:
        some = random.randint(1, len(deliveries))
        for delivery in deliveries[:some]:
            world.github.send(delivery, world.url)
        del deliveries[:some]
        world.work_off()
    verify_against_git(world)
    return end_of(world)


def imported(world: World, plan: list[Step]) -> None:
    """The App is installed when all has happened, and nothing of it was delivered."""
    shas: list[str] = []
    for step in plan:
        perform(world, step, shas, ISSUES)
    world.github.queued.clear()
    world.install()
    verify_against_git(world)


@pytest.mark.slow
@pytest.mark.timeout(900)  # a busy machine needs its time for twenty-five histories
@settings(
    max_examples=examples(25),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=plans(), seed=st.integers(0, 2**32))
def test_the_end_does_not_depend_on_the_order(
    plan: list[Step], seed: int, databases: Databases, settings: Settings
) -> None:
    with new_world(databases, settings) as world:
        in_order = live(world, plan)
    with new_world(databases, settings) as world:
        shuffled = late(world, plan, Random(seed))  # noqa: S311 (no secret)
    assert shuffled == in_order
    with new_world(databases, settings) as world:
        imported(world, plan)
