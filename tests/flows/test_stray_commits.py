"""Commits that a client lists before their repository knows them, as `sentry-cli --local` may."""

from __future__ import annotations

from typing import Any

import pytest

from domain.provenance import Why
from domain.repository_settings import set_tracked
from models import Repository
from tests.flows.api import Script, make_script
from tests.flows.world import World


@pytest.fixture
def chain(world: World) -> list[str]:
    """Three commits on main; installed, imported."""
    shas: list[str] = []
    for number in range(3):
        shas.append(world.commit(f"Commit {number}", onto=shas[-1:]))
    world.push(shas[-1])
    world.github.queued.clear()
    world.install()
    return shas


@pytest.fixture
def script(world: World, chain: list[str]) -> Script:
    return make_script(world)


def state(script: Script, version: str, *shas: str) -> Any:
    """The list as `--local` sends it, newest first."""
    commits = [{"id": sha, "repository": "origin", "message": "Said"} for sha in shas]
    return script.state(version, commits=commits)


def told(script: Script, version: str) -> list[tuple[str, str, str]]:
    return [
        (commit["id"], commit["repository"]["name"], commit["message"])
        for commit in script.read(version, "commits/")
    ]


def test_a_list_that_was_faster_than_the_push(
    world: World, chain: list[str], script: Script
) -> None:
    issue = world.issue()
    late = world.commit(f"Fixes {issue}", onto=chain[-1:])
    newest = world.commit("Late", onto=[late])
    strange = "ab" * 20  # of a submodule, for all we know
    state(script, "web@1.0.0", newest, strange, late, chain[2])
    state(script, "other@1.0.0", strange)
    assert [place for _, place, _ in told(script, "web@1.0.0")] == [*3 * ["origin"], "acme/web"]

    world.push(newest)
    world.settle()

    assert told(script, "web@1.0.0") == [
        (newest, "acme/web", "Late"),
        (strange, "origin", "Said"),
        (late, "acme/web", f"Fixes {issue}"),
        (chain[2], "acme/web", "Commit 2"),
    ]
    assert world.resolved_in(issue) == "web@1.0.0"
    release = script.read("web@1.0.0")
    assert (release["commitCount"], release["lastCommit"]["id"]) == (4, newest)
    assert release["commitList"]["basis"] == "explicit"
    assert told(script, "other@1.0.0") == [(strange, "origin", "Said")]
    assert all(work.failed_at is None and work.due_at is None for work in world.work("heads"))


def test_lists_that_were_there_before_the_history(
    world: World, chain: list[str], script: Script
) -> None:
    _set_tracked(world, tracked=False)
    late = world.commit("Late", onto=chain[-1:])
    world.push(late)
    world.settle()
    for number in range(3):
        state(script, f"web@1.{number}.0", late, chain[number])
    assert {place for _, place, _ in told(script, "web@1.2.0")} == {"origin"}

    _set_tracked(world, tracked=True)
    world.settle()

    for number in range(3):
        assert told(script, f"web@1.{number}.0") == [
            (late, "acme/web", "Late"),
            (chain[number], "acme/web", f"Commit {number}"),
        ]


def _set_tracked(world: World, *, tracked: bool) -> None:
    with world.runtime.db.transaction() as session:
        repository = session.get_one(Repository, world.repository().id)
        set_tracked(session, repository, tracked=tracked, why=Why(world.clock(), source="person"))
