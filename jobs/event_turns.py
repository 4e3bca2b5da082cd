"""Who digests events now: one thread of a process, and only a batch that is worth its transaction.

A batch takes some 20 ms whatever its size, and on SQLite keeps the intake from writing for as long.
Two threads at it would but wait for each other. So events that keep coming in are gathered for a
moment. The first after a quiet time is digested at once, and a backlog without a pause.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

GATHER_SECONDS = 0.2  # from the beginning of a batch that was all there was to the next


class EventTurns:
    """The right to digest, of one thread at a time."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._lock = Lock()
        self._began = self._not_before = float("-inf")

    def take(self, *, at_once: bool) -> bool:
        """Whether the caller may digest a batch now; with *at_once*, however recent the last one is."""
        if not self._lock.acquire(blocking=False):
            return False
        self._began = self._ticks()
        if at_once or self._began >= self._not_before:
            return True
        self._lock.release()
        return False

    def give_back(self, *, gather: bool) -> None:
        """The caller is done; *gather*: others may digest again only when more have come in."""
        self._not_before = self._began + GATHER_SECONDS if gather else self._began
        self._lock.release()
