"""503 when an event cannot be stored now, with real causes; another time it can."""

from __future__ import annotations

import base64
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text

from domain.received_events import NewEvent, store_events
from models import utcnow
from models.durable import open_durable
from models.session import Database
from tests.sdk import EVENT_ID, Sender, envelope, event, item, make_sender, stored_events
from tests.webapp.test_intake_durable import files_limited_to


@pytest.fixture
def sender(database: Database) -> Sender:
    return make_sender(database)


@pytest.mark.parametrize("table", ["received_event", "project_key"])
def test_no_table(app: Flask, database: Database, sender: Sender, table: str) -> None:
    if not database.is_sqlite:
        pytest.skip("drops a table")
    with database.transaction() as session:
        session.execute(text(f"DROP TABLE {table}"))
    answer = app.test_client().post(sender.url, data=envelope(), headers=sender.auth)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_full_disk(app: Flask, database: Database, sender: Sender) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL writes in its own process")
    client = app.test_client()
    noise = base64.b64encode(random.Random(1).randbytes(600_000)).decode()  # noqa: S311 (hardly compressed)
    sent = envelope(item("event", event(extra=noise)))
    with files_limited_to(500_000):
        refused = client.post(sender.url, data=sent, headers=sender.auth)
    assert refused.status_code == 503
    assert stored_events(database) == []
    assert client.post(sender.url, data=sent, headers=sender.auth).status_code == 200
    assert len(stored_events(database)) == 1


def test_many_at_once_are_each_stored_once(app: Flask, database: Database, sender: Sender) -> None:
    ids = [f"{number:032x}" for number in range(30)]

    def post(event_id: str) -> object:
        sent = envelope(item("event", event(event_id=event_id)))
        answer = app.test_client().post(sender.url, data=sent, headers=sender.auth)
        return answer.get_json()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, ids * 3))
    assert answers == [{"id": event_id} for event_id in ids * 3]
    assert sorted(row.event_id for row in stored_events(database)) == ids


def test_twice_within_one_transaction(database: Database) -> None:
    writer = open_durable(database)
    writer.begin()
    events = [NewEvent(project_id, EVENT_ID, utcnow(), None, b"{}", 2) for project_id in (1, 2, 1)]
    assert store_events(writer, events) == [True, True, False]
    writer.commit()
    writer.close()
    assert [row.project_id for row in stored_events(database)] == [1, 2]


def test_events_of_a_project_that_is_gone_keep_nobody_out(database: Database) -> None:
    """Its key may be remembered for a moment; what others send goes into the same transaction."""
    writer = open_durable(database)
    writer.begin()
    events = [NewEvent(project_id, EVENT_ID, utcnow(), None, b"{}", 2) for project_id in (404, 2)]
    assert store_events(writer, events) == [True, True]
    writer.commit()
    writer.close()
