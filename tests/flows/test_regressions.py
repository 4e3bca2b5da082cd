"""Whether a fixed issue is back is read off what the reporting release contains."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models import Event
from tests.flows.reports import Reports
from tests.flows.world import World


@pytest.fixture
def first(world: World) -> str:
    """The commit of v1.0.0, in an installed repository; WEB-1 was seen there."""
    sha = world.commit("One")
    world.push(sha)
    world.tag("v1.0.0", sha)
    world.github.queued.clear()
    world.install()
    return sha


@pytest.fixture
def reports(world: World, first: str) -> Reports:
    reports = Reports(world)
    reports.event("web@1.0.0")
    assert reports.status == "unresolved"
    return reports


def ship(world: World, tag: str, message: str, onto: str, branch: str = "main") -> str:
    sha = world.commit(message, onto=[onto])
    world.push(sha, branch)
    world.tag(tag, sha)
    world.settle()
    return sha


def test_only_a_release_with_the_fix_takes_it_back(
    world: World, first: str, reports: Reports
) -> None:
    ship(world, "v1.1.0", "Fixes WEB-1", first)
    assert reports.status == "resolved"
    reports.event("web@1.0.0")
    assert reports.status == "resolved"

    reports.event("web@1.1.0")

    assert reports.status == "regressed by graph"
    said = world.issue_activities("WEB-1")[-1]
    assert (said.kind, said.rule) == ("regression", "event-of-release-with-fix")
    with world.runtime.db.reading() as session:
        newest = session.scalars(select(Event.event_id).order_by(Event.id.desc())).first()
    assert said.data == {
        "source": "event",
        "event_id": newest,
        "version": "web@1.1.0",
        "resolved_in_version": "web@1.1.0",
        "decided_by": "graph",
        "follows_semver": False,
    }


def test_a_maintenance_release_without_the_fix_changes_nothing(
    world: World, first: str, reports: Reports
) -> None:
    ship(world, "v2.0.0", "Fixes WEB-1", first)
    ship(world, "v1.0.1", "Something else", first, branch="1.x")
    ship(world, "v3.0.0-next", "Old base, high version", first, branch="next")

    reports.event("web@1.0.1")
    reports.event("web@3.0.0-next")

    assert reports.status == "resolved"
    assert world.resolved_in("WEB-1") == "web@2.0.0"


def test_a_late_hotfix_with_a_lower_version_that_has_the_fix(
    world: World, first: str, reports: Reports
) -> None:
    fix = ship(world, "v2.0.0", "Fixes WEB-1", first)
    pick = f"Fixes it here too\n\n(cherry picked from commit {fix})"
    ship(world, "v1.0.1", pick, first, branch="1.x")
    assert reports.status == "resolved"

    reports.event("web@1.0.1")

    assert reports.status == "regressed by graph"


def test_a_new_fix_resolves_what_an_older_one_did_not(
    world: World, first: str, reports: Reports
) -> None:
    second = ship(world, "v1.1.0", "Fixes WEB-1", first)
    reports.event("web@1.1.0")
    third = ship(world, "v1.2.0", "Fixes WEB-1 for good", second)

    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.2.0")
    ship(world, "v1.3.0", "Unrelated", third)
    reports.event("web@1.1.0")
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.2.0")
    reports.event("web@1.3.0")
    assert reports.status == "regressed by graph"


def test_the_event_may_come_before_the_tag(world: World, first: str, reports: Reports) -> None:
    fix = world.commit("Fixes WEB-1", onto=[first])
    world.push(fix)
    world.settle()
    reports.event("web@1.1.0")  # nobody knows yet what that is
    world.tag("v1.1.0", fix)
    world.settle()

    assert reports.status == "unresolved"
    ship(world, "v1.2.0", "Fixes WEB-1 again", fix)
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.2.0")


def test_a_reverted_fix_is_not_contained(world: World, first: str, reports: Reports) -> None:
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    side = world.commit(f'Revert "Fixes WEB-1"\n\nThis reverts commit {fix}.', onto=[fix])
    world.push(side, "side")
    world.tag("other/v9.0.0", side)  # a line of its own, without the fix
    world.settle()

    reports.event("other@9.0.0")

    assert not reports.status.startswith("regressed")


def test_a_fix_that_a_revert_of_its_revert_brought_back(
    world: World, first: str, reports: Reports
) -> None:
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    undo = f'Revert "Fixes WEB-1"\n\nThis reverts commit {fix}.'
    undone = ship(world, "v1.2.0", undo, fix)
    redo = f'Revert "Revert "Fixes WEB-1""\n\nThis reverts commit {undone}.'
    ship(world, "v1.3.0", redo, undone)
    reports.event("web@1.2.0")
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.3.0")

    reports.event("web@1.3.0")

    assert reports.status == "regressed by graph"
    said = world.issue_activities("WEB-1")[-1]
    assert (said.kind, said.data["resolved_in_version"]) == ("regression", "web@1.3.0")


def test_versions_decide_where_the_graph_knows_nothing(
    world: World, first: str, reports: Reports
) -> None:
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    reports.event("web@1.0.5")  # of no tag: lower
    assert reports.status == "resolved"
    reports.event("web@1.4.0")
    assert reports.status == "regressed by version"

    old = world.commit("From before the fix", onto=[first])
    world.push(old, "old")
    world.tag("v1.4.0", old)
    world.settle()  # now the graph knows better

    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.1.0")
    assert fix


def test_resolved_in_a_release_by_a_person(world: World, first: str, reports: Reports) -> None:
    second = ship(world, "v1.1.0", "Change", first)
    reports.resolve_in_release("web@1.1.0")
    ship(world, "v1.0.1", "Maintenance", first, branch="1.x")
    reports.event("web@1.0.1")
    reports.event("web@1.0.0")
    reports.event(None)
    assert reports.status == "resolved"

    ship(world, "v1.2.0", "More", second)
    reports.event("web@1.2.0")
    assert reports.status == "regressed by graph"


def test_in_the_next_release(world: World, first: str, reports: Reports) -> None:
    reports.resolve_in_next_release()
    reports.event("web@1.0.0")
    assert reports.status == "resolved"
    second = ship(world, "v1.1.0", "Change", first)
    assert reports.status == "resolved"
    ship(world, "v0.9.9", "From before", world.commit("Root"), branch="0.x")
    reports.event("web@0.9.9")
    assert reports.status == "resolved"

    reports.event("web@1.1.0")

    assert reports.status == "regressed by graph"
    assert second


def test_in_a_commit(world: World, first: str, reports: Reports) -> None:
    fix = world.commit("Cure", onto=[first])
    world.push(fix)
    world.settle()
    reports.resolve_in_commit(fix)
    reports.event("web@1.0.0")
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "")
    world.tag("v1.1.0", fix)
    world.settle()
    assert world.resolved_in("WEB-1") == "web@1.1.0"

    reports.event("web@1.1.0")

    assert reports.status == "regressed by graph"


def test_resolved_now_is_taken_back_by_any_later_event(
    world: World, first: str, reports: Reports
) -> None:
    before = world.clock()
    reports.resolve_now()
    reports.event("web@1.0.0", at=before)  # happened earlier, came late
    assert reports.status == "resolved"

    reports.event(None)

    assert reports.status == "regressed by date"


def test_what_a_person_reopened_stays_open(world: World, first: str, reports: Reports) -> None:
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    reports.unresolve()
    second = ship(world, "v1.2.0", "Unrelated", fix)
    assert reports.status == "unresolved"

    ship(world, "v1.3.0", "Fixes WEB-1, really", second)
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.3.0")


def test_what_is_ignored_is_resolved_by_a_fix_that_is_written_and_ships_afterwards(
    world: World, first: str, reports: Reports
) -> None:
    early = world.commit("Fixes WEB-1", onto=[first])
    world.push(early)
    world.settle()
    reports.ignore()
    world.tag("v1.1.0", early)
    world.settle()
    assert reports.status == "ignored"  # what was claimed before counts no more

    ship(world, "v1.2.0", "Fixes WEB-1, really", early)

    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.2.0")
    reports.event("web@1.1.0")
    assert reports.status == "resolved"
    reports.event("web@1.2.0")
    assert reports.status == "regressed by graph"
