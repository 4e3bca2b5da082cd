"""Has events read by a process of its own while many come in, where there is a processor for it.

Threads of one process compute in turns: with the worker embedded in the server, each event read is
time taken from requests. The process (`reader.py`) starts with the first large batch, takes some
30 MB, and ends when none has come for a while. It has no connection, no settings and no secret.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock

import structlog

from domain.event_reading import KeptEvent, ReadEvent, read_kept

log = structlog.get_logger(__name__)

LEAST = 50  # events; fewer are read sooner than sent
REST_SECONDS = 30.0  # without a batch
STOP_SECONDS = 5.0
ROOT = Path(__file__).resolve().parent.parent
PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")  # of the environment, which holds secrets


class Reader:
    """Reads batches here, or in the process; one batch at a time goes there."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._is_allowed = False
        self._lock = Lock()  # over the next two
        self._process: _Process | None = None
        self._used_at = 0.0

    @property
    def process_id(self) -> int | None:
        """Of the process, while there is one."""
        process = self._process
        return process.popen.pid if process else None

    def allow_process(self) -> None:
        """Use a process from now on, unless there is but one processor to run all of them."""
        self._is_allowed = len(os.sched_getaffinity(0)) > 1

    def read(self, events: Sequence[KeptEvent], *, now: datetime) -> list[ReadEvent]:
        """As `read_kept`; what the process cannot do, whatever the reason, is done here."""
        reads = None
        if self._is_allowed and len(events) >= LEAST and self._lock.acquire(blocking=False):
            try:
                reads = self._ask(events, now)
            finally:
                self._lock.release()
        return read_kept(events, now=now) if reads is None else reads

    def rest(self) -> None:
        """End the process if it has had nothing to do for a while."""
        if self._lock.acquire(blocking=False):
            try:
                if self._ticks() - self._used_at > REST_SECONDS:
                    self._end()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the process, and start no other."""
        self._is_allowed = False
        with self._lock:
            self._end()

    def _ask(self, events: Sequence[KeptEvent], now: datetime) -> list[ReadEvent] | None:
        """What the process read; None if it could not, or is gone."""
        try:
            self._process = self._process or _Process()
            reads = self._process.ask((events, now))
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            log.warning("the process that reads events is gone", error=type(error).__name__)
            self._end()
            return None
        self._used_at = self._ticks()
        return reads

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()


class _Process:
    """`reader.py`, running. A session of its own: the end of its pipes ends it, and not Ctrl-C."""

    def __init__(self) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "reader"],
            cwd=ROOT,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        if self.popen.stdin is None or self.popen.stdout is None:
            raise OSError("the process has no pipes")
        self._questions, self._answers = self.popen.stdin, self.popen.stdout

    def ask(self, batch: tuple[Sequence[KeptEvent], datetime]) -> list[ReadEvent] | None:
        pickle.dump(batch, self._questions, protocol=pickle.HIGHEST_PROTOCOL)
        self._questions.flush()
        reads: list[ReadEvent] | None = pickle.load(self._answers)  # noqa: S301 (our own process)
        return reads

    def end(self) -> None:
        with suppress(OSError):  # what was still to be written to a process that is gone
            self._questions.close()
        self._answers.close()
        try:
            self.popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
