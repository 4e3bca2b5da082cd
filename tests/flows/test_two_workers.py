"""Two worker processes and a web process on PostgreSQL, working off one shuffled stream."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from jobs.digest import BATCH_BYTES
from jobs.status import read_queue
from jobs.tasks import work_off
from models import (
    Author,
    Commit,
    Event,
    Issue,
    IssueEnvironment,
    IssueRelease,
    Project,
    ReceivedEvent,
    ReceivedState,
    Release,
    utcnow,
)
from tests.events import make_body, make_exception
from tests.factories import make_organization, make_project
from tests.flows.busy import Busy
from tests.flows.ends import (
    find_first_tag,
    find_fixes,
    verify_lists,
    verify_nothing_doubled,
    verify_worked_off,
)
from tests.flows.test_kill import environ_of
from tests.flows.world import World
from tests.server import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def start_worker(world: World, log: Path) -> subprocess.Popen[bytes]:
    """`python -m jobs.worker`."""
    settings = world.runtime.settings
    environ = os.environ | {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": world.runtime.db.url.render_as_string(hide_password=False),
        "SECRET_KEY": settings.secret_keys[0],
        "LOG_FORMAT": "json",
        **environ_of(world.github),
    }
    with log.open("w") as out:
        command = [sys.executable, "-m", "jobs.worker"]
        return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=out, stderr=out)


@contextmanager
def worker(world: World, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One, until it is told to stop; it may have been killed by then."""
    process = start_worker(world, log)
    try:
        yield process
    except BaseException:
        process.kill()
        process.wait()
        raise
    stop(process, log)


def stop(process: subprocess.Popen[bytes], log: Path) -> None:
    process.terminate()
    assert process.wait(timeout=40) in (0, -signal.SIGKILL), log.read_text()[-2000:]


def wait_for(condition: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + 3 * seconds  # beside the rest of the suite
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def is_worked_off(world: World) -> bool:
    with world.runtime.db.reading() as session:
        return read_queue(session, now=utcnow()).pending_jobs == 0


def test_two_workers_end_as_one_would(
    request: pytest.FixtureRequest, world: World, tmp_path: Path
) -> None:
    if request.config.getoption("--database") != "postgresql":
        pytest.skip("SQLite has one process")
    chance = random.Random(20260302)  # noqa: S311
    api = world.github.repository("acme", "api")
    world.install()
    issues = [world.issue(), world.issue()]
    others = [world.issue(project="api"), world.issue(project="api")]
    Busy(world.github, world.web, chance, issues).work(120)
    Busy(world.github, api, chance, others).work(240)
    stream = list(world.github.queued)
    chance.shuffle(stream)
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    with worker(world, logs[0]), worker(world, logs[1]):
        # The second first waits to be alone, for a while.
        wait_for(lambda: all("worker started" in log.read_text() for log in logs), seconds=60)
        for delivery in stream:
            assert world.github.send(delivery, world.url).succeeded
        wait_for(lambda: is_worked_off(world), seconds=200)

    db = world.runtime.db
    verify_worked_off(db)
    for there, named in ((world.web, issues), (api, others)):
        verify_lists(db, there)
        for short_id in named:
            tag = find_first_tag(there, find_fixes(there, short_id))
            assert world.resolved_in(short_id) == (tag and f"{there.name}@{tag[1:]}")
    verify_nothing_doubled(db)
    with db.reading() as session:
        assert session.scalars(select(Commit.id).where(Commit.author_id.is_(None))).all() == []
        assert len(session.scalars(select(Author)).all()) == len(
            set(session.scalars(select(Author.email)))
        )
        assert all(release.list_state == "complete" for release in session.scalars(select(Release)))
    said = "".join(log.read_text() for log in logs)
    assert "delivery worked off" in logs[0].read_text()
    assert "delivery worked off" in logs[1].read_text()
    assert "deadlock" not in said.lower()


PROBLEMS, EVENTS = 4, 15  # new ones, and of each
USERS, RELEASES = 5, 3
BATCH = 10  # of one thread; the events say that they are large: what died is tried one by one


def make_room(world: World) -> int:
    """The row id of a project without any issue."""
    with world.runtime.db.transaction() as session:
        return make_project(session, make_organization(session)).id


def report(world: World, project_id: int) -> None:
    """Store events of new problems in turns, as the intake does."""
    now = utcnow()
    with world.runtime.db.transaction() as session:
        for number in range(PROBLEMS * EVENTS):
            body = make_body(
                now,
                exception=[make_exception(f"Error{number % PROBLEMS}")],
                release=f"web@{number % RELEASES}",
                user={"id": number % USERS},
            )
            session.add(
                ReceivedEvent(
                    project_id=project_id,
                    event_id=body["event_id"],
                    received_at=now,
                    due_at=now,
                    size=BATCH_BYTES // BATCH,
                    body=json.dumps(body).encode(),
                )
            )


def count(world: World, what: Any) -> int:
    with world.runtime.db.reading() as session:
        return session.scalar(what) or 0


@contextmanager
def numbers_held(world: World, project_id: int) -> Iterator[None]:
    """Nobody gets a number for a new issue of the project: whoever digests has to wait for it.

    So that a worker is certain to be found in the middle of a batch, however quick it is.
    """
    with world.runtime.db.transaction() as session:
        session.execute(
            select(Project.id).where(Project.id == project_id).with_for_update(key_share=True)
        )
        yield


def test_a_worker_killed_within_a_batch(
    request: pytest.FixtureRequest, world: World, tmp_path: Path
) -> None:
    """Two digest events of the same new problems, one dies: nothing is lost, or there twice.

    The other works in this process, as it would in its own, without waiting to be alone first.
    """
    if request.config.getoption("--database") != "postgresql":
        pytest.skip("SQLite has one process")
    stored = select(func.count()).select_from(Event)
    running = ReceivedEvent.state == ReceivedState.running
    claimed = select(func.count()).select_from(ReceivedEvent).where(running)
    project_id = make_room(world)
    other = Thread(target=work_off, args=[replace(world.runtime, now=utcnow)])
    with worker(world, tmp_path / "one.log") as one:
        with numbers_held(world, project_id):
            report(world, project_id)
            wait_for(lambda: count(world, claimed) == BATCH, seconds=30)
            other.start()
            wait_for(lambda: count(world, claimed) == 2 * BATCH, seconds=10)
            one.kill()
            one.wait()
        other.join()
    assert count(world, claimed) == BATCH  # what died with it was not written
    assert count(world, stored) == PROBLEMS * EVENTS - BATCH
    with worker(world, tmp_path / "next.log"):
        wait_for(lambda: is_worked_off(world), seconds=30)

    assert count(world, select(func.count()).select_from(ReceivedEvent)) == 0
    with world.runtime.db.reading() as session:
        issues = session.scalars(
            select(Issue).where(Issue.project_id == project_id).order_by(Issue.number)
        ).all()
        counted = [
            session.scalars(select(model.event_count)).all()
            for model in (IssueRelease, IssueEnvironment)
        ]
    assert [issue.number for issue in issues] == list(range(1, PROBLEMS + 1))
    assert {(issue.event_count, issue.user_count) for issue in issues} == {(EVENTS, USERS)}
    assert count(world, stored) == PROBLEMS * EVENTS
    assert counted == [[EVENTS // RELEASES] * RELEASES * PROBLEMS, [EVENTS] * PROBLEMS]
