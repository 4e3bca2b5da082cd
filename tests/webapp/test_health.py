"""What operators and their machines ask: alive, ready, how much is waiting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update

from jobs import Runtime, drain
from models import Delivery, DeliveryState, Work
from models.revisions import head
from tests.clock import Clock
from tests.inbox import make_delivery, make_work


@pytest.fixture
def migrated(runtime: Runtime) -> Iterator[Runtime]:
    """The fixture's tables were made without migrations; say which revision they are."""
    with runtime.db.transaction() as session:
        session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        session.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head()})
    yield runtime
    with runtime.db.transaction() as session:
        session.execute(text("DROP TABLE alembic_version"))


def test_alive(app: Flask) -> None:
    answer = app.test_client().get("/healthz")

    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_ready(app: Flask, migrated: Runtime) -> None:
    answer = app.test_client().get("/readyz")

    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ok",
        "database": "ok",
        "migrations": "ok",
        "pending_jobs": 0,
        "oldest_pending_seconds": 0.0,
        "failed_jobs": 0,
    }


def test_what_is_pending_and_what_failed(app: Flask, migrated: Runtime, clock: Clock) -> None:
    make_delivery(migrated.db, at=clock.at - timedelta(seconds=90))
    failed = make_delivery(migrated.db, at=clock.at)
    work = make_work(migrated.db, due_at=clock.at + timedelta(hours=1))
    with migrated.db.transaction() as session:
        session.execute(
            update(Delivery).where(Delivery.id == failed.id).values(state=DeliveryState.failed)
        )
    client = app.test_client()

    found = client.get("/readyz").get_json()
    assert (found["pending_jobs"], found["oldest_pending_seconds"]) == (2, 90.0)
    assert found["failed_jobs"] == 1

    drain(migrated)
    with migrated.db.transaction() as session:
        session.execute(update(Work).where(Work.id == work.id).values(failed_at=clock.at))
    found = client.get("/readyz").get_json()
    assert (found["pending_jobs"], found["failed_jobs"]) == (0, 2)


def test_not_ready_before_the_migrations(app: Flask) -> None:
    answer = app.test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json()["migrations"] == "pending"


def test_metrics(app: Flask, migrated: Runtime, clock: Clock) -> None:
    make_delivery(migrated.db, at=clock.at)
    client = app.test_client()
    client.post("/webhooks/github", data=b"{}")
    shown = client.get("/metrics").get_data(as_text=True)

    assert 'shiplog_deliveries{state="received"} 1.0' in shown
    assert "shiplog_pending_jobs 1.0" in shown
    assert 'shiplog_intake_answers_total{status="401"} 1.0' in shown
    assert "shiplog_intake_seconds_count 1.0" in shown
