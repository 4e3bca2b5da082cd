"""A process of its own for floods of events: it comes when needed, and never outlives the server."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select, update

from domain.received_events import NewEvent, store_events
from jobs import Runtime
from jobs.digest import BATCH_EVENTS
from jobs.processors import count_processors
from jobs.relief import AGAIN_SECONDS, FULL_BATCHES, PATIENCE, ROOT, Relief
from jobs.relief_worker import Stop, digest_while_they_come
from jobs.tasks import work_off
from jobs.worker import EmbeddedWorker, open_queue
from models import Event, ReceivedEvent, ReceivedState, utcnow
from models.durable import open_durable
from models.session import Database
from tests.clock import Ticks
from tests.factories import make_organization, make_project

PROCESSORS = os.sched_getaffinity(0)
needs_two_processors = pytest.mark.skipif(
    count_processors() <= 1, reason="with one processor no process is started"
)


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def relief(runtime: Runtime, ticks: Ticks) -> Iterator[Relief]:
    relief = Relief(runtime.settings, ticks)
    relief.allow()
    yield relief
    relief.close()


def flood(relief: Relief) -> None:
    for _ in range(FULL_BATCHES):
        relief.note_batch(was_full=True)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def is_running(process_id: int) -> bool:
    stat = Path(f"/proc/{process_id}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def store(db: Database, project_id: int, count: int, *, first: int = 0) -> None:
    """So many events at once, as the intake stores them."""
    writer = open_durable(db)
    for begin in range(first, first + count, 100):
        numbers = range(begin, min(begin + 100, first + count))
        writer.begin()
        events = [NewEvent(project_id, f"{n:032x}", utcnow(), None, b"{}", 2) for n in numbers]
        assert all(store_events(writer, events))
        writer.commit()
    writer.close()


def count_events(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def make_sending_project(db: Database) -> int:
    with db.transaction() as session:
        return make_project(session, make_organization(session)).id


@needs_two_processors
def test_a_flood_is_left_to_the_process(runtime: Runtime) -> None:
    project_id = make_sending_project(runtime.db)
    store(runtime.db, project_id, 5 * BATCH_EVENTS)
    live = replace(runtime, now=utcnow)
    queue = open_queue(live)
    worker = EmbeddedWorker(live, queue)
    worker.start()
    try:
        wait_until(lambda: live.relief.process_id is not None)
        wait_until(lambda: count_events(live.db) == 5 * BATCH_EVENTS)
        process_id = live.relief.process_id
        assert process_id is not None
        assert live.relief.is_at_work()
        store(live.db, project_id, 3, first=5 * BATCH_EVENTS)  # few are its own as well, by now
        queue.send()
        wait_until(lambda: count_events(live.db) == 5 * BATCH_EVENTS + 3)
    finally:
        worker.stop()
        live.relief.close()
        queue.close()
    assert not is_running(process_id)


@needs_two_processors
def test_a_burst_starts_none(relief: Relief) -> None:
    for was_full in (True, False) * 3:
        relief.note_batch(was_full=was_full)
    assert relief.process_id is None
    assert not relief.is_at_work()


@needs_two_processors
def test_one_is_enough_and_is_told_no_secret_that_others_can_read(
    relief: Relief, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    flood(relief)
    process_id = relief.process_id
    assert process_id is not None
    flood(relief)
    assert relief.process_id == process_id
    for part in ("environ", "cmdline"):
        told = Path(f"/proc/{process_id}/{part}").read_bytes()
        assert b"hush" not in told
        assert b"a key for tests" not in told
    relief.close()
    assert not is_running(process_id)
    flood(relief)
    assert relief.process_id is None


def test_without_leave_or_with_one_processor_there_is_none(runtime: Runtime, ticks: Ticks) -> None:
    not_allowed, alone = Relief(runtime.settings, ticks), Relief(runtime.settings, ticks)
    os.sched_setaffinity(0, {min(PROCESSORS)})
    try:
        alone.allow()
    finally:
        os.sched_setaffinity(0, PROCESSORS)
    for relief in (not_allowed, alone):
        flood(relief)
        assert relief.process_id is None


@needs_two_processors
def test_it_finds_the_database_as_the_server_does(
    relief: Relief, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the URL leaves out, PostgreSQL's library takes from the environment."""
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ca.pem")
    flood(relief)
    told = Path(f"/proc/{relief.process_id}/environ").read_bytes()
    assert b"PGSSLROOTCERT=/etc/ca.pem" in told.split(b"\0")


