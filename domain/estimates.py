"""How long work that is under way may still take."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_SECONDS = 3  # what is done sooner says little about the speed


def estimate_left(
    started_at: datetime | None, *, done: int, total: int, now: datetime
) -> timedelta | None:
    """How long the rest takes at the speed so far; None while that cannot be told."""
    if started_at is None or done <= 0 or done >= total:
        return None
    elapsed = now - started_at
    if elapsed < timedelta(seconds=FIRST_SECONDS):
        return None
    return elapsed * ((total - done) / done)
