"""How much may wait to be digested: the disk is finite, and one project must not fill it for all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from domain.errors import ShiplogError
from domain.received_events import Waiting, read_backlog
from models.session import Database

MAX_EVENTS = 50_000
MAX_BYTES = 1024**3  # of JSON: some 37,000 events of usual size, a quarter of that on the disk
SHARE = 2  # a project may have the SHARE-th part of either
REFRESH_SECONDS = 2.0
NOTHING = Waiting(0, 0)


class BacklogError(ShiplogError):
    """Too much waits already; in a minute there may be room."""


class Backlog:
    """What waits, as read from the database every few seconds, and what was added since then.

    Counts of this process: several web processes may overshoot by what they take in between.
    """

    def __init__(
        self,
        db: Database,
        *,
        max_events: int = MAX_EVENTS,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db, self._clock = db, clock
        self._max = Waiting(max_events, max_bytes)
        self._mutex = threading.Lock()
        self._read_at = float("-inf")
        self._by_project: dict[int, Waiting] = {}
        self._all = NOTHING

    def require_room(self, project_id: int) -> None:
        """Raises BacklogError if the project, or all together, have too much waiting."""
        self._refresh()
        own = self._by_project.get(project_id, NOTHING)
        if own.events * SHARE >= self._max.events or own.size * SHARE >= self._max.size:
            raise BacklogError("too many events of this project wait to be worked off")
        if self._all.events >= self._max.events or self._all.size >= self._max.size:
            raise BacklogError("too many events wait to be worked off")

    def add(self, project_id: int, size: int) -> None:
        """Count one event more, until the next look at the database."""
        with self._mutex:
            self._by_project[project_id] = _plus(self._by_project.get(project_id, NOTHING), size)
            self._all = _plus(self._all, size)

    def _refresh(self) -> None:
        now = self._clock()
        if now - self._read_at < REFRESH_SECONDS:
            return
        self._read_at = now  # the others go on with what was known
        with self._db.reading() as session:
            by_project = read_backlog(session)
        with self._mutex:
            self._by_project = by_project
            self._all = Waiting(
                sum(each.events for each in by_project.values()),
                sum(each.size for each in by_project.values()),
            )


def _plus(waiting: Waiting, size: int) -> Waiting:
    return Waiting(waiting.events + 1, waiting.size + size)
