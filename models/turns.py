"""Writers of one process take turns, first come first served.

SQLite lets one connection write and has the others poll, in no order: a busy worker can keep the
one that stores deliveries out for seconds. Within a process a queue is fairer; between processes
the database's own lock still holds.
"""

from __future__ import annotations

from collections import deque
from threading import Lock


class Turns:
    """A lock that is handed on in the order in which it was asked for. Not reentrant."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._is_taken = False
        self._waiting: deque[Lock] = deque()

    def take(self, timeout: float) -> bool:
        """Wait for the turn; False if it did not come within *timeout* seconds."""
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return True
            called = Lock()
            called.acquire()
            self._waiting.append(called)
        if called.acquire(timeout=timeout):
            return True
        with self._mutex:
            if called in self._waiting:
                self._waiting.remove(called)
                return False
        return True  # it came in the last moment

    def pass_on(self) -> None:
        """Give the turn to who has waited longest."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
