"""The life of a serving process: what begins after the fork and ends with it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import structlog
from flask import Flask

from domain.errors import AwayError
from jobs import Runtime
from jobs.worker import EmbeddedWorker, open_queue
from webapp.context import shiplog

log = structlog.get_logger(__name__)
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of glibc's malloc.h


def keep_memory_small() -> None:
    """Have large bodies given back to the system, and not kept once in each thread's heap."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc; elsewhere the defaults do
        mallopt(M_MMAP_THRESHOLD, 512 * 1024)
        mallopt(M_ARENA_MAX, 2)


def give_memory_back() -> None:
    """Hand what a large request took back to the system, now that it is answered."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def announce(runtime: Runtime) -> None:
    """Say where people find the server, and what it lacks to do its work."""
    log.info("serving", url=runtime.settings.public_url)
    try:
        for lack in list_lacks(runtime):
            log.warning(lack)
    except AwayError as error:
        log.warning("the App is not known yet", reason=str(error))


def list_lacks(runtime: Runtime) -> list[str]:
    """What does not work without an App, or with the one there is, and what changes that."""
    trouble = runtime.app_trouble()
    if trouble is not None:
        return [f"the registered App cannot be used, as the set-up page says: {trouble}"]
    app = runtime.app_settings()
    lacks = []
    if not runtime.webhook_secrets():
        lacks.append(
            "every webhook is refused until the App is registered on the set-up page "
            "or GITHUB_WEBHOOK_SECRET is set"
        )
    if app is None or app.private_key is None:
        lacks.append(
            "GitHub is asked for nothing until the App is registered on the set-up page "
            "or GITHUB_APP_ID and GITHUB_PRIVATE_KEY are set"
        )
    return lacks


def start(app: Flask, *, with_worker: bool) -> Callable[[], None]:
    """Open the queue and, *with_worker*, work jobs off here; the function that ends all of it."""
    keep_memory_small()
    parts = shiplog(app)
    announce(parts.runtime)
    parts.slow_bodies.start()
    queue = open_queue(parts.runtime)
    if not with_worker:
        return parts.close
    worker = EmbeddedWorker(parts.runtime, queue)
    worker.start()

    def stop() -> None:
        worker.stop()
        parts.close()

    return stop
