from __future__ import annotations

import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.event_counts import hour_of
from domain.event_reading import Incoming
from models import (
    Activity,
    Environment,
    Event,
    Issue,
    IssueEnvironment,
    IssueFingerprint,
    IssueHour,
    IssueRelease,
    IssueStatus,
    IssueUser,
    Project,
    Release,
)
from models.session import Database
from tests.events import digest, make_body, make_event, make_exception, make_frame
from tests.factories import NOW, make_issue, make_organization, make_project
from tests.webapp.conftest import StatementCounter


@pytest.fixture
def project(session: Session) -> Project:
    return make_project(session, make_organization(session), "web")


def issues(session: Session) -> list[Issue]:
    return list(session.scalars(select(Issue).order_by(Issue.id)))


def test_an_event_becomes_an_issue(session: Session, project: Project) -> None:
    at = NOW - timedelta(minutes=5)
    event = make_event(at, release="web@2.0", environment="staging", user={"id": 9})

    done = digest(session, project.id, [event], now=NOW)

    [issue] = issues(session)
    assert (done.stored, done.repeated, done.issue_ids) == (1, 0, {issue.id})
    assert issue.title == "IndexError: list index out of range"
    assert issue.culprit == "shop.cart in total"
    assert (issue.number, issue.level, issue.type) == (1, "error", "error")
    assert issue.details == {
        "type": "IndexError",
        "value": "list index out of range",
        "filename": "shop/cart.py",
        "function": "total",
    }
    assert (issue.first_seen, issue.last_seen, issue.created_at) == (at, at, NOW)
    assert (issue.event_count, issue.user_count) == (1, 1)
    assert issue.status == IssueStatus.unresolved
    row = session.scalars(select(Event)).one()
    assert (row.issue_id, row.happened_at, row.received_at) == (issue.id, at, NOW)
    assert (row.release_name, row.environment) == ("web@2.0", "staging")
    release = session.scalars(select(Release)).one()
    assert (release.version, release.created_at, release.released_at) == ("web@2.0", at, None)
    assert issue.first_release_id == issue.last_release_id == row.release_id == release.id
    assert session.scalars(select(IssueFingerprint.rule)).all() == ["stack"]
    kinds = session.scalars(select(Activity.kind).order_by(Activity.id)).all()
    assert kinds == ["release_created", "issue_created"]


def test_counts_go_by_issue_release_environment_person_and_hour(
    session: Session, project: Project
) -> None:
    start = NOW.replace(minute=0) - timedelta(hours=3)
    events = [
        make_event(start, release="1", environment="a", user={"id": 1}),
        make_event(start + timedelta(minutes=59), release="1", environment="b", user={"id": 1}),
        make_event(start + timedelta(minutes=60), release="2", environment="a", user={"id": "2"}),
        make_event(start + timedelta(minutes=61), user={"ip_address": "::1"}),
    ]

    for some in (events[2:], events[:2], events):
        digest(session, project.id, some, now=NOW)

    [issue] = issues(session)
    assert (issue.event_count, issue.user_count) == (4, 3)
    assert (issue.first_seen, issue.last_seen) == (start, start + timedelta(minutes=61))
    assert session.scalar(select(func.count()).select_from(IssueUser)) == 3
    by_release = select(
        Release.version, IssueRelease.event_count, IssueRelease.first_seen, IssueRelease.last_seen
    )
    assert session.execute(
        by_release.join(Release, Release.id == IssueRelease.release_id).order_by(Release.version)
    ).all() == [
        ("1", 2, start, start + timedelta(minutes=59)),
        ("2", 1, start + timedelta(minutes=60), start + timedelta(minutes=60)),
    ]
    by_environment = select(Environment.name, IssueEnvironment.event_count)
    assert session.execute(by_environment.join(Environment).order_by(Environment.name)).all() == [
        ("a", 2),
        ("b", 1),
        ("production", 1),
    ]
    hours = session.execute(select(IssueHour.hour, IssueHour.event_count).order_by(IssueHour.hour))
    assert hours.all() == [(hour_of(start), 2), (hour_of(start) + 1, 2)]
    first, last = issue.first_release_id, issue.last_release_id
    assert [session.get_one(Release, id_).version for id_ in (first, last)] == ["1", "2"]


