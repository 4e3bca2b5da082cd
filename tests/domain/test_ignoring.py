"""Ignored issues open again: by time, by events, by people; others cost nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from domain.decisions import ignore, unresolve
from domain.ignoring import IgnoreUntil, open_expired, set_condition
from domain.provenance import Why
from jobs import Runtime
from jobs.schedule import sweep
from models import Activity, IgnoreCondition, Issue, IssueStatus, Project
from tests.clock import Clock
from tests.events import digest, make_event
from tests.factories import NOW, make_issue, make_organization, make_project

MINUTE = timedelta(minutes=1)


@pytest.fixture
def project(session: Session) -> Project:
    return make_project(session, make_organization(session))


@pytest.fixture
def issue(session: Session, project: Project) -> Issue:
    digest(session, project.id, [make_event(NOW - 10 * MINUTE, user={"id": "0"})], now=NOW)
    return session.scalars(select(Issue)).one()


def until(session: Session, issue: Issue, condition: IgnoreUntil | None) -> None:
    ignore(session, issue, why=Why(NOW, source="person"))
    set_condition(session, issue, condition, now=NOW)


def report(session: Session, issue: Issue, at: datetime, *, user: str = "0") -> bool:
    """An event more, just now; whether the issue is open."""
    digest(session, issue.project_id, [make_event(at, user={"id": user})], now=at)
    session.refresh(issue)
    return issue.status == IssueStatus.unresolved


def why_open(session: Session) -> list[str]:
    query = select(Activity).where(Activity.kind == "ignoring_ended")
    return [activity.data["reason"] for activity in session.scalars(query)]


def test_for_good(session: Session, issue: Issue) -> None:
    until(session, issue, None)
    assert not any(report(session, issue, NOW + n * MINUTE, user=str(n)) for n in range(1, 9))
    assert open_expired(session, now=NOW + timedelta(days=9999), limit=10) == 0


def test_after_so_many_events(session: Session, issue: Issue) -> None:
    until(session, issue, IgnoreUntil(event_count=3))

    assert [report(session, issue, NOW + n * MINUTE) for n in (1, 2, 3)] == [False, False, True]
    assert why_open(session) == ["3 more events"]
    assert issue.is_inbox
    assert session.scalar(select(func.count()).select_from(IgnoreCondition)) == 0


def test_after_so_many_events_within_a_time(session: Session, issue: Issue) -> None:
    until(session, issue, IgnoreUntil(event_count=3, event_window=10))

    minutes = (1, 2, 12, 15, 16)  # only the last three are within ten minutes
    assert [report(session, issue, NOW + n * MINUTE) for n in minutes] == [*4 * [False], True]


def test_events_from_before_do_not_count(session: Session, issue: Issue) -> None:
    until(session, issue, IgnoreUntil(event_count=2, event_window=60))

    assert not report(session, issue, NOW + MINUTE)
    assert report(session, issue, NOW + 2 * MINUTE)


def test_after_so_many_people(session: Session, issue: Issue) -> None:
    until(session, issue, IgnoreUntil(user_count=2))

    people = ("0", "1", "1", "2")
    opened = [
        report(session, issue, NOW + n * MINUTE, user=user) for n, user in enumerate(people, 1)
    ]
    assert opened == [False, False, False, True]
    assert why_open(session) == ["2 more people"]


def test_after_so_many_people_within_a_time(session: Session, issue: Issue) -> None:
    until(session, issue, IgnoreUntil(user_count=2, user_window=10))

    minutes = (1, 11, 22, 25)
    opened = [report(session, issue, NOW + n * MINUTE, user=str(n)) for n in minutes]
    assert opened == [False, False, False, True]


def test_until_a_moment(session: Session, issue: Issue) -> None:
    until(session, issue, IgnoreUntil(at=NOW + 5 * MINUTE))

    assert open_expired(session, now=NOW + 4 * MINUTE, limit=10) == 0
    assert not issue.is_inbox
    assert open_expired(session, now=NOW + 5 * MINUTE, limit=10) == 1
    assert (issue.status, issue.is_inbox) == (IssueStatus.unresolved, True)
    assert why_open(session) == ["the time is over"]
    assert open_expired(session, now=NOW + 5 * MINUTE, limit=10) == 0


def test_an_event_after_the_moment_opens_it_as_well(session: Session, issue: Issue) -> None:
    until(session, issue, IgnoreUntil(at=NOW + 5 * MINUTE))

    assert not report(session, issue, NOW + MINUTE)
    assert report(session, issue, NOW + 6 * MINUTE)


def test_what_was_decided_since_stays(session: Session, issue: Issue) -> None:
    until(session, issue, IgnoreUntil(at=NOW + MINUTE, event_count=1))
    unresolve(session, issue, why=Why(NOW, source="person"))
    report(session, issue, NOW + 2 * MINUTE)
    open_expired(session, now=NOW + 2 * MINUTE, limit=10)
    assert why_open(session) == []

    until(session, issue, IgnoreUntil(event_count=1))
    until(session, issue, None)
    assert not report(session, issue, NOW + 3 * MINUTE)


def test_events_of_other_issues_cost_no_statement(session: Session, issue: Issue) -> None:
    asked: list[str] = []

    @event.listens_for(session.get_bind(), "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "ignore_condition" in statement:
            asked.append(statement)

    report(session, issue, NOW + MINUTE)
    assert asked == []
    until(session, issue, IgnoreUntil(event_count=9))
    asked.clear()
    report(session, issue, NOW + 2 * MINUTE)
    assert len(asked) == 1


def test_the_sweep_opens_them(runtime: Runtime, clock: Clock) -> None:
    with runtime.db.transaction() as session:
        project = make_project(session, make_organization(session))
        condition = IgnoreUntil(at=clock() + MINUTE)
        for _ in range(3):
            issue = make_issue(session, project)
            ignore(session, issue, why=Why(clock(), source="person"))
            set_condition(session, issue, condition, now=clock())

    def count_ignored() -> int:
        sweep(runtime)
        with runtime.db.reading() as session:
            rows = session.scalars(select(Issue.status)).all()
        return rows.count(IssueStatus.ignored)

    assert count_ignored() == 3
    clock.advance(minutes=1)
    assert count_ignored() == 0
