"""The consumer: embedded in the web server, or on its own with `python -m jobs.worker`."""

from __future__ import annotations

import threading
from time import monotonic

import structlog

from config import load_settings
from jobs.engine import HueyQueue, ShiplogConsumer
from jobs.presence import Presence, make_presence
from jobs.recovery import begin_checks
from jobs.runtime import Runtime
from jobs.tasks import take_back
from logs import configure_logging
from models.session import Database

log = structlog.get_logger(__name__)

WAIT_TO_BE_ALONE_SECONDS = 10.0  # for a server that was just told to stop, or lost its parent


def open_queue(runtime: Runtime) -> HueyQueue:
    """Give *runtime* its queue. Called after the fork."""
    queue = HueyQueue(runtime)
    runtime.queue = queue
    return queue


class EmbeddedWorker:
    """The consumer as threads of the server's process; started after the fork, stopped with it."""

    def __init__(self, runtime: Runtime, queue: HueyQueue) -> None:
        self._runtime = runtime
        self._consumer = ShiplogConsumer(runtime, queue, handles_signals=False)
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the workers finish the row they have, then return."""
        self._consumer.stop_flag.set()
        self._thread.join()

    def _run(self) -> None:
        presence = make_presence(self._runtime)
        try:
            if enter(self._runtime, presence, self._consumer.stop_flag):
                self._runtime.relief.allow()
                self._consumer.run()
                self._consumer.stop(graceful=True)
        finally:
            presence.leave()


def enter(runtime: Runtime, presence: Presence, stop: threading.Event) -> bool:
    """Join those alive, and resume at once what dead ones left; False when told to stop first."""
    deadline = monotonic() + WAIT_TO_BE_ALONE_SECONDS
    while not (alone := presence.try_alone()) and monotonic() < deadline:
        if stop.wait(0.1):
            return False
    if alone:
        take_back(runtime, all_of_them=True)
    begin_checks(runtime)
    presence.join()
    log.info("worker started", alone=alone)
    return True


def main() -> None:
    settings = load_settings()
    configure_logging(settings.log_format)
    runtime = Runtime(settings, Database(settings.database_url))
    consumer = ShiplogConsumer(runtime, open_queue(runtime), handles_signals=True)
    presence = make_presence(runtime)
    try:
        if enter(runtime, presence, consumer.stop_flag):
            consumer.run()
    finally:
        presence.leave()
        runtime.close()


if __name__ == "__main__":
    main()