def test_the_newest_event_names_the_issue(session: Session, project: Project) -> None:
    def logged(minutes: int, value: str, level: str) -> Incoming:
        exception = {**make_exception(), "value": value}
        at = NOW - timedelta(minutes=minutes)
        return make_event(at, exception={"values": [exception]}, level=level)

    old, new = logged(9, "old", "error"), logged(3, "new", "fatal")
    digest(session, project.id, [new], now=NOW)
    digest(session, project.id, [old], now=NOW)

    [issue] = issues(session)
    assert (issue.title, issue.level) == ("IndexError: new", "fatal")
    assert issue.newest_event_id == new.body["event_id"]


def test_repeated_events_count_once(session: Session, project: Project) -> None:
    event = make_event(user={"id": 1})

    first = digest(session, project.id, [event, event], now=NOW)
    second = digest(session, project.id, [event, make_event()], now=NOW)

    assert (first.stored, first.repeated) == (1, 1)
    assert (second.stored, second.repeated) == (1, 1)
    assert [issue.event_count for issue in issues(session)] == [2]


def test_the_same_id_in_another_project_is_another_event(
    session: Session, project: Project
) -> None:
    elsewhere = make_project(session, make_organization(session), "web")
    event = make_event(release="web@1", environment="qa")

    for each in (project, elsewhere):
        assert digest(session, each.id, [event], now=NOW).stored == 1

    assert [(one.project_id, one.number) for one in issues(session)] == [
        (project.id, 1),
        (elsewhere.id, 1),
    ]
    owners = select(Release.organization_id).order_by(Release.id)
    assert session.scalars(owners).all() == [project.organization_id, elsewhere.organization_id]
    assert session.scalar(select(func.count()).select_from(Environment)) == 2


def test_events_of_a_project_that_is_gone_are_forgotten(session: Session) -> None:
    assert digest(session, 4711, [make_event()], now=NOW).stored == 0


def test_a_resolved_issue_stays_resolved_and_is_counted(session: Session, project: Project) -> None:
    digest(session, project.id, [make_event()], now=NOW)
    [issue] = issues(session)
    issue.status = IssueStatus.resolved
    session.flush()

    digest(session, project.id, [make_event()], now=NOW)

    assert (issue.status, issue.event_count) == (IssueStatus.resolved, 2)


def test_issues_written_down_by_people_share_the_numbers(
    session: Session, project: Project
) -> None:
    make_issue(session, project)

    digest(session, project.id, [make_event(), make_event(message="b", exception=None)], now=NOW)

    session.refresh(project)
    assert [issue.number for issue in issues(session)] == [1, 2, 3]
    assert project.last_issue_number == 3


def various(numbers: random.Random, how_many: int) -> list[Incoming]:
    """Events of some problems, releases, environments and people, each at a time of its own."""
    return [
        make_event(
            NOW - timedelta(hours=numbers.randrange(48), seconds=number),
            exception={"values": [make_exception(f"Error{numbers.randrange(4)}x")]},
            release=numbers.choice([None, "a@1", "a@2", "a@3"]),
            environment=numbers.choice([None, "qa", "production"]),
            user=numbers.choice([None, {"id": 1}, {"email": "a@b.example"}]),
            level=numbers.choice(["error", "fatal"]),
        )
        for number in range(how_many)
    ]


