"""The program of the process that digests floods of events; `jobs.relief` starts it.

Its settings come through standard input, whose end tells it to stop: the server was told to, or is
gone. It is a worker like any other: it leases what it digests, and what it leaves another takes up.
"""

from __future__ import annotations

import pickle
import select
import signal
import sys
from time import monotonic

import structlog

from config import Settings
from jobs.event_turns import GATHER_SECONDS
from jobs.presence import make_presence
from jobs.runtime import Runtime
from jobs.tasks import digest_due
from logs import configure_logging
from models.session import Database

log = structlog.get_logger(__name__)

REST_SECONDS = 30.0  # without an event


def main() -> None:
    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301 (of the server that started us)
    configure_logging(settings.log_format)
    runtime = Runtime(settings, Database(settings.database_url, pool_size=2))
    presence = make_presence(runtime)
    try:
        presence.join()
        digest_while_they_come(runtime, Stop(sys.stdin.fileno()))
    finally:
        presence.leave()
        runtime.close()


class Stop:
    """Whether to stop, by the end of a pipe or by SIGTERM."""

    def __init__(self, pipe: int) -> None:
        self._pipe, self._is_told = pipe, False
        signal.signal(signal.SIGTERM, self._on_signal)

    def wait(self, seconds: float) -> bool:
        """Wait for so long; True as soon as the pipe has ended."""
        ended, _, _ = select.select([self._pipe], [], [], seconds)
        return bool(ended) or self._is_told

    def _on_signal(self, *_about: object) -> None:
        self._is_told = True


def digest_while_they_come(
    runtime: Runtime, stop: Stop, *, rest_seconds: float = REST_SECONDS
) -> None:
    """Batch after batch, until there has been none for a while or it is time to *stop*."""
    last = monotonic()
    while True:
        began = monotonic()
        claimed = digest_due(runtime)
        last = began if claimed.events else last
        pause = began + GATHER_SECONDS - monotonic() if claimed.is_all else 0.0
        if stop.wait(max(pause, 0.0)) or began - last > rest_seconds:
            log.info("events are left to the server again")
            return


if __name__ == "__main__":
    main()
