"""The consumer itself: embedded or on its own, it resumes what a dead one left."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from jobs import Runtime, enqueue
from jobs.claims import DELIVERIES, claim_next
from jobs.presence import make_presence
from jobs.worker import EmbeddedWorker, open_queue
from models import Delivery, Event, utcnow
from models.session import Database
from tests.events import digest, make_event
from tests.factories import make_organization, make_project
from tests.inbox import make_delivery


def wait_for(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def live(runtime: Runtime) -> Iterator[Runtime]:
    """A runtime with a queue and real time."""
    live = replace(runtime, now=utcnow)
    yield live
    if live.queue is not None:
        live.queue.close()


def is_finished(db: Database, delivery: Delivery) -> bool:
    with db.reading() as session:
        return session.scalars(select(Delivery).where(Delivery.id == delivery.id)).one().is_finished


def test_a_message_has_a_row_worked_off(live: Runtime) -> None:
    worker = EmbeddedWorker(live, open_queue(live))
    worker.start()
    delivery = make_delivery(live.db, at=utcnow())
    enqueue(live)

    wait_for(lambda: is_finished(live.db, delivery))
    worker.stop()


def test_what_could_not_be_sent_later_is_when_asked_again(live: Runtime) -> None:
    queue = open_queue(live)
    before = threading.stack_size(2**46)  # more than any machine has: no thread can be started
    try:
        with pytest.raises(RuntimeError):
            queue.send_later(0.0)
    finally:
        threading.stack_size(before)
    assert queue.is_empty()
    queue.send_later(0.0)
    wait_for(lambda: not queue.is_empty(), seconds=10)


def test_threads_that_end_together_close_the_queue_once(live: Runtime) -> None:
    queue = open_queue(live)
    failures: list[object] = []
    before, hook = sys.getswitchinterval(), threading.excepthook
    threading.excepthook = failures.append
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(200):
            queue.is_empty()  # opens a connection
            end = queue.huey._shutdown["close"]
            threads = [threading.Thread(target=end) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(before)
        threading.excepthook = hook
    assert failures == []


def test_what_a_dead_worker_held_is_resumed_at_the_start(live: Runtime) -> None:
    delivery = make_delivery(live.db, at=utcnow())
    with live.db.transaction() as session:
        assert claim_next(session, DELIVERIES, now=utcnow()) is not None

    worker = EmbeddedWorker(live, open_queue(live))
    worker.start()
    wait_for(lambda: is_finished(live.db, delivery), seconds=10)
    worker.stop()


def test_the_sweep_finds_what_no_message_announced(live: Runtime) -> None:
    worker = EmbeddedWorker(live, open_queue(live))
    worker.start()
    delivery = make_delivery(live.db, at=utcnow() + timedelta(seconds=1))

    wait_for(lambda: is_finished(live.db, delivery))
    worker.stop()


def test_presence(live: Runtime) -> None:
    first, second = make_presence(live), make_presence(live)
    assert first.try_alone()
    assert not second.try_alone()
    first.join()
    assert not second.try_alone()
    second.join()
    first.leave()
    third = make_presence(live)
    assert not third.try_alone()
    second.leave()
    wait_for(third.try_alone)  # PostgreSQL notices a closed connection a moment later
    third.leave()


def test_a_worker_removes_old_events(live: Runtime) -> None:
    with live.db.transaction() as session:
        project = make_project(session, make_organization(session))
        for days in (200, 100, 1):
            at = utcnow() - timedelta(days=days)
            digest(session, project.id, [make_event(at)], now=at)

    def count() -> int:
        with live.db.reading() as session:
            return session.scalar(select(func.count()).select_from(Event)) or 0

    assert count() == 3
    worker = EmbeddedWorker(live, open_queue(live))
    worker.start()
    wait_for(lambda: count() == 1)
    worker.stop()
