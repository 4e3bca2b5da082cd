"""“Fixed in 2.4.1 and 3.0.0, missing in 2.3.x”, on a repository with maintenance lines."""

from __future__ import annotations

from domain.homes import list_homes
from domain.issues import get_issue
from domain.lacking import list_lacking
from domain.organizations import get_organization
from models import IssueRelease
from tests.flows.world import World


def ship(world: World, tag: str, message: str, onto: str, branch: str = "main") -> str:
    sha = world.commit(message, onto=[onto])
    world.push(sha, branch)
    world.tag(tag, sha)
    world.settle()
    return sha


def start(world: World) -> tuple[str, str]:
    """WEB-1, and 2.3.0 and 2.4.0 on main."""
    world.install()
    root = world.commit("Root")
    world.push(root)
    world.issue()
    third = ship(world, "v2.3.0", "Three", root)
    return third, ship(world, "v2.4.0", "Four", third)


def fixed_and_lacking(world: World) -> tuple[list[str], list[tuple[str, str]]]:
    with world.runtime.db.reading() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        homes = list_homes(session, [issue.id]).get(issue.id, [])
        lacking = list_lacking(session, issue)
        return [home.version for home in homes], [(one.name, one.newest) for one in lacking]


def test_fixed_in_two_series_and_missing_in_one(world: World) -> None:
    third, fourth = start(world)
    fix = ship(world, "v3.0.0", "Fixes WEB-1", fourth)
    pick = f"The same here\n\n(cherry picked from commit {fix})"
    ship(world, "v2.4.1", pick, fourth, branch="2.4")
    kept = ship(world, "v2.3.1", "Something else", third, branch="2.3")

    assert fixed_and_lacking(world) == (["web@3.0.0", "web@2.4.1"], [("2.3.x", "web@2.3.1")])

    last = ship(world, "v2.3.2", f"At last\n\n(cherry picked from commit {fix})", kept, "2.3")
    assert fixed_and_lacking(world)[1] == []
    ship(world, "v2.3.3", f"Too much\n\nThis reverts commit {last}.", last, "2.3")
    assert ("2.3.x", "web@2.3.3") in fixed_and_lacking(world)[1]


def test_what_an_upgrade_fixes_is_not_missing(world: World) -> None:
    _, fourth = start(world)
    fix = ship(world, "v2.5.0", "Fixes WEB-1", fourth)
    ship(world, "v2.6.0", "More", fix)

    assert fixed_and_lacking(world) == (["web@2.5.0"], [])  # 2.3.x and 2.4.x were left behind


def test_a_higher_series_may_lack_it(world: World) -> None:
    third, fourth = start(world)
    ship(world, "v2.4.1", "Fixes WEB-1", fourth, branch="2.4")
    ship(world, "v3.0.0", "Onwards", fourth)

    assert fixed_and_lacking(world) == (["web@2.4.1"], [("3.0.x", "web@3.0.0")])
    assert third


def test_of_series_that_follow_each_other_the_last_one_lacks_it(world: World) -> None:
    _, fourth = start(world)
    ship(world, "v2.4.1", "Fixes WEB-1", fourth, branch="2.4")
    fifth = ship(world, "v2.5.0", "Onwards", fourth)
    ship(world, "v2.6.0", "And onwards", fifth)

    assert fixed_and_lacking(world)[1] == [("2.6.x", "web@2.6.0")]


def test_series_from_before_the_issue_was_seen_are_not_named(world: World) -> None:
    third, fourth = start(world)
    ship(world, "v2.3.1", "Something else", third, branch="2.3")
    ship(world, "v2.4.1", "Something else", fourth, branch="2.4")
    fix = ship(world, "v3.0.0", "Fixes WEB-1", fourth)
    assert fix
    assert [name for name, _ in fixed_and_lacking(world)[1]] == ["2.4.x", "2.3.x"]

    with world.runtime.db.transaction() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        seen = {"first_seen": world.clock(), "last_seen": world.clock(), "event_count": 1}
        release_id = world.release("web@2.4.0").id
        session.add(IssueRelease(issue_id=issue.id, release_id=release_id, **seen))

    assert [name for name, _ in fixed_and_lacking(world)[1]] == ["2.4.x"]


def test_without_a_fix_nothing_is_missing(world: World) -> None:
    third, _ = start(world)
    ship(world, "v2.3.1", "Something else", third, branch="2.3")
    assert fixed_and_lacking(world) == ([], [])

    unreleased = world.commit("Fixes WEB-1", onto=[third])
    world.push(unreleased, "side")
    world.settle()
    assert fixed_and_lacking(world) == ([], [])
