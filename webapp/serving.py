"""The life of a serving process: what begins after the fork and ends with it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from jobs.worker import EmbeddedWorker, open_queue
from webapp.context import shiplog


def start(app: Flask, *, with_worker: bool) -> Callable[[], None]:
    """Open the queue and, *with_worker*, work jobs off here; the function that ends all of it."""
    parts = shiplog(app)
    queue = open_queue(parts.runtime)
    if not with_worker:
        return parts.close
    worker = EmbeddedWorker(parts.runtime, queue)
    worker.start()

    def stop() -> None:
        worker.stop()
        parts.close()

    return stop
