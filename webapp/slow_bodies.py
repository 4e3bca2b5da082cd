"""Bodies that do not arrive: gunicorn's threads wait for them without end, and there are few.

A timeout of the socket would not do: it starts anew with each byte. So whoever reads a body says
so, and one thread ends the reading side of connections that took too long.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from domain.errors import ShiplogError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BODY_SECONDS = 30.0  # GitHub gives up after ten; 20 MB come at 5 Mbit/s
CHECK_SECONDS = 1.0


class TooSlowError(ShiplogError):
    """The body did not arrive in time."""


class SlowBodies:
    """Those being read, by thread, each with its connection and the moment when it is too late."""

    def __init__(
        self, *, seconds: float = BODY_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._reading: dict[int, tuple[float, socket.socket]] = {}
        self._mutex = threading.Lock()  # an ended request's connection may serve another one
        self._closing = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="slow bodies", daemon=True).start()

    def close(self) -> None:
        self._closing.set()

    @contextmanager
    def limit(self, environ: WSGIEnvironment) -> Iterator[None]:
        """Read the body in this; TooSlowError if its time was up before it was there."""
        connection = environ.get("gunicorn.socket")
        if connection is None:  # not on a socket: a test's client
            yield
            return
        thread, until = threading.get_ident(), self._clock() + self._seconds
        self._reading[thread] = (until, connection)
        try:
            yield
        except Exception as error:
            if self._clock() >= until:
                raise TooSlowError(f"the body took more than {self._seconds:.0f} s") from error
            raise
        finally:
            with self._mutex:
                self._reading.pop(thread, None)

    def cut(self) -> int:
        """End what takes too long; how many connections that were."""
        with self._mutex:
            now = self._clock()
            late = [thread for thread, (until, _) in list(self._reading.items()) if until <= now]
            for thread in late:
                _, connection = self._reading.pop(thread)
                with suppress(OSError):  # it is gone already
                    connection.shutdown(socket.SHUT_RD)
        return len(late)

    def _run(self) -> None:
        while not self._closing.wait(CHECK_SECONDS):
            self.cut()
