"""GitHub has just not answered somebody: for a minute nobody else waits to see whether it does.

A request that waits for GitHub holds a thread that webhooks and events need as well. What GitHub
said last holds meanwhile, as it does for whoever found GitHub silent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from integrations.github.errors import LongListError, UnreachableError

PAUSE = timedelta(minutes=1)


class Silence:
    """Of this process; each finds out for itself."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._until: datetime | None = None

    def begin(self, error: UnreachableError) -> None:
        """Somebody met *error*; what concerns that person alone is no silence."""
        if not isinstance(error, LongListError):
            self._until = self._now() + PAUSE

    def is_on(self) -> bool:
        return self._until is not None and self._now() < self._until
