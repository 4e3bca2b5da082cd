from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.event_reading import Incoming
from domain.event_retention import Retention, find_old, remove_old
from jobs import Runtime
from jobs.retention import EVERY, Pruning, prune, prune_when_due
from jobs.schedule import sweep
from models import Event, Issue, IssueHour, IssueRelease, Project
from tests.clock import Clock
from tests.events import digest, make_body, make_exception
from tests.factories import NOW, make_organization, make_project


@pytest.fixture
def project(session: Session) -> Project:
    return make_project(session, make_organization(session), "web")


def report(session: Session, project: Project, type_: str, *days: int) -> None:
    """Events of one problem, each that many days ago."""
    for number in days:
        at = NOW - timedelta(days=number)
        body = make_body(at, exception=[make_exception(type_)], release="web@1")
        digest(session, project.id, [Incoming(body)], now=at)


def ages(session: Session, title: str) -> list[int]:
    """Of the events that are kept, in days, the newest first."""
    moments = session.scalars(
        select(Event.happened_at)
        .join(Issue, Issue.id == Event.issue_id)
        .where(Issue.title.startswith(title))
        .order_by(Event.happened_at.desc())
    )
    return [(NOW - moment).days for moment in moments]


def prune_all(session: Session, retention: Retention, at_once: int) -> list[int]:
    removed = []
    while old := find_old(session, retention, now=NOW, at_once=at_once):
        remove_old(session, old)
        removed.append(len(old))
    return removed


def test_old_events_go_the_newest_of_an_issue_stays(session: Session, project: Project) -> None:
    report(session, project, "Alive", 95, 92, 91, 89, 1)
    report(session, project, "Silent", 120, 110, 100)

    removed = prune_all(session, Retention(timedelta(days=90)), 2)

    assert removed[:3] == [2, 2, 1]
    assert ages(session, "Alive") == [1, 89]
    assert ages(session, "Silent") == [100]


def test_of_many_events_the_newest_stay(session: Session, project: Project) -> None:
    report(session, project, "Noisy", *range(12, 0, -1))
    report(session, project, "Loud", *range(8, 0, -1))
    report(session, project, "Quiet", 3, 2, 1)

    removed = prune_all(session, Retention(of_issue=5), 4)

    assert sum(removed) == 7 + 3
    assert max(removed) <= 4
    assert ages(session, "Noisy") == ages(session, "Loud") == [1, 2, 3, 4, 5]
    assert ages(session, "Quiet") == [1, 2, 3]


def test_what_was_counted_stays(session: Session, project: Project) -> None:
    report(session, project, "Silent", 120, 110, 100, 2)

    prune_all(session, Retention(timedelta(days=90)), 100)

    issue = session.scalars(select(Issue)).one()
    session.refresh(issue)
    assert issue.event_count == 4
    assert issue.first_seen == NOW - timedelta(days=120)
    assert session.scalars(select(IssueRelease.event_count)).all() == [4]
    assert session.scalar(select(func.count()).select_from(IssueHour)) == 1
    assert not find_old(session, Retention(), now=NOW)


def report_on(runtime: Runtime, *days: int) -> None:
    with runtime.db.transaction() as session:
        project = make_project(session, make_organization(session, f"of{days[0]}"))
        for number in days:
            at = runtime.now() - timedelta(days=number)
            digest(session, project.id, [Incoming(make_body(at))], now=at)


def kept(runtime: Runtime) -> tuple[int, int]:
    """How many events, and how many counts of an hour."""
    with runtime.db.reading() as session:
        found = [session.scalar(select(func.count()).select_from(t)) for t in (Event, IssueHour)]
    return found[0] or 0, found[1] or 0


def test_the_job_works_until_nothing_is_left(runtime: Runtime) -> None:
    report_on(runtime, 200, 150, 100, 1)
    assert not prune(runtime, seconds=0)  # one transaction
    assert kept(runtime) == (1, 4)
    assert prune(runtime)
    assert kept(runtime) == (1, 1)
    assert prune(runtime, seconds=0)


def test_it_is_done_at_the_start_and_every_hour(runtime: Runtime, clock: Clock) -> None:
    pruning = Pruning()
    report_on(runtime, 200, 1)
    sweep(runtime, pruning)
    assert kept(runtime) == (1, 1)

    report_on(runtime, 201, 2)
    clock.at += EVERY - timedelta(seconds=1)
    sweep(runtime, pruning)
    assert kept(runtime) == (3, 3)
    clock.advance(seconds=1)
    sweep(runtime, pruning)
    assert kept(runtime) == (2, 2)


def test_what_takes_long_goes_on_at_the_next_sweep(runtime: Runtime) -> None:
    pruning = Pruning()
    report_on(runtime, 200, 1)
    left = []
    for _ in range(3):
        prune_when_due(runtime, pruning, seconds=0)
        left.append(kept(runtime))
    assert left[:2] == [(1, 2), (1, 1)]
    assert pruning.due_at is not None
