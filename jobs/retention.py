"""Removing what is old, in transactions so small that nobody waits for them."""

from __future__ import annotations

from time import monotonic

import structlog

from domain.event_retention import Retention, prune_events
from jobs.runtime import Runtime

log = structlog.get_logger(__name__)


def prune(
    runtime: Runtime, retention: Retention | None = None, *, seconds: float = float("inf")
) -> int:
    """Remove events that are not kept any longer, for at most *seconds*; how many rows."""
    retention, deadline, removed = retention or Retention(), monotonic() + seconds, 0
    while monotonic() < deadline:
        with runtime.db.transaction() as session:
            some = prune_events(session, retention, now=runtime.now())
        if not some:
            break
        removed += some
    if removed:
        log.info("old events removed", rows=removed)
    return removed
