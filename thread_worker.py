"""gunicorn's worker with threads, which waits for the head of a request only so long.

It waits without end by itself, and each connection that says half of a head and no more takes one
of the threads away: as many of these as there are threads, and the server answers nobody. What
takes too long after the head is the affair of `webapp/slow_bodies.py`. This module is loaded before
the processes fork, so it loads nothing of ours.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

HEAD_SECONDS = 10.0  # heads are small: who needs longer is not there any more
CHECK_SECONDS = 1.0


class SlowHeads:
    """Connections whose head is awaited, by thread, each with the moment when it is too late."""

    def __init__(
        self, *, seconds: float = HEAD_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._awaited: dict[int, tuple[float, socket.socket]] = {}
        self._mutex = threading.Lock()  # an ended request's connection may serve another one

    def begin(self, connection: socket.socket) -> None:
        """The thread waits for a head on this."""
        self._awaited[threading.get_ident()] = (self._clock() + self._seconds, connection)

    def end(self) -> None:
        """The thread has its head, or waits no longer."""
        with self._mutex:
            self._awaited.pop(threading.get_ident(), None)

    def cut(self) -> int:
        """End the reading side of those that take too long; how many these were."""
        with self._mutex:
            now = self._clock()
            late = [thread for thread, (until, _) in list(self._awaited.items()) if until <= now]
            for thread in late:
                _, connection = self._awaited.pop(thread)
                with suppress(OSError):  # it is gone already
                    connection.shutdown(socket.SHUT_RD)
        return len(late)


class HeadLimitedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Closes connections that do not get a request's head across in time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slow_heads = SlowHeads()

    def init_process(self) -> None:
        """Begin to watch in the process that serves, after the fork."""
        threading.Thread(target=self._watch, name="slow heads", daemon=True).start()
        super().init_process()

    def handle(self, conn: Any) -> Any:
        self._slow_heads.begin(conn.sock)
        try:
            return super().handle(conn)
        finally:
            self._slow_heads.end()

    def handle_request(self, req: Any, conn: Any) -> Any:
        self._slow_heads.end()
        return super().handle_request(req, conn)

    def handle_http2(self, conn: Any) -> Any:
        self._slow_heads.end()
        return super().handle_http2(conn)

    def _watch(self) -> None:
        while True:
            time.sleep(CHECK_SECONDS)
            self._slow_heads.cut()
