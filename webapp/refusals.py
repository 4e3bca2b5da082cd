"""Webhooks that this process refused for their signature: a sign that secrets differ."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from threading import Lock

MOST = 1000  # moments kept; nobody needs a larger number exactly


class Refusals:
    """Counted since the start of the process, in memory: strangers must not be able to fill a table."""

    def __init__(self) -> None:
        self._moments: deque[datetime] = deque(maxlen=MOST)
        self._lock = Lock()

    def note(self, at: datetime) -> None:
        """Count one."""
        with self._lock:
            self._moments.append(at)

    def since(self, moment: datetime | None) -> tuple[int, datetime | None]:
        """How many came after *moment*, at most `MOST`, and when the last did."""
        with self._lock:
            found = [at for at in self._moments if moment is None or at > moment]
        return len(found), found[-1] if found else None