def state(session: Session) -> list[Any]:
    """All that may be seen of the issues, without row ids and numbers."""
    versions = {None: None} | dict(session.execute(select(Release.id, Release.version)).all())
    names = dict(session.execute(select(Environment.id, Environment.name)).all())
    by_release = defaultdict(list)
    for release in session.scalars(select(IssueRelease)):
        by_release[release.issue_id].append(
            (
                versions[release.release_id],
                release.event_count,
                release.first_seen,
                release.last_seen,
            )
        )
    by_environment = defaultdict(list)
    for place in session.scalars(select(IssueEnvironment)):
        by_environment[place.issue_id].append(
            (names[place.environment_id], place.event_count, place.first_seen, place.last_seen)
        )
    by_hour = defaultdict(list)
    for hour in session.scalars(select(IssueHour)):
        by_hour[hour.issue_id].append((hour.hour, hour.event_count))
    found = [
        (
            (issue.title, issue.level, issue.newest_event_id, issue.details),
            (issue.first_seen, issue.last_seen, issue.event_count, issue.user_count),
            (versions[issue.first_release_id], versions[issue.last_release_id]),
            *(sorted(by[issue.id], key=str) for by in (by_release, by_environment, by_hour)),
        )
        for issue in issues(session)
    ]
    return sorted(found, key=str)


@pytest.mark.parametrize("seed", range(5))
def test_any_order_and_any_repetition_gives_the_same(database: Database, seed: int) -> None:
    numbers = random.Random(seed)  # noqa: S311
    events = various(numbers, 30)
    seen = []
    for _ in range(2):
        shuffled = [*events, *numbers.sample(events, 10)]
        numbers.shuffle(shuffled)
        with database.transaction() as session:
            project = make_project(session, make_organization(session))
            while shuffled:
                some = [shuffled.pop() for _ in range(min(numbers.randint(1, 12), len(shuffled)))]
                digest(session, project.id, some, now=NOW)
            seen.append(state(session))
            session.rollback()

    assert seen[0] == seen[1]
    assert sum(issue[1][2] for issue in seen[0]) == 30


def test_the_number_of_statements_does_not_grow_with_the_batch(
    database: Database, session: Session, project: Project
) -> None:
    numbers = random.Random(1)  # noqa: S311
    counts = []
    start = NOW - timedelta(days=5)
    digest(session, project.id, [make_event(start, release=f"a@{n}") for n in (1, 2, 3)], now=NOW)
    for how_many in (10, 150):
        digest(session, project.id, various(numbers, how_many), now=NOW)
        few = StatementCounter()
        with few.on(database):
            digest(session, project.id, various(numbers, how_many), now=NOW)
        counts.append(len(few.statements))

    assert counts[0] == counts[1] <= 16, few.statements


def test_workers_at_once_make_one_issue_of_one_problem(database: Database) -> None:
    with database.transaction() as session:
        project_id = make_project(session, make_organization(session)).id
    problems = [f"Error{number}x" for number in range(6)]

    def work(worker: int) -> int:
        numbers = random.Random(worker)  # noqa: S311
        stored = 0
        for _ in range(5):
            events = [
                make_event(
                    exception=[make_exception(problem)],
                    release=f"r{numbers.randrange(3)}",
                    user={"id": worker},
                )
                for problem in numbers.sample(problems, 4)
            ]
            with database.transaction() as session:
                stored += digest(session, project_id, events, now=NOW).stored
        return stored

    with ThreadPoolExecutor(6) as threads:
        stored = sum(threads.map(work, range(6)))

    with database.reading() as session:
        found = issues(session)
        assert sorted(issue.number for issue in found) == list(range(1, 7))
        assert sum(issue.event_count for issue in found) == stored == 120
        assert session.get_one(Project, project_id).last_issue_number == 6


def test_workers_at_once_with_the_same_events_count_them_once(database: Database) -> None:
    with database.transaction() as session:
        project_id = make_project(session, make_organization(session)).id
    events = [make_event(user={"id": 1}, release="r") for _ in range(20)]

    def work(worker: int) -> int:
        with database.transaction() as session:
            return digest(session, project_id, events[worker:], now=NOW).stored

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 20

    with database.reading() as session:
        [issue] = issues(session)
        assert (issue.event_count, issue.user_count) == (20, 1)


def test_a_different_function_is_another_issue(session: Session, project: Project) -> None:
    other = make_exception("IndexError", make_frame("sum_of"))
    bodies = [make_body(), make_body(exception=[other]), make_body()]

    digest(session, project.id, [Incoming(body) for body in bodies], now=NOW)

    assert sorted(issue.event_count for issue in issues(session)) == [1, 2]
