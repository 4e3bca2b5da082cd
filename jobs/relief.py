"""A process of its own for floods of events, where the worker shares one with the web server.

Threads of one process compute in turns: digesting 700 events a second takes the time from the
requests that bring 700 more. So when batch after batch is full, a process is started that digests
(`jobs.relief_worker`), and the threads leave events to it. It ends when none have come for a while,
and with the server, however that ends. Idle servers stay as small as they are.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Lock

import structlog

from config import Settings
from jobs.processors import count_processors

log = structlog.get_logger(__name__)

FULL_BATCHES = 2  # in a row, of which the second says that the first was no mere burst
AGAIN_SECONDS = 60.0  # after one that failed
PATIENCE = timedelta(minutes=1)  # until the threads help it
STOP_SECONDS = 15.0  # for the batch that it has
ROOT = Path(__file__).resolve().parent.parent
# Of the environment, which holds secrets; the last two are for PostgreSQL's library.
PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME")
PASSED_ON_FROM = "PG"


class Relief:
    """The process, or its absence."""

    def __init__(self, settings: Settings, ticks: Callable[[], float]) -> None:
        self._settings, self._ticks = settings, ticks
        self._lock = Lock()  # over what follows
        self._is_allowed = False
        self._full = 0  # batches in a row
        self._not_before = float("-inf")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process else None

    def allow(self) -> None:
        """Start a process when it is needed, unless there is but one processor to run both."""
        self._is_allowed = count_processors() > 1

    def is_at_work(self) -> bool:
        """Whether events are to be left to the process."""
        with self._lock:
            if self._process is None:
                return False
            if (code := self._process.poll()) is None:
                return True
            self._close_pipe()
            self._process = None
            if code:
                self._not_before = self._ticks() + AGAIN_SECONDS
                log.warning("the process for floods of events failed", code=code)
            return False

    def note_batch(self, *, was_full: bool) -> None:
        """A batch was digested here; perhaps it was one too many."""
        with self._lock:
            self._full = self._full + 1 if was_full else 0
            if self._full < FULL_BATCHES or not self._is_allowed or self._process is not None:
                return
            if self._ticks() >= self._not_before:
                self._full = 0
                self._start()

    def close(self) -> None:
        """Let the process finish its batch, and start no other."""
        with self._lock:
            self._is_allowed = False
            self._close_pipe()
            process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):  # what was still to be written to a process that is gone
                self._process.stdin.close()

    def _start(self) -> None:
        """In a session of its own: the end of its pipe ends it, and not Ctrl-C.

        The settings go through the pipe, as they are here: nobody else can read them there.
        """
        environ = {
            name: value
            for name, value in os.environ.items()
            if name in PASSED_ON or name.startswith(PASSED_ON_FROM)
        }
        known = environ.get(
            "PYTHONPATH"
        )  # the directory stays: a path to a database may be relative
        environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), known] if known else [str(ROOT)])
        command = [sys.executable, "-m", "jobs.relief_worker"]
        try:
            self._process = subprocess.Popen(  # noqa: S603 (our own program)
                command, env=environ, stdin=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            self._not_before = self._ticks() + AGAIN_SECONDS
            log.warning("no process for floods of events", error=str(error))
            return
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it failed at once, as will be seen
                pickle.dump(self._settings, self._process.stdin)
                self._process.stdin.flush()
        log.info("events are left to a process of their own", pid=self._process.pid)
