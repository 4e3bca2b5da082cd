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
        self.is_allowed = False
        self._ticks = ticks
        self._lock = Lock()  # over what follows
        self._process: subprocess.Popen[bytes] | None = None
        self._used_at = 0.0

    def allow_process(self) -> None:
        """Use a process from now on, unless there is but one processor to run all of them."""
        self.is_allowed = len(os.sched_getaffinity(0)) > 1

    def read(self, events: Sequence[KeptEvent], *, now: datetime) -> list[ReadEvent]:
        """As `read_kept`: whatever goes wrong with the process, it is done here then."""
        reads = None
        if self.is_allowed and len(events) >= LEAST and self._lock.acquire(blocking=False):
            try:
                reads = self._ask(events, now)
            finally:
                self._lock.release()
        return read_kept(events, now=now) if reads is None else reads

    def rest(self) -> None:
        """End the process if it has had nothing to do for a while."""
        if self._lock.acquire(blocking=False):
            try:
                if self._process and self._ticks() - self._used_at > REST_SECONDS:
                    self._end()
            finally:
                self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, events: Sequence[KeptEvent], now: datetime) -> list[ReadEvent] | None:
        """What the process read; None if it could not, or is gone."""
        try:
            process = self._process = self._process or _start()
            if process.stdin is None or process.stdout is None:
                raise OSError("no pipes")
            pickle.dump((events, now), process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            reads: list[ReadEvent] | None = pickle.load(process.stdout)  # noqa: S301 (our own process)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            log.warning("the process that reads events is gone", error=type(error).__name__)
            self._end()
            return None
        self._used_at = self._ticks()
        return reads

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what was still to be written to a process that is gone
                pass
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start() -> subprocess.Popen[bytes]:
    """A session of its own, so that Ctrl-C ends it by the end of its pipes, as everything does."""
    environ = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "reader"],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
