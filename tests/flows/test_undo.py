"""What a machine did to an issue is undone by a person, and stays so when all is computed again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.errors import InvalidError, NotFoundError
from domain.ignoring import IgnoreUntil, set_condition
from domain.issues import get_issue
from domain.organizations import get_organization
from domain.provenance import Why
from domain.resolution import sync_issues
from domain.undoing import STANDS_NO_MORE, list_undoable, undo
from models import Activity, IssueStatus
from tests.flows.reports import Reports
from tests.flows.test_regressions import ship
from tests.flows.world import World


@pytest.fixture
def first(world: World) -> str:
    """The commit of v1.0.0, in an installed repository."""
    sha = world.commit("One")
    world.push(sha)
    world.tag("v1.0.0", sha)
    world.github.queued.clear()
    world.install()
    return sha


@pytest.fixture
def reports(world: World, first: str) -> Reports:
    """WEB-1 was seen in v1.0.0."""
    reports = Reports(world)
    reports.event("web@1.0.0")
    return reports


def newest(world: World, kind: str) -> Activity:
    return [one for one in world.issue_activities("WEB-1") if one.kind == kind][-1]


def undoable(world: World) -> set[str]:
    """Kinds of acts on WEB-1 that may be undone."""
    with world.runtime.db.reading() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        ids = list_undoable(session, issue)
    return {one.kind for one in world.issue_activities("WEB-1") if one.id in ids}


def undo_newest(world: World, kind: str) -> None:
    """Undo the newest act of that kind on WEB-1; computing all again changes nothing."""
    act = newest(world, kind)
    assert kind in undoable(world)
    world.tick()
    with world.runtime.db.transaction() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        undo(session, issue, act.id, why=Why(world.clock(), source="person", actor="ana"))
    assert kind not in undoable(world)
    with world.runtime.db.transaction() as session:
        assert sync_issues(session, [issue.id], why=Why(world.clock())) == []
    told = newest(world, "link_undone" if "link" in kind or "referenced" in kind else "undone")
    assert (told.actor, told.rule, told.data["what"]) == ("ana", None, kind)


def test_resolved_by_a_release(world: World, first: str, reports: Reports) -> None:
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    assert world.resolved_in("WEB-1") == "web@1.1.0"
    assert undoable(world) == {"resolved_in_release", "referenced_in_commit"}

    undo_newest(world, "resolved_in_release")
    assert world.resolved_in("WEB-1") is None
    world.tag("v1.0.5", fix)  # the fix is in an earlier release now, and the lists move
    other = ship(world, "v1.2.0", "Unrelated", fix)
    assert world.resolved_in("WEB-1") is None

    ship(world, "v1.3.0", "Fixes WEB-1, this time", other)
    assert world.resolved_in("WEB-1") == "web@1.3.0"


def test_a_fix_that_has_not_shipped_still_counts(
    world: World, first: str, reports: Reports
) -> None:
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    better = world.commit("Fixes WEB-1 for good", onto=[fix])
    world.push(better)
    world.settle()

    undo_newest(world, "resolved_in_release")
    world.tag("v1.2.0", better)
    world.settle()

    assert world.resolved_in("WEB-1") == "web@1.2.0"


def test_all_that_has_shipped_is_undone_at_once(world: World, first: str, reports: Reports) -> None:
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    ship(world, "v1.2.0", "Fixes WEB-1 again", fix)

    undo_newest(world, "resolved_in_release")

    assert world.resolved_in("WEB-1") is None


@pytest.mark.parametrize("how", ["graph", "version"])
def test_a_regression(world: World, first: str, reports: Reports, how: str) -> None:
    """It was no regression: only what is reported from now on takes the fix back."""
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    seen_in = "web@1.1.0" if how == "graph" else "web@1.4.0"  # nobody knows that one
    reports.event(seen_in)
    assert reports.status == f"regressed by {how}"

    undo_newest(world, "regression")
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.1.0")
    ship(world, "v1.2.0", "Unrelated", fix)
    reports.event("web@1.0.0")
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.1.0")

    reports.event(seen_in)
    assert reports.status == f"regressed by {how}"


def test_a_regression_of_what_a_person_decided(world: World, reports: Reports) -> None:
    reports.resolve_in_next_release()
    reports.event("web@1.5.0")
    assert reports.status == "regressed by version"

    undo_newest(world, "regression")
    assert reports.status == "resolved"

    reports.event("web@1.5.0")
    assert reports.status == "regressed by version"


def test_reopened_by_a_revert(world: World, first: str, reports: Reports) -> None:
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    message = f'Revert "Fixes WEB-1"\n\nThis reverts commit {fix}.'
    revert = ship(world, "v1.2.0", message, fix)
    assert reports.status == "unresolved"

    undo_newest(world, "reopened")
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.1.0")
    ship(world, "v1.3.0", "Unrelated", revert)
    assert (reports.status, world.resolved_in("WEB-1")) == ("resolved", "web@1.1.0")


def test_the_end_of_ignoring(world: World, reports: Reports) -> None:
    at = world.clock() + timedelta(minutes=1)
    with world.runtime.db.transaction() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        issue.status = IssueStatus.ignored
        set_condition(session, issue, IgnoreUntil(event_count=1), now=at)
    reports.event("web@1.0.0")
    assert reports.status == "unresolved"

    undo_newest(world, "ignoring_ended")
    assert reports.status == "ignored"
    reports.event("web@1.0.0")
    assert reports.status == "ignored"


def test_a_commit_that_names_it(world: World, first: str, reports: Reports) -> None:
    """What it had resolved is open again, which is another act that may be undone."""
    fix = ship(world, "v1.1.0", "Fixes WEB-1", first)
    undo_newest(world, "referenced_in_commit")
    assert world.resolved_in("WEB-1") is None
    assert undoable(world) == {"reopened"}

    world.push(fix, "elsewhere")  # read again
    ship(world, "v1.2.0", "Unrelated", fix)
    assert world.resolved_in("WEB-1") is None

    undo_newest(world, "reopened")
    assert world.resolved_in("WEB-1") == "web@1.1.0"


def test_a_pull_request_that_names_it_no_longer(world: World, first: str, reports: Reports) -> None:
    world.push(world.commit("Try it", onto=[first]), "idea")
    pull = world.github.open_pull_request(world.web, "idea", title="Fixes WEB-1")
    world.settle()
    world.github.edit_pull_request(world.web, pull, title="Better")
    world.settle()
    assert undoable(world) == {"pull_request_unlinked"}

    undo_newest(world, "pull_request_unlinked")
    world.github.edit_pull_request(world.web, pull, title="Better still")
    squash = world.commit("Better still (#1)", onto=[first])
    world.github.merge_pull_request(world.web, pull, merge_commit_sha=squash)
    world.tag("v1.1.0", squash)
    world.settle()

    assert world.resolved_in("WEB-1") == "web@1.1.0"


def test_resolved_by_a_pull_request(world: World, first: str, reports: Reports) -> None:
    """Whatever is edited in it afterwards, it has been said that it does not fix the issue."""
    world.push(world.commit("Try it", onto=[first]), "idea")
    pull = world.github.open_pull_request(world.web, "idea", title="Fixes WEB-1")
    squash = world.commit("Try it (#1)", onto=[first])
    world.github.merge_pull_request(world.web, pull, merge_commit_sha=squash)
    world.tag("v1.1.0", squash)
    world.settle()
    assert world.resolved_in("WEB-1") == "web@1.1.0"
    assert undoable(world) == {"resolved_in_release", "referenced_in_pull_request"}

    undo_newest(world, "resolved_in_release")
    for title in ("No more", "Fixes WEB-1, really"):
        world.github.edit_pull_request(world.web, pull, title=title)
        world.settle()
        assert world.resolved_in("WEB-1") is None
    assert undoable(world) == set()


def test_what_stands_no_more_cannot_be_undone(world: World, first: str, reports: Reports) -> None:
    ship(world, "v1.1.0", "Fixes WEB-1", first)
    act = newest(world, "resolved_in_release")
    reports.unresolve()

    why = Why(world.clock(), source="person")
    with world.runtime.db.transaction() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        with pytest.raises(InvalidError, match=STANDS_NO_MORE):
            undo(session, issue, act.id, why=why)
        with pytest.raises(NotFoundError):
            undo(session, issue, 10**6, why=why)
    assert undoable(world) == set()
    assert world.issue_activities("WEB-1")[-1].kind == "unresolved"
