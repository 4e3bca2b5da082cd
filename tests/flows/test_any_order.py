"""The same final state whatever the order, duplication or delay of the deliveries.

Generated histories (branches, merges, forced pushes, reverts, tags that come late, move and go) are
delivered as they happen, and again shuffled, doubled and late; both ends must be the same, and the
lists what `git rev-list` gives, by a judge that shares no code with the product.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import Settings
from demo.clone import Clone
from demo.expected import expected_lists
from demo.github import Delivery, StandIn
from models.session import Database
from tests.clock import Clock
from tests.databases import Databases
from tests.flows.serving import serving
from tests.flows.world import World

VERSIONS = [f"v{major}.{minor}.{patch}" for major in (1, 2) for minor in (0, 1) for patch in (0, 1)]
NAMES = [*VERSIONS, "v1.1.0-rc.1", "1.1.0", "api/v1.0.0", "api/v1.1.0", "latest"]
KINDS = [
    "commit",
    "commit",
    "commit",
    "branch",
    "merge",
    "tag",
    "tag",
    "tag",
    "force",
    "move",
    "delete",
]


@dataclass
class Author:
    """Draws acts and does them on GitHub."""

    world: World
    data: st.DataObject
    issues: list[str]
    tips: dict[str, str] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def act(self, kind: str) -> None:
        acts: dict[str, Callable[[], None]] = {
            "commit": self.commit,
            "branch": self.branch,
            "merge": self.merge,
            "tag": self.tag,
            "force": self.force,
            "move": self.move,
            "delete": self.delete,
        }
        if kind == "commit" or self.tips:
            acts[kind]()

    def pick(self, items: list[str]) -> str:
        return self.data.draw(st.sampled_from(items))

    def message(self) -> str:
        kind = self.data.draw(st.sampled_from(["plain", "plain", "fix", "fix", "revert"]))
        if kind == "fix":
            return f"Mend it\n\nFixes {self.pick(self.issues)}"
        if kind == "revert" and self.commits:
            return f'Revert "something"\n\nThis reverts commit {self.pick(self.commits)}.'
        return "Change"

    def add(self, *parents: str) -> str:
        sha = self.world.commit(self.message(), onto=parents)
        self.commits.append(sha)
        return sha

    def commit(self) -> None:
        branch = self.pick(list(self.tips)) if self.tips else "main"
        tip = self.tips.get(branch)
        for _ in range(self.data.draw(st.integers(1, 3))):
            tip = self.add(*([tip] if tip else []))
        assert tip is not None
        self.push(branch, tip)

    def push(self, branch: str, sha: str, *, force: bool = False) -> None:
        self.tips[branch] = sha
        self.world.push(sha, branch, force=force)

    def branch(self) -> None:
        name = f"branch-{len(self.tips)}"
        start = self.pick(self.commits)
        if self.data.draw(st.booleans()):
            self.push(name, start)
        else:
            self.push(name, self.add(start))

    def merge(self) -> None:
        one, other = self.pick(list(self.tips)), self.pick(list(self.tips))
        if self.tips[one] != self.tips[other]:
            self.push(one, self.add(self.tips[one], self.tips[other]))

    def force(self) -> None:
        self.push(self.pick(list(self.tips)), self.add(self.pick(self.commits)), force=True)

    def tag(self) -> None:
        free = [name for name in NAMES if name not in self.used]
        if free:
            name = self.pick(free)
            self.used.add(name)
            self.tags[name] = self.pick([*self.tips.values(), *self.commits])
            self.world.tag(name, self.tags[name], annotated=self.data.draw(st.booleans()))

    def move(self) -> None:
        if self.tags:
            name = self.pick(list(self.tags))
            self.tags[name] = self.pick(self.commits)
            annotated = self.data.draw(st.booleans())
            self.world.tag(name, self.tags[name], annotated=annotated, force=True)

    def delete(self) -> None:
        if self.tags:
            name = self.pick(list(self.tags))
            del self.tags[name]
            self.world.clock.advance(seconds=60)
            self.world.github.push(self.world.web, f"refs/tags/{name}", None, at=self.world.clock())


@dataclass(frozen=True)
class End:
    """All that must not depend on the order."""

    lists: dict[str, tuple[str, frozenset[str]]]
    versions: list[str]
    resolved: dict[str, str | None]


def end_of(world: World, issues: list[str]) -> End:
    assert all(delivery.state in ("done", "ignored") for delivery in world.deliveries())
    resolved = {short_id: world.resolved_in(short_id) for short_id in issues}
    return End(world.lists(), world.versions(), resolved)


def disorder(deliveries: list[Delivery], random: Random) -> list[Delivery]:
    """Shuffled; some twice under their guid, some again under a new one."""
    doubled = list(deliveries)
    for delivery in deliveries:
        if random.random() < 0.2:
            doubled.append(delivery)
        if random.random() < 0.2:
            guid = str(uuid4())
            headers = {**delivery.headers, "X-GitHub-Delivery": guid}
            doubled.append(replace(delivery, guid=guid, headers=headers))
    random.shuffle(doubled)
    return doubled


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_the_end_does_not_depend_on_the_order(
    data: st.DataObject, seed: int, databases: Databases, settings: Settings
) -> None:
    random = Random(seed)  # noqa: S311 (no secret)
    with tempfile.TemporaryDirectory() as directory, StandIn(Path(directory)) as github:
        clock = Clock()
        database = Database(databases.fresh())
        with serving(github, settings, database, clock) as (runtime, url):
            world = World(github, runtime, clock, url)
            world.install()
            issues = [world.issue(), world.issue()]
            sent: list[Delivery] = []
            author = Author(world, data, issues)
            for kind in data.draw(st.lists(st.sampled_from(KINDS), min_size=3, max_size=14)):
                author.act(kind)
                sent += github.queued
                world.settle()
            in_order = end_of(world, issues)
        database.close()
        expected = expected_lists(Clone(world.web.git.path))
        assert {
            name: commits for name, (_, commits) in in_order.lists.items() if name in author.tags
        } == expected
        assert all(state == "complete" for state, _ in in_order.lists.values())

        database = Database(databases.fresh())
        with serving(github, settings, database, Clock()) as (runtime, url):
            again = replace(world, runtime=runtime, url=url, clock=runtime.now)
            again.web, again.acme = world.web, world.acme
            github.uninstall(world.installation)
            github.queued.clear()
            again.install()
