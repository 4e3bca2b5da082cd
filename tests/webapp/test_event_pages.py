"""Events on the pages of their issues, and the list of issues that can be searched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete
from sqlalchemy.orm import Session

from domain.event_reading import Incoming
from models import Event, IssueStatus, Organization, Project
from models.session import Database
from tests.clock import Clock
from tests.events import digest, make_body, make_event, make_exception, make_frame
from tests.factories import make_issue, make_organization, make_project, make_release
from tests.factories import make_repository as make_repo
from tests.webapp.conftest import StatementCounter

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def project(session: Session, organization: Organization) -> Project:
    project = make_project(session, organization, "web")
    session.commit()
    return project


def report(
    session: Session, project: Project, clock: Clock, *events: dict[str, Any], hours: int = 1
) -> None:
    """Digest events that happened *hours* ago, or when they say."""
    at = clock() - timedelta(hours=hours)
    bodies = [make_body(**{"at": at, **given}) for given in events]
    digest(session, project.id, [Incoming(body) for body in bodies], now=clock())
    session.commit()


def text_of(page: str) -> str:
    """What a person reads of the page."""
    words = re.sub(r"<[^>]*>", " ", re.sub(r"</?(?:bdi|code|a|q)\b[^>]*>", "", page))
    return unescape(" ".join(words.split()))


def test_an_issue_shows_its_newest_event(
    member: FlaskClient, session: Session, project: Project, clock: Clock
) -> None:
    frames = [
        make_frame("serve", module="flask.app", filename="flask/app.py", in_app=False),
        make_frame("checkout", module="shop.views", filename="shop/views.py", lineno=41),
        make_frame("total", vars={"coupon": "'SPRING'", "password": "hush"}),
    ]
    report(session, project, clock, {"release": "web@1.0", "exception": [make_exception()]})
    report(
        session,
        project,
        clock,
        {
            "exception": [make_exception("KeyError"), make_exception("CartError", *frames)],
            "release": "web@1.0",
            "environment": "staging",
            "level": "fatal",
            "tags": {"team": "core"},
            "user": {"id": 9, "email": "ana@acme.example"},
            "request": {"method": "POST", "url": "https://shop.example/", "headers": {"A": "b"}},
            "breadcrumbs": [{"category": "query", "message": "SELECT 1", "data": {"ms": 5}}],
            "contexts": {"runtime": {"name": "CPython"}},
            "extra": {"x": ["y" * 9999]},
            "server_name": "web-1",
            "sdk": {"name": "sentry.python", "version": "2"},
        },
    )

    page = member.get("/o/acme/issues/WEB-2").text
    text = text_of(page)

    assert "<title>WEB-2" in page
    assert "CartError: list index out of range" in text
    assert "First seen" in text
    assert text.count("in web@1.0") == 3  # seen first, seen last, and a button
    assert "1 event in 14 days" in text
    assert text.index("total") < text.index("shop/views.py:41") < text.index("1 frame of libraries")
    assert text.index("shop/views.py:41") < text.index("Caused by KeyError")
    assert "Not caught by the program, noticed by flask." in text
    assert "&#39;SPRING&#39;" in page
    assert "hush" not in page
    for words in (
        "Grouped by the type CartError after KeyError and the application's own frames: "
        "total in shop.cart, checkout in shop.views",
        "team core",
        "e-mail ana@acme.example",
        "POST https://shop.example/",
        "SELECT 1 ms: 5",
        "CPython",
        "Too much was sent to keep all of it. Cut: extra.",
        "Server web-1",
        "python sentry.python 2",
        "staging 1",
        "Issue made of the first event of its kind",
        "an event that belongs to no issue yet makes one",
    ):
        assert words in text, words
    assert 'href="/o/acme/releases/web@1.0"' in page


def test_what_is_in_a_group_of_exceptions_is_not_its_cause(
    member: FlaskClient, session: Session, project: Project, clock: Clock
) -> None:
    group = [
        {**make_exception("KeyError"), "mechanism": {"type": "x", "source": "__cause__"}},
        {**make_exception("OSError"), "mechanism": {"type": "x", "source": "exceptions[0]"}},
        {**make_exception("ExceptionGroup"), "mechanism": {"type": "x"}},
    ]
    report(session, project, clock, {"exception": group})

    text = text_of(member.get("/o/acme/issues/WEB-1").text)

    assert "In the group OSError" in text
    assert "Caused by KeyError" in text
    assert text.count("Caused by") == text.count("In the group") == 1


def test_the_sources_lines_have_their_numbers(
    member: FlaskClient, session: Session, project: Project, clock: Clock
) -> None:
    frame = make_frame(lineno=8, pre_context=["a", "", "c"], context_line="d", post_context=["e"])
    report(session, project, clock, {"exception": [make_exception("E", frame)]})

    page = member.get("/o/acme/issues/WEB-1").text

    lines = re.findall(r'<span class="nr">(\d+)</span>(.*)\n', page)
    assert lines == [("5", "a"), ("6", ""), ("7", "c"), ("8", "d"), ("9", "e")]
    assert re.findall(r'<mark class="line"><span class="nr">(\d+)', page) == ["8"]


def test_one_goes_from_event_to_event(
    member: FlaskClient, session: Session, project: Project, clock: Clock
) -> None:
    report(session, project, clock, {"message": "same"}, {"message": "same"})  # at one moment
    for hours, level in ((5, "info"), (3, "debug")):
        report(session, project, clock, {"level": level}, hours=hours)

    address, seen = "/o/acme/issues/WEB-1", []
    while True:
        page = member.get(address).text
        seen += re.findall(r"Event id</dt><dd><code>(\w+)", page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        if older is None:
            break
        address = older[1]
    assert len(seen) == len(set(seen)) == 4
    while newer := re.search(r'href="([^"]+)" rel="prev"', page):
        page = member.get(newer[1]).text
        assert re.findall(r"Event id</dt><dd><code>(\w+)", page) == [
            seen[seen.index(newer[1][-32:])]
        ]
    assert "Newest event" in page


def test_an_event_of_another_issue_is_not_shown(
    member: FlaskClient, session: Session, project: Project, clock: Clock
) -> None:
    others = make_project(session, make_organization(session, "others"), "web")
    report(session, others, clock, {"event_id": "a" * 32})
    report(session, project, clock, {}, {"event_id": "b" * 32, "exception": None})

    for event_id in ("a" * 32, "b" * 32, "c" * 32, "x", "%00", "ä", "'"):
        answer = member.get(f"/o/acme/issues/WEB-1?event={event_id}")
        assert answer.status_code in (400, 404), event_id
    assert member.get(f"/o/acme/issues/WEB-2?event={'b' * 32}").status_code == 200


def test_a_release_that_means_several_or_has_another_name(
    member: FlaskClient,
    session: Session,
    organization: Organization,
    project: Project,
    clock: Clock,
) -> None:
    for version, tag in (("web@1", "v1"), ("api@2", "v2"), ("web@2", "v2")):
        make_release(session, make_repo(session, organization), project, version, tag=tag)
    report(session, project, clock, {"release": "v1"})
    report(session, project, clock, {"release": "v2", "exception": None})

    assert "web@1 sent as v1" in text_of(member.get("/o/acme/issues/WEB-1").text)
    assert "v2 which means no single release" in text_of(member.get("/o/acme/issues/WEB-2").text)


def test_an_issue_whose_events_are_gone(
    member: FlaskClient, session: Session, project: Project, clock: Clock
) -> None:
    report(session, project, clock, {})
    session.execute(delete(Event))
    session.commit()

    text = text_of(member.get("/o/acme/issues/WEB-1").text)

    assert "Its events were removed after a while" in text
    assert "Events 1" in text


def test_an_issue_that_was_written_down(
    member: FlaskClient, session: Session, project: Project
) -> None:
    make_issue(session, project)
    session.commit()

    text = text_of(member.get("/o/acme/issues/WEB-1").text)

    assert "No event was reported for it." in text
    assert "Newest event" not in text


HOSTILE: dict[str, dict[str, Any]] = {
    "markup": {
        "exception": [
            make_exception(SCRIPT, make_frame(SCRIPT, module=SCRIPT, vars={SCRIPT: SCRIPT}))
        ],
        "tags": {SCRIPT: SCRIPT},
        "user": {"id": SCRIPT},
        "request": {"url": f"javascript:{SCRIPT}", "method": SCRIPT, "headers": {SCRIPT: SCRIPT}},
        "breadcrumbs": [
            {"category": SCRIPT, "message": SCRIPT, "level": SCRIPT, "data": {SCRIPT: 1}}
        ],
        "contexts": {SCRIPT: {SCRIPT: [SCRIPT]}},
        "environment": SCRIPT,
        "release": SCRIPT,
        "platform": SCRIPT,
        "sdk": {"name": SCRIPT},
        "logentry": {"message": SCRIPT + "%s", "params": [SCRIPT]},
        "transaction": SCRIPT,
    },
    "surrogates and NUL": {
        "exception": [make_exception("\ud800\0E", make_frame("\udfff\0", context_line="\ud800"))],
        "tags": {"\ud800": "\0"},
        "extra": {"\udc00": ["\ud800\0"]},
        "message": "\ud800",
        "release": "\ud800\0",
        "environment": "\0",
    },
    "nothing": {"exception": None},
    "wrong types": {
        "exception": {"values": [None, 1, {"stacktrace": {"frames": [None, {"lineno": "x"}]}}]},
        "threads": [1, {"stacktrace": []}],
        "tags": 5,
        "user": [],
        "request": {"headers": 5, "data": [1], "query_string": 7},
        "breadcrumbs": [None, {"data": [1], "timestamp": []}],
        "contexts": [],
        "level": {},
        "logentry": {"params": 5},
        "timestamp": {},
    },
    "no frames": {"exception": [{"type": None, "value": "x"}]},
    "threads alone": {
        "exception": None,
        "threads": [{"name": "main", "crashed": True, "stacktrace": {"frames": [make_frame()]}}],
    },
    "frames without anything": {
        "exception": [{"type": "E", "stacktrace": {"frames": [{}, {"in_app": True}]}}]
    },
    "numbers": {"extra": {"a": 10**300, "b": float("nan"), "c": float("inf"), "d": 2**70}},
}


@pytest.mark.parametrize("given", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_was_sent_can_be_shown(
    member: FlaskClient, session: Session, project: Project, clock: Clock, given: dict[str, Any]
) -> None:
    report(session, project, clock, given)

    for address in ("/o/acme/issues/WEB-1", "/o/acme/issues/"):
        answer = member.get(address)
        assert answer.status_code == 200
        assert answer.text.count("<script") == 1  # our own file
        assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', answer.text))
        for inline in ("style=", "onclick", "onload"):
            assert inline not in answer.text


def test_the_number_of_statements_does_not_grow_with_events(
    member: FlaskClient, database: Database, session: Session, project: Project, clock: Clock
) -> None:
    counts = []
    for how_many in (2, 20):
        report(
            session,
            project,
            clock,
            *(
                {
                    "exception": [make_exception(kind)],
                    "release": f"r{number}",
                    "environment": f"e{number}",
                    "user": {"id": number},
                }
                for number in range(how_many)
                for kind in ("SameError", "OtherError")
            ),
            *({"exception": [make_exception(f"Error{number}x")]} for number in range(how_many)),
        )
        of_size = []
        for address in ("/o/acme/issues/WEB-1", "/o/acme/issues/"):
            counter = StatementCounter()
            with counter.on(database):
                assert member.get(address).status_code == 200
            of_size.append(len(counter.statements))
        counts.append(of_size)

    assert counts[0] == counts[1]
    assert max(counts[0]) <= 20


def found(page: str) -> list[str]:
    """Short ids in the list."""
    return re.findall(r'href="/o/acme/issues/([A-Z]+-\w+)"', page)


def prepare(session: Session, project: Project, clock: Clock) -> None:
    """WEB-1 to WEB-4: a cart, a payment, a warning, and one that was written down and ignored."""
    cart = {"exception": [make_exception("CartError")], "release": "web@1"}
    report(session, project, clock, cart, hours=9)
    report(session, project, clock, {**cart, "release": "web@2"}, cart, hours=4)
    paid = {"exception": [make_exception("PayError", make_frame("pay", module="shop.pay"))]}
    report(session, project, clock, {**paid, "level": "fatal", "release": "web@2"}, hours=3)
    logged = {"exception": None, "message": "100% of the cart", "level": "warning"}
    report(session, project, clock, logged, logged, logged, logged, hours=5)
    make_issue(session, project, title="Old", status=IssueStatus.ignored, created_at=clock())
    session.commit()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["WEB-4", "WEB-2", "WEB-1", "WEB-3"]),
        ("sort=new", ["WEB-4", "WEB-2", "WEB-3", "WEB-1"]),
        ("sort=freq", ["WEB-3", "WEB-1", "WEB-2", "WEB-4"]),
        ("q=is:ignored", ["WEB-4"]),
        ("status=ignored", ["WEB-4"]),
        ("status=ignored&q=is:unresolved", ["WEB-2", "WEB-1", "WEB-3"]),
        ("q=is:resolved", []),
        ("q=release:web@2", ["WEB-2", "WEB-1"]),
        ("q=release:web@1+release:web@2", ["WEB-1"]),
        ("q=release:%22web@1%22", ["WEB-1"]),
        ("q=release:web", []),
        ("q=level:fatal+level:warning", ["WEB-2", "WEB-3"]),
        ("q=level:Fatal", ["WEB-2"]),
        ("q=CART", ["WEB-1", "WEB-3"]),
        ("q=shop.pay", ["WEB-2"]),
        ("q=%22of+the%22", ["WEB-3"]),
        ("q=100%25", ["WEB-3"]),
        ("q=%25", ["WEB-3"]),
        ("q=_", []),
        ("q=cart+-", []),
        ("q=PayError:", ["WEB-2"]),
        ("q=is:nonsense", []),
        ("q=%22%22", ["WEB-4", "WEB-2", "WEB-1", "WEB-3"]),
        ("project=web&q=old", ["WEB-4"]),
        ("project=none", []),
    ],
)
def test_issues_are_searched(
    member: FlaskClient,
    session: Session,
    project: Project,
    clock: Clock,
    query: str,
    expected: Sequence[str],
) -> None:
    prepare(session, project, clock)

    assert found(member.get(f"/o/acme/issues/?{query}").text) == expected


@pytest.mark.parametrize(
    "query", ["sort=x", "status=x", "after=x", "sort=freq&after=9-x", "after=-1"]
)
def test_searches_that_cannot_be(member: FlaskClient, query: str) -> None:
    assert member.get(f"/o/acme/issues/?{query}").status_code == 400


@pytest.mark.parametrize("sort", ["date", "new", "freq"])
def test_pages_hold_every_issue_once(
    member: FlaskClient, session: Session, project: Project, clock: Clock, sort: str
) -> None:
    at = clock() - timedelta(hours=1)
    events = [
        make_event(at - timedelta(minutes=number % 3), exception=[make_exception(f"E{number}x")])
        for number in range(120)
        for _ in range(1 + number % 2)
    ]
    digest(session, project.id, events, now=clock())
    session.commit()

    seen, address = [], f"/o/acme/issues/?sort={sort}&q=is:unresolved"
    while address:
        page = member.get(address).text
        seen += found(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""

    assert len(seen) == len(set(seen)) == 120
