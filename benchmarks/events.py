"""Events of SDKs: stored durably a second, and digested a second, each against a bare stick.

The first stick is a Flask view that stores the body as it came: not unpacked, nobody asked who
sends it, sent again it is there twice. The second takes the same stored rows, parses them, groups
them by a key and counts, on a bare connection. Neither has anything else to do.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import func, select

from benchmarks.databases import KINDS, empty_databases
from benchmarks.event_client import KEY, PROJECT_ID, make_event
from benchmarks.event_client import KINDS as EVENT_KINDS
from benchmarks.figures import Figure
from benchmarks.intake import describe, measure, verify_stored
from config import Settings
from domain.event_storage import pack_body
from domain.received_events import NewEvent, store_events
from jobs import Runtime, drain
from jobs.status import read_queue
from models import Event, ReceivedEvent
from models.durable import open_durable
from models.session import Database
from tests.sdk import Sender, make_sender

REFERENCE, OURS, CLIENT = "benchmarks.apps:durable_only()", "wsgi:app", "benchmarks.event_client"
CONNECTIONS = 16
ROUNDS, SECONDS = 3, 3.0
ACCEPTED = 0.95  # of what is sent at a pace; a busy server slows its clients down
LONGER = 3  # than storing alone is measured: a backlog shows after a while
NUMBER = 2_000
STORE_GOAL, DIGEST_GOAL = 0.5, 0.25
BATCH = 250  # of the stick's transactions, as ours


def run(
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    number: int = NUMBER,
    kinds: Sequence[str] = KINDS,
) -> list[Figure]:
    figures = []
    with TemporaryDirectory() as directory:
        for kind in kinds:
            stored, rate = compare_storing(kind, Path(directory) / kind, rounds, seconds)
            figures.append(stored)
            path = Path(directory) / f"{kind}-both"
            figures.append(measure_backlog(kind, path, rate * STORE_GOAL, seconds * LONGER))
            figures.append(compare_digesting(kind, Path(directory), number))
    return figures


def compare_storing(
    kind: str, directory: Path, rounds: int, seconds: float
) -> tuple[Figure, float]:
    """The figure, and how many events the stick stores a second."""
    references, ours = [], []
    for number in range(rounds):
        path = directory / f"reference{number}"
        references.append(measure(REFERENCE, CONNECTIONS, path, seconds, client=CLIENT))
        with empty_databases(kind) as databases:
            url = databases.fresh()
            prepare(url)
            path = directory / str(number)
            ours.append(measure(OURS, CONNECTIONS, path, seconds, url, client=CLIENT))
            verify_stored(url, ours[-1]["rate"] * seconds, ReceivedEvent)
    ratio = median(a["rate"] / b["rate"] for a, b in zip(ours, references, strict=True))
    figure = Figure(
        f"{kind}: events stored durably, {CONNECTIONS} connections",
        f"{describe(ours)}, p99 {median(one['p99'] for one in ours):.0f} ms",
        f"Flask and SQLite, body as it came: {describe(references)}",
        ratio,
        f"at least {STORE_GOAL}x",
        ratio >= STORE_GOAL,
    )
    return figure, median(one["rate"] for one in references)


def measure_backlog(kind: str, directory: Path, pace: float, seconds: float) -> Figure:
    """What waits at the end, when *pace* events a second came in and were digested meanwhile.

    Sent for *seconds*, by the same server's embedded worker; a second's worth may be on its way.
    """
    with empty_databases(kind) as databases:
        url = databases.fresh()
        prepare(url)
        found = measure(
            *(OURS, CONNECTIONS, directory, seconds, url),
            client=CLIENT,
            pace=pace,
            with_worker=True,
        )
        db = Database(url)
        with db.reading() as session:
            waiting = read_queue(session, now=datetime.now(UTC)).pending_jobs
            digested = session.scalar(select(func.count()).select_from(Event)) or 0
        db.close()
    return Figure(
        f"{kind}: accepted and digested at once for {seconds:.0f} s, backlog at the end",
        f"{waiting:,} of {waiting + digested:,} events",
        f"{found['rate']:,.0f}/s accepted of {pace:,.0f}/s, half of the stick's",
        waiting / found["rate"],
        "all accepted, under 1x",
        waiting < found["rate"] and found["rate"] > ACCEPTED * pace,
    )


def compare_digesting(kind: str, directory: Path, number: int) -> Figure:
    bodies = [
        (event_id, make_event(event_id, index % EVENT_KINDS))
        for index, event_id in enumerate(uuid4().hex for _ in range(number))
    ]
    reference = number / digest_bare(directory / f"{kind}.db", bodies)
    with empty_databases(kind) as databases:
        url = databases.fresh()
        prepare(url)
        ours = number / digest_stored(url, directory, bodies)
    ratio = ours / reference
    return Figure(
        f"{kind}: events digested",
        f"{ours:,.0f}/s",
        f"parse, group and store, bare SQLite: {reference:,.0f}/s",
        ratio,
        f"at least {DIGEST_GOAL}x",
        ratio >= DIGEST_GOAL,
    )


def prepare(url: str) -> None:
    """One project and its key."""
    db = Database(url)
    if make_sender(db, KEY) != Sender(PROJECT_ID, KEY):
        raise RuntimeError("the database is not empty")
    db.close()


def digest_stored(url: str, data_dir: Path, bodies: Sequence[tuple[str, bytes]]) -> float:
    """Seconds for a worker to empty the inbox of these events."""
    db = Database(url)
    runtime = Runtime(Settings(data_dir, url, secret_keys=("benchmark",)), db)
    writer = open_durable(db)
    now = datetime.now(UTC)
    for at in range(0, len(bodies), BATCH):
        writer.begin()
        some = bodies[at : at + BATCH]
        store_events(
            writer,
            [
                NewEvent(PROJECT_ID, id_, now, None, pack_body(body), len(body))
                for id_, body in some
            ],
        )
        writer.commit()
    writer.close()
    began = time.perf_counter()
    with redirect_stdout(StringIO()):  # the log, a line a batch
        drain(runtime)
    seconds = time.perf_counter() - began
    runtime.close()
    return seconds


def digest_bare(path: Path, bodies: Sequence[tuple[str, bytes]]) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.executescript(
        "CREATE TABLE inbox (id INTEGER PRIMARY KEY, body BLOB);"
        "CREATE TABLE issue (key TEXT PRIMARY KEY, title TEXT, number INTEGER, last TEXT);"
        "CREATE TABLE event (id TEXT PRIMARY KEY, issue TEXT, body BLOB);"
    )
    connection.executemany("INSERT INTO inbox (body) VALUES (?)", [(body,) for _, body in bodies])
    began = time.perf_counter()
    while rows := connection.execute(
        "SELECT id, body FROM inbox ORDER BY id LIMIT ?", (BATCH,)
    ).fetchall():
        connection.execute("BEGIN IMMEDIATE")
        for row_id, body in rows:
            event = json.loads(body)
            error = event["exception"]["values"][-1]
            frame = error["stacktrace"]["frames"][-1]
            text = "\n".join((error["type"], frame["module"], frame["function"]))
            key = hashlib.sha256(text.encode()).hexdigest()
            connection.execute(
                "INSERT INTO issue VALUES (?, ?, 1, ?) ON CONFLICT (key)"
                " DO UPDATE SET number = number + 1, last = excluded.last",
                (key, f"{error['type']}: {error['value']}", event["timestamp"]),
            )
            connection.execute("INSERT INTO event VALUES (?, ?, ?)", (event["event_id"], key, body))
            connection.execute("DELETE FROM inbox WHERE id = ?", (row_id,))
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds
