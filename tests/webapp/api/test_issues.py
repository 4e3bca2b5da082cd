"""Issues and events for programs: what lists hold, how they are searched, what is told of each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from models import IssueStatus
from models.session import Database
from tests.factories import (
    NOW,
    make_author,
    make_event_row,
    make_issue,
    make_project,
    make_release,
)
from tests.webapp.api.conftest import Api
from tests.webapp.conftest import StatementCounter
from tests.webapp.tenants import Tenant

LIST = "/organizations/acme/issues/"
OF_PROJECT = "/projects/acme/web/issues/"


def found(api: Api, path: str = LIST, **arguments: object) -> list[str]:
    return [issue["shortId"] for issue in api.read(path, **arguments)]


@pytest.fixture
def three(own: Tenant, session: Session) -> Tenant:
    """`WEB-2` and `WEB-3` beside the resolved `WEB-1`, and `SHOP-1`."""
    ana = make_author(session, own.organization, email="ana@acme.example", login="Ana")
    make_issue(
        session,
        own.project,
        title="Cart is empty",
        level="fatal",
        assigned_to=ana.email,
        last_seen=NOW + timedelta(hours=2),
        event_count=2,
    )
    make_issue(
        session,
        own.project,
        culprit="shop.cart",
        status=IssueStatus.ignored,
        first_seen=NOW - timedelta(days=3),
        last_seen=NOW + timedelta(hours=1),
        event_count=9,
        is_inbox=False,
        is_bookmarked=True,
    )
    make_issue(session, make_project(session, own.organization, "shop"))
    session.commit()
    return own


SEARCHES = {
    "by default unresolved": ({}, ["WEB-2", "SHOP-1"]),
    "empty: everything": ({"query": ""}, ["WEB-2", "WEB-3", "SHOP-1", "WEB-1"]),
    "resolved": ({"query": "is:resolved"}, ["WEB-1"]),
    "words": ({"query": "CART"}, ["WEB-2", "WEB-3"]),
    "level": ({"query": "level:fatal"}, ["WEB-2"]),
    "an address": ({"query": "assigned:ANA@acme.example"}, ["WEB-2"]),
    "a login": ({"query": "assigned:ana"}, ["WEB-2"]),
    "nobody": ({"query": "is:unresolved assigned:none"}, ["SHOP-1"]),
    "a token is nobody": ({"query": "assigned:me"}, []),
    "no team": ({"query": "assigned:#acme"}, []),
    "the inbox": ({"query": "is:inbox is:unresolved"}, ["WEB-2", "SHOP-1"]),
    "the inbox, whatever the status": ({"query": "is:INBOX"}, ["WEB-2", "SHOP-1", "WEB-1"]),
    "bookmarks": ({"query": "is:bookmarked"}, ["WEB-3"]),
    "neither": ({"query": "is:bookmarked is:inbox"}, []),
    "first seen": ({"query": "", "sort": "new"}, ["SHOP-1", "WEB-2", "WEB-1", "WEB-3"]),
    "most events": ({"query": "", "sort": "freq"}, ["WEB-3", "WEB-2", "SHOP-1", "WEB-1"]),
    "a project": ({"query": "", "project": "shop"}, ["SHOP-1"]),
    "an environment": ({"query": "", "environment": "qa"}, []),
    "a time": ({"query": "", "start": "2026-01-05T10:30:00Z"}, ["WEB-2", "WEB-3"]),
}


@pytest.mark.parametrize(("arguments", "expected"), SEARCHES.values(), ids=SEARCHES)
def test_searches(api: Api, three: Tenant, arguments: dict[str, str], expected: list[str]) -> None:
    # Rows made one after the other differ by id alone where their moments are the same.
    assert sorted(found(api, **arguments)) == sorted(expected)
    if "sort" in arguments or "start" in arguments:
        listed = found(api, **arguments)
        ties = {"SHOP-1", "WEB-1", "WEB-2"} if arguments.get("sort") == "new" else set()
        assert [one for one in listed if one not in ties] == [
            one for one in expected if one not in ties
        ]


def test_of_one_project(api: Api, three: Tenant) -> None:
    assert found(api, OF_PROJECT, query="") == ["WEB-2", "WEB-3", "WEB-1"]
    assert found(api, LIST, query="", project="-1") == found(api, LIST, query="")


def test_unusable_arguments(api: Api, own: Tenant) -> None:
    assert api.refused(LIST, sort="x") == (400, "invalid sort")
    assert api.refused(LIST, query="is:new")[0] == 400
    assert api.refused(LIST, statsPeriod="x") == (400, "Invalid statsPeriod parameter.")
    assert api.refused(LIST, project="nothing")[0] == 404


@pytest.mark.parametrize("sort", ["date", "new", "freq"])
def test_pages_of_each_order(api: Api, three: Tenant, session: Session, sort: str) -> None:
    for number in range(5):
        make_issue(session, three.project, event_count=number // 2)
    session.commit()
    whole = api.read(LIST, query="", sort=sort)

    pages = list(api.pages(LIST, query="", sort=sort, per_page=2))
    assert [issue for page in pages for issue in page] == whole
    assert len(whole) == 9


def test_a_short_id_is_looked_up(api: Api, three: Tenant) -> None:
    answer = api.get(LIST, query="web-1", shortIdLookup="1")
    assert [issue["shortId"] for issue in answer.get_json()] == ["WEB-1"]
    assert answer.headers["X-Sentry-Direct-Hit"] == "1"

    for arguments in ({"query": "web-1"}, {"query": "WEB-9", "shortIdLookup": "1"}):
        answer = api.get(LIST, **arguments)
        assert answer.get_json() == []
        assert "X-Sentry-Direct-Hit" not in answer.headers
    assert found(api, "/projects/acme/shop/issues/", query="WEB-1", shortIdLookup="1") == []


def test_one_issue(api: Api, three: Tenant) -> None:
    [listed] = [one for one in api.read(LIST) if one["shortId"] == "WEB-2"]
    for name in (listed["id"], "WEB-2", "web_2"):
        assert api.read(f"/issues/{name}/") == api.read(f"{LIST}{name}/") == listed

    assert (listed["title"], listed["level"], listed["status"]) == (
        *("Cart is empty", "fatal", "unresolved"),
    )
    assert (listed["count"], listed["userCount"]) == ("2", 0)
    assert listed["lastSeen"] == "2026-01-05T12:00:00Z"
    assert listed["permalink"].endswith("/o/acme/issues/WEB-2")
    assert listed["assignedTo"]["email"] == "ana@acme.example"
    assert listed["statusDetails"] == {}
    fixed = api.read("/issues/WEB-1/")
    assert fixed["statusDetails"] == {"inRelease": "web@1.0.0", "actor": None}


def test_statements_do_not_grow_with_a_full_list(
    api: Api, three: Tenant, session: Session, database: Database
) -> None:
    few, many = StatementCounter(), StatementCounter()
    api.read("/")  # notes the token's use
    with few.on(database):
        api.read(LIST, query="")
    for number in range(20):
        author = make_author(session, three.organization)
        status = list(IssueStatus)[number % 3]
        make_issue(session, three.project, status=status, assigned_to=author.email)
    session.commit()
    with many.on(database):
        assert len(api.read(LIST, query="")) == 24

    assert len(many.statements) == len(few.statements) <= 12, "\n".join(many.statements)


def test_events(api: Api, own: Tenant, session: Session) -> None:
    newer = make_event_row(session, own.issue, happened_at=NOW + timedelta(minutes=1))
    elsewhere = make_issue(session, make_project(session, own.organization, "shop"))
    make_event_row(session, elsewhere)
    session.commit()

    listed = api.read("/projects/acme/web/events/")
    assert [event["eventID"] for event in listed] == [newer.event_id, own.event_id]
    assert listed == api.read("/organizations/acme/issues/WEB-1/events/")
    event = listed[0]
    assert event["project"] == own.project.id
    assert event["groupID"] == str(own.issue.id)
    assert event["user"]["id"] == "7"
    assert event["tags"] == [{"key": "server", "value": "a"}]
    assert event["dateCreated"] == "2026-01-05T10:01:00Z"


def test_one_event(api: Api, own: Tenant, session: Session) -> None:
    project = make_release(session, own.repository, own.project, "web@2.0.0")
    newer = make_event_row(
        session, own.issue, happened_at=NOW + timedelta(minutes=1), release_id=project.id
    )
    session.commit()
    dashed = f"{newer.event_id[:8]}-{newer.event_id[8:]}"

    event = api.read(f"/projects/acme/web/events/{dashed}/")
    assert event == api.read("/organizations/acme/issues/WEB-1/events/latest/")
    assert event["release"] == {"version": "web@2.0.0"}
    assert (event["previousEventID"], event["nextEventID"]) == (own.event_id, None)
    assert [entry["type"] for entry in event["entries"]] == ["exception"]
    assert event["metadata"] == {"type": "KeyError", "value": "Broken xyzzy"}
    assert api.refused(f"/projects/acme/web/events/{32 * 'f'}/")[0] == 404
