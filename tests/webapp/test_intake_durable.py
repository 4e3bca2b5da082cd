"""503 when a delivery cannot be stored, with real causes; nothing half done, nothing forgotten."""

from __future__ import annotations

import resource
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from integrations.github.deliveries import Envelope, store_deliveries
from jobs import Runtime
from models import Delivery, utcnow
from models.durable import open_durable
from models.session import Database
from tests.webapp.test_intake import BODY, GUID, URL, headers
from webapp.committer import Committer, NotDurableError
from webapp.context import shiplog


def count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Delivery)) or 0


def test_a_database_locked_for_too_long(app: Flask, database: Database) -> None:
    client = app.test_client()
    with database.transaction() as session:
        session.execute(text("SELECT 1"))  # on SQLite, the write lock
        if not database.is_sqlite:
            session.execute(text("LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE"))
        answer = client.post(URL, data=BODY, headers=headers())

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert count(database) == 0
    again = client.post(URL, data=BODY, headers=headers())
    assert (again.status_code, again.get_json()["status"]) == (202, "stored")


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """No file may grow beyond *size* bytes: writing fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk(app: Flask, database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL writes in its own process")
    client = app.test_client()
    body = b"{" + b" " * 4_000_000 + b"}"
    with files_limited_to(1_000_000):
        answer = client.post(URL, data=body, headers=headers(body))

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert count(database) == 0
    assert client.post(URL, data=body, headers=headers(body)).status_code == 202
    assert count(database) == 1


def test_no_table(app: Flask, runtime: Runtime) -> None:
    if not runtime.db.is_sqlite:
        pytest.skip("drops a table")
    with runtime.db.transaction() as session:
        session.execute(text("DROP TABLE delivery"))

    assert app.test_client().post(URL, data=BODY, headers=headers()).status_code == 503


def test_a_lost_connection_is_made_again(app: Flask, database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("a file has no connection to lose")
    client = app.test_client()
    client.post(URL, data=BODY, headers=headers())
    with database.transaction() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )

    other = headers(X_GitHub_Delivery=str(uuid4()))
    assert client.post(URL, data=BODY, headers=other).get_json()["status"] == "stored"


def test_many_at_once_are_each_stored_once(app: Flask, database: Database) -> None:
    guids = [str(uuid4()) for _ in range(40)]

    def post(guid: str) -> str:
        sent = headers(X_GitHub_Delivery=guid)
        answer = app.test_client().post(URL, data=BODY, headers=sent)
        assert answer.status_code == 202
        status: str = answer.get_json()["status"]
        return status

    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(post, guids * 3))

    assert statuses.count("stored") == len(guids)
    assert statuses.count("repeated") == 2 * len(guids)
    assert count(database) == len(guids)


def test_a_repeated_guid_within_one_transaction(database: Database) -> None:
    writer = open_durable(database)
    writer.begin()
    envelopes = [
        Envelope(guid, "ping", "application/json", utcnow(), guid.encode())
        for guid in ("guid-one", "guid-two", "guid-one")
    ]
    assert store_deliveries(writer, envelopes) == ["stored", "stored", "repeated"]
    writer.commit()
    writer.close()
    assert count(database) == 2


def test_a_bug_in_a_write_leaves_nobody_waiting(database: Database) -> None:
    committer = Committer(lambda: open_durable(database), after_commit=lambda stored: None)

    def write_nothing(_writer: object, _items: object) -> list[str]:
        raise sqlite3.DatabaseError("malformed")

    with pytest.raises(NotDurableError):
        committer.submit(write_nothing, "item", size=1)
    committer.close()


def test_closing_writes_what_was_handed_over(app: Flask, database: Database) -> None:
    app.test_client().post(URL, data=BODY, headers=headers())
    shiplog(app).committer.close()

    with database.reading() as session:
        assert session.scalars(select(Delivery.guid)).all() == [GUID]
