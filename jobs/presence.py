"""Which consumers are alive: who can prove to be alone may take back every lease at once.

A lease of a worker that was killed lapses after minutes; a restarted server should resume within
seconds. Each consumer holds a shared lock for as long as its process lives, and the system drops
it with the process, kill -9 included. Who gets the lock exclusively is alone. Should a lost
connection make that wrong, claims still keep two workers from writing the same row.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol

import psycopg

from jobs.runtime import Runtime

ADVISORY_LOCK = 0x5348_4950_0001


class Presence(Protocol):
    def try_alone(self) -> bool:
        """Whether no other consumer is alive; none can join until `join` is called."""

    def join(self) -> None:
        """Be counted among those alive."""

    def leave(self) -> None: ...


def make_presence(runtime: Runtime) -> Presence:
    if runtime.db.is_sqlite:
        return FilePresence(runtime.settings.data_dir / "worker.lock")
    return PostgresPresence(runtime.db.driver_url)


class FilePresence:
    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def try_alone(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def join(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def leave(self) -> None:
        os.close(self._descriptor)


class PostgresPresence:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._alone = False

    def try_alone(self) -> bool:
        row = self._connection.execute(
            "SELECT pg_try_advisory_lock(%s)", (ADVISORY_LOCK,)
        ).fetchone()
        self._alone = bool(row and row[0])
        return self._alone

    def join(self) -> None:
        self._connection.execute("SELECT pg_advisory_lock_shared(%s)", (ADVISORY_LOCK,))
        if self._alone:
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (ADVISORY_LOCK,))

    def leave(self) -> None:
        self._connection.close()
