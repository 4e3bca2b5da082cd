"""The time at GitHub, which tests can move, and how GitHub writes times."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's clock plus what it was moved by."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + self._ahead

    def advance(self, **by: float) -> None:
        """Move on; arguments are those of `timedelta`."""
        self._ahead += timedelta(**by)


def utc(at: datetime) -> str:
    """Render as `2024-01-31T12:00:00Z`, the form of almost every time in the API."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".zfill(20)


def local(at: datetime) -> str:
    """Render with the time's own offset, as the commits of a push do."""
    text = at.isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
