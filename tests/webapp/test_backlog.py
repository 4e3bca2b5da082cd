"""How much may wait: for one project, for all, and what a client is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete

from jobs import Runtime, drain
from models import ReceivedEvent, utcnow
from models.session import Database
from tests.clock import Ticks
from tests.sdk import Sender, envelope, event, item, make_sender
from webapp import create_app
from webapp.backlog import REFRESH_SECONDS, Backlog, BacklogError
from webapp.context import shiplog


@pytest.fixture
def moment() -> Ticks:
    return Ticks()


def wait(database: Database, project_id: int, number: int, *, size: int = 10) -> None:
    with database.transaction() as session:
        session.add_all(
            ReceivedEvent(
                project_id=project_id,
                event_id=f"{project_id:016x}{index:016x}",
                received_at=utcnow(),
                due_at=utcnow() + timedelta(days=1),
                size=size,
                body=b"{}",
            )
            for index in range(number)
        )


@pytest.mark.parametrize("size", [1, 10])
def test_a_project_may_have_its_share(database: Database, moment: Ticks, size: int) -> None:
    limits = {"max_events": 1000, "max_bytes": 100} if size == 10 else {"max_events": 10}
    wait(database, 1, 4, size=size)
    backlog = Backlog(database, clock=moment, **limits)
    backlog.require_room(1)
    backlog.add(1, size)
    with pytest.raises(BacklogError, match="this project"):
        backlog.require_room(1)
    backlog.require_room(2)


def test_all_together(database: Database, moment: Ticks) -> None:
    for project_id in range(1, 6):
        wait(database, project_id, 2)
    backlog = Backlog(database, max_events=10, clock=moment)
    with pytest.raises(BacklogError):
        backlog.require_room(7)


def test_what_was_digested_makes_room(database: Database, moment: Ticks) -> None:
    backlog = Backlog(database, max_events=4, clock=moment)
    wait(database, 1, 2)
    with pytest.raises(BacklogError):
        backlog.require_room(1)
    with database.transaction() as session:
        session.execute(delete(ReceivedEvent))
    with pytest.raises(BacklogError):
        backlog.require_room(1)
    moment.at += REFRESH_SECONDS
    backlog.require_room(1)


@pytest.fixture
def sender(database: Database) -> Sender:
    return make_sender(database)


@pytest.fixture
def small(runtime: Runtime, moment: Ticks) -> Flask:
    """An application that takes two events of a project and has them wait."""
    return create_app(runtime, backlog=Backlog(runtime.db, max_events=4, clock=moment))


def test_what_a_client_is_told(
    small: Flask, runtime: Runtime, sender: Sender, moment: Ticks
) -> None:
    client = small.test_client()

    def post(number: int) -> int:
        sent = envelope(item("event", event(event_id=f"{number:032x}")))
        answer = client.post(sender.url, data=sent, headers=sender.auth)
        if answer.status_code == 429:
            assert answer.headers["Retry-After"] == "60"
            assert answer.headers["X-Sentry-Rate-Limits"] == "60:error:project"
            assert "wait" in answer.headers["X-Sentry-Error"]
        return answer.status_code

    assert [post(number) for number in (1, 1, 2, 3)] == [200, 200, 200, 429]
    drain(runtime)
    moment.at += REFRESH_SECONDS
    assert post(3) == 200
    shiplog(small).committer.close()
