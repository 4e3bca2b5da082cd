"""Huey, which carries messages to worker threads. Only this package knows it.

The queue lives in a file of its own (`jobs.db`) next to SQLite, else in the PostgreSQL database.
It may be deleted at any time: the sweep sends again what it held. Made after a fork, never before.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import psycopg
import structlog
from huey import PostgresHuey, SqliteHuey
from huey.consumer import Consumer, Scheduler
from huey.serializer import SignedSerializer

from jobs.retention import Pruning
from jobs.runtime import Runtime
from jobs.schedule import SWEEP_SECONDS, sweep
from jobs.tasks import work_off

log = structlog.get_logger(__name__)

MAKING_TABLES = 0x5348_4950_0002  # an advisory lock
WORKERS = 2
PAUSE_SECONDS = 0.02  # between messages: one a commit would take as long as the commit
TURN_SECONDS = 5.0  # then the worker takes the next message, so that none waits for ever
LONGEST_POLL_SECONDS = 0.05  # of the queue's file, a cheap read; PostgreSQL notifies
STOP_WITHIN_SECONDS = 20


def make_huey(runtime: Runtime) -> Any:
    settings, db = runtime.settings, runtime.db
    if db.is_sqlite:
        return SqliteHuey(
            "shiplog", filename=str(settings.data_dir / "jobs.db"), results=False, fsync=False
        )
    # Messages are pickles: in a shared database only those that we signed are loaded.
    signed = SignedSerializer(secret=settings.secret_keys[0], salt="shiplog-jobs")
    with psycopg.connect(db.driver_url, autocommit=True) as connection:
        # Huey makes its tables if they are missing, in which two processes must not meet.
        connection.execute("SELECT pg_advisory_lock(%s)", (MAKING_TABLES,))
        return PostgresHuey("shiplog", dsn=db.driver_url, serializer=signed, results=False)


class HueyQueue:
    """Sends "look" messages, which workers answer by working off what is due.

    A thread of its own writes them, so that nobody waits for that, and one message stands for all
    that became due while the last one was being written.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.huey = make_huey(runtime)
        self._look = self.huey.task(name="look")(self._on_message)
        self.huey.on_shutdown(name="close")(self.close_storage)  # each thread that ends says so
        self._wanted, self._closing = threading.Event(), threading.Event()
        self._mutex = threading.Lock()
        self._later: threading.Timer | None = None
        self._sender = threading.Thread(target=self._send_wanted, name="queue", daemon=True)
        self._sender.start()

    def send(self) -> None:
        self._wanted.set()

    def send_later(self, seconds: float) -> None:
        """Send in so many seconds; asked for again meanwhile, it stays at that."""
        with self._mutex:
            if self._later is None:
                timer = threading.Timer(seconds, self._send_now)
                timer.daemon = True
                timer.start()  # raises where there are too many threads: then the next is tried
                self._later = timer

    def is_empty(self) -> bool:
        return bool(self.huey.storage.queue_size() == 0)

    def close(self) -> None:
        self._closing.set()
        self._wanted.set()
        self._sender.join()
        self.close_storage()

    def close_storage(self) -> None:
        """Close the connection, which is made again where one is needed.

        By one thread at a time: of two, the second would find nothing where it just saw one.
        """
        with self._mutex:
            self.huey.storage.close()

    def _send_now(self) -> None:
        with self._mutex:
            self._later = None
        self.send()

    def _send_wanted(self) -> None:
        while self._wanted.wait() and not self._closing.is_set():
            self._wanted.clear()
            try:
                self._look()
            except (sqlite3.Error, psycopg.Error) as error:
                log.warning("queue not reached, the sweep will help", error=type(error).__name__)
            self._closing.wait(PAUSE_SECONDS)

    def _on_message(self) -> None:
        if not work_off(self._runtime, seconds=TURN_SECONDS):
            self.send()


class ShiplogConsumer(Consumer):  # type: ignore[misc]  # huey has no types
    """Worker threads, and the sweep in the place of Huey's scheduler, which counts in minutes.

    *handles_signals* is False in a thread of the web server. Huey restarts a thread that dies.
    """

    def __init__(self, runtime: Runtime, queue: HueyQueue, *, handles_signals: bool) -> None:
        self._runtime, self._queue, self._handles_signals = runtime, queue, handles_signals
        super().__init__(
            queue.huey,
            workers=WORKERS,
            periodic=False,
            initial_delay=LONGEST_POLL_SECONDS / 4,
            max_delay=LONGEST_POLL_SECONDS,
            shutdown_timeout=STOP_WITHIN_SECONDS,
            graceful_signal="TERM",
        )

    def _create_scheduler(self) -> Scheduler:
        return SweepLoop(self._runtime, self._queue, self.stop_flag)

    def _set_signal_handlers(self) -> None:
        if self._handles_signals:
            super()._set_signal_handlers()


class SweepLoop(Scheduler):  # type: ignore[misc]  # huey has no types
    def __init__(self, runtime: Runtime, queue: HueyQueue, stop_flag: Any) -> None:
        super().__init__(queue.huey, stop_flag, interval=1, periodic=False)
        self._runtime, self._queue, self._pruning = runtime, queue, Pruning()

    def loop(self, now: object = None) -> None:
        self._runtime.relief.is_at_work()  # one that has ended is let go, though nothing comes
        if sweep(self._runtime, self._pruning) and self._queue.is_empty():
            self._queue.send()
        self.stop_flag.wait(SWEEP_SECONDS)
