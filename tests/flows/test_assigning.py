"""Who writes a pull request that names an issue gets the issue, unless a person decided otherwise."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from demo.github.pulls import Pull
from domain.issue_changes import Assignment, IssueChange, change_issues, lock_issues
from domain.issue_records import IssueFilter
from domain.issues import get_issue
from domain.organizations import get_organization
from domain.people import write_down
from domain.people_identities import add_identity
from domain.provenance import Why
from domain.undoing import list_undoable, undo
from models import Activity, Member
from tests.flows.world import World

BY_RULE = [("Ana Lima", "author-of-pull-request")]


@pytest.fixture
def shop(world: World) -> World:
    """WEB-1, a branch beside main, and Ana, who is a member by her login."""
    sha = world.commit("One")
    world.push(sha)
    world.github.queued.clear()
    world.install()
    world.issue()
    world.push(world.commit("Aside", onto=[sha]), "side")
    world.settle()
    why = Why(world.clock(), source="person", actor="admin")
    with world.runtime.db.transaction() as session:
        organization = get_organization(session, "acme")
        for name in ("Ana Lima", "Bo Sen"):
            member = write_down(session, organization.id, name, why=why)
            add_identity(session, member, f"@{name.partition(' ')[0]}", why=why)
    return world


def open_pull(world: World, *, body: str = "Fixes WEB-1", login: str = "ana") -> Pull:
    by = world.github.user(login)
    pull = world.github.open_pull_request(world.web, "side", title="Aside", body=body, by=by)
    world.settle()
    return pull


def decide(world: World, name: str | None) -> None:
    with world.runtime.db.transaction() as session:
        organization = get_organization(session, "acme")
        issue, _ = get_issue(session, organization.id, "WEB-1")
        chosen = lock_issues(session, organization.id, IssueFilter(ids=[issue.id]))
        why = Why(world.clock(), source="person", actor="cy")
        change_issues(session, chosen, IssueChange(assignment=Assignment(name)), why=why)


def assignee(world: World) -> str | None:
    with world.runtime.db.reading() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        return session.scalar(select(Member.name).where(Member.id == issue.assigned_member_id))


def told(world: World) -> list[tuple[str | None, str | None]]:
    """What the timeline of WEB-1 says of whose it is: to whom, and by which rule."""
    lines = [one for one in world.issue_activities("WEB-1") if one.kind == "assigned"]
    return [(one.data["to"], one.rule) for one in lines]


def undoable(world: World) -> set[str]:
    """Kinds of the acts on WEB-1 that may be undone."""
    with world.runtime.db.reading() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        return {session.get_one(Activity, one).kind for one in list_undoable(session, issue)}


def undo_assignment(world: World) -> None:
    with world.runtime.db.transaction() as session:
        issue, _ = get_issue(session, get_organization(session, "acme").id, "WEB-1")
        [act] = [
            session.get_one(Activity, number)
            for number in list_undoable(session, issue)
            if session.get_one(Activity, number).kind == "assigned"
        ]
        undo(session, issue, act.id, why=Why(world.clock(), source="person", actor="cy"))


def test_the_author_gets_it_and_it_says_why(shop: World) -> None:
    pull = open_pull(shop)

    assert assignee(shop) == "Ana Lima"
    assert told(shop) == BY_RULE
    [line] = [one for one in shop.issue_activities("WEB-1") if one.kind == "assigned"]
    assert (line.data["number"], line.actor) == (pull.number, None)
    assert line.delivery_id is not None


def test_an_edit_that_names_it_does_as_well(shop: World) -> None:
    pull = open_pull(shop, body="Nothing")
    assert assignee(shop) is None
    shop.github.edit_pull_request(shop.web, pull, body="Fixes WEB-1")
    shop.settle()
    assert assignee(shop) == "Ana Lima"

    shop.github.edit_pull_request(shop.web, pull, body="Closes WEB-1")
    shop.settle()
    assert told(shop) == BY_RULE  # once


def test_the_first_stays(shop: World) -> None:
    open_pull(shop)
    open_pull(shop, login="bo")
    assert told(shop) == BY_RULE


def test_who_is_no_member_gets_nothing(shop: World) -> None:
    open_pull(shop, login="stranger")
    assert (assignee(shop), told(shop)) == (None, [])


@pytest.mark.parametrize("name", ["bo", None], ids=["somebody", "nobody"])
def test_what_a_person_decided_stays(shop: World, name: str | None) -> None:
    decide(shop, "bo")
    decide(shop, name)
    open_pull(shop)
    assert assignee(shop) == ("Bo Sen" if name else None)


def test_it_is_undone_for_good(shop: World) -> None:
    pull = open_pull(shop)
    undo_assignment(shop)
    assert assignee(shop) is None

    shop.github.edit_pull_request(shop.web, pull, body="")
    shop.settle()
    shop.github.edit_pull_request(shop.web, pull, body="Fixes WEB-1")
    shop.settle()
    open_pull(shop, login="bo")
    assert assignee(shop) is None


def test_only_what_the_rule_did_last_is_undone(shop: World) -> None:
    open_pull(shop)
    decide(shop, "bo")
    assert "assigned" not in undoable(shop)


def test_undoing_it_leaves_all_else_to_be_undone(shop: World) -> None:
    [tip] = shop.git.resolve(["refs/heads/main"])
    assert tip is not None
    fix = shop.commit("Fixes WEB-1", onto=[tip])
    shop.push(fix)
    shop.tag("v1.0.0", fix)
    shop.settle()
    open_pull(shop)
    before = undoable(shop)
    assert {"assigned", "resolved_in_release"} <= before

    undo_assignment(shop)

    assert undoable(shop) == before - {"assigned"}
    assert told(shop)[-1] == (None, None)
