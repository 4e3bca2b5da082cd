"""Removing what is old, in transactions so small that nobody waits for them.

Looking for it takes longer than removing it, so that is done before the transaction. A process
looks at its start, then every hour; what takes longer than a moment goes on at the next sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog

from domain.event_retention import Old, Retention, find_old, remove_old
from jobs.runtime import Runtime

log = structlog.get_logger(__name__)

EVERY = timedelta(hours=1)
SECONDS = 0.5  # at most, of each sweep


@dataclass
class Pruning:
    """When one process looks for old events again; None: it has not looked yet."""

    due_at: datetime | None = None


def prune_when_due(
    runtime: Runtime,
    pruning: Pruning,
    retention: Retention | None = None,
    *,
    seconds: float = SECONDS,
) -> None:
    """Remove what is old, every hour, for at most *seconds*, and go on the next time."""
    now = runtime.now()
    if pruning.due_at is not None and now < pruning.due_at:
        return
    if prune(runtime, retention, seconds=seconds):
        pruning.due_at = now + EVERY


def prune(
    runtime: Runtime, retention: Retention | None = None, *, seconds: float = float("inf")
) -> bool:
    """Remove events that are not kept any longer; False when *seconds* were not enough."""
    retention, deadline, removed = retention or Retention(), monotonic() + seconds, 0
    while old := _find(runtime, retention):
        with runtime.db.transaction() as session:
            remove_old(session, old)
        removed += len(old)
        if monotonic() > deadline:
            break
    if removed:
        log.info("old events removed", rows=removed)
    return not old


def _find(runtime: Runtime, retention: Retention) -> Old:
    with runtime.db.reading() as session:
        return find_old(session, retention, now=runtime.now())