@needs_two_processors
def test_one_that_ended_is_let_go_though_no_events_come(runtime: Runtime) -> None:
    live = replace(runtime, now=utcnow)
    queue = open_queue(live)
    worker = EmbeddedWorker(live, queue)
    worker.start()
    try:
        live.relief.allow()
        flood(live.relief)
        process_id = live.relief.process_id
        assert process_id is not None
        os.kill(process_id, signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{process_id}").exists())
    finally:
        worker.stop()
        live.relief.close()
        queue.close()


@needs_two_processors
def test_one_that_failed_is_not_started_again_at_once(relief: Relief, ticks: Ticks) -> None:
    flood(relief)
    failed = relief.process_id
    assert failed is not None
    os.kill(failed, signal.SIGKILL)
    wait_until(lambda: not relief.is_at_work())
    flood(relief)
    assert relief.process_id is None
    ticks.at += AGAIN_SECONDS
    flood(relief)
    assert relief.process_id not in (None, failed)


@needs_two_processors
def test_one_that_hangs_is_helped(runtime: Runtime) -> None:
    project_id = make_sending_project(runtime.db)
    live = replace(runtime, now=utcnow)
    live.relief.allow()
    flood(live.relief)
    process_id = live.relief.process_id
    assert process_id is not None
    try:
        os.kill(process_id, signal.SIGSTOP)
        store(live.db, project_id, 3)
        work_off(live)
        assert count_events(live.db) == 0
        live.now = lambda: utcnow() + PATIENCE
        work_off(live)
        assert count_events(live.db) == 3
    finally:
        os.kill(process_id, signal.SIGCONT)
        live.relief.close()


def test_it_ends_when_none_have_come_for_a_while(runtime: Runtime) -> None:
    live = replace(runtime, now=utcnow)
    store(live.db, make_sending_project(live.db), BATCH_EVENTS + 1)
    reading, writing = os.pipe()
    before = signal.getsignal(signal.SIGTERM)
    try:
        digest_while_they_come(live, Stop(reading), rest_seconds=0.1)
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(reading)
        os.close(writing)
    assert count_events(live.db) == BATCH_EVENTS + 1


class Waits(Stop):
    """Waits for nothing, and notes for how long it was asked to; until it was not 0."""

    def __init__(self, pipe: int) -> None:
        super().__init__(pipe)
        self.asked: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.asked.append(seconds)
        return seconds > 0


def test_it_pauses_only_where_nothing_is_left(runtime: Runtime) -> None:
    """What a worker's death left behind is digested one by one."""
    live = replace(runtime, now=utcnow)
    store(live.db, make_sending_project(live.db), 5)
    with live.db.transaction() as session:
        session.execute(update(ReceivedEvent).values(attempts=1))
    reading, writing = os.pipe()
    before = signal.getsignal(signal.SIGTERM)
    try:
        waits = Waits(reading)
        digest_while_they_come(live, waits)
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(reading)
        os.close(writing)
    assert count_events(live.db) == 5
    assert waits.asked[:4] == [0] * 4


def test_it_ends_with_its_pipe(runtime: Runtime) -> None:
    live = replace(runtime, now=utcnow)
    reading, writing = os.pipe()
    before = signal.getsignal(signal.SIGTERM)
    try:
        stop = Stop(reading)
        thread = Thread(target=digest_while_they_come, args=(live, stop))
        thread.start()
        os.close(writing)
        thread.join(10)
        assert not thread.is_alive()
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(reading)


SERVER = """
import pickle, sys, time
from jobs.relief import FULL_BATCHES, Relief
relief = Relief(pickle.load(sys.stdin.buffer), time.monotonic)
relief.allow()
for _ in range(FULL_BATCHES):
    relief.note_batch(was_full=True)
print("process", relief.process_id, flush=True)
time.sleep(60)
"""


@needs_two_processors
def test_it_ends_with_the_server_however_that_dies(runtime: Runtime) -> None:
    project_id = make_sending_project(runtime.db)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    with server.stdout as said, server.stdin as told:
        pickle.dump(runtime.settings, told)
        told.flush()
        line = next(line for line in said if line.startswith(b"process "))
        process_id = int(line.split()[1])
        store(runtime.db, project_id, 3)
        wait_until(lambda: count_events(runtime.db) == 3)  # it is at work
        server.kill()
        server.wait()
    wait_until(lambda: not is_running(process_id))
    store(runtime.db, project_id, 1, first=3)
    with runtime.db.reading() as session:
        [row] = session.scalars(select(ReceivedEvent)).all()
    assert row.state == ReceivedState.received
    assert row.due_at > utcnow() - timedelta(minutes=1)
