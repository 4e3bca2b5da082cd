"""Events are digested many at a time: a transaction for each would cost more than its work.

A batch that fails is tried again one by one, so that a bad event fails alone. One that kills its
worker takes the batch's attempt with it; what has such an attempt behind it is claimed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import ColumnElement, and_, delete, exists, select
from sqlalchemy.orm import Session

from domain.event_reading import KeptEvent, ReadEvent, read_kept
from domain.events import digest
from domain.row_arrays import is_one_of
from jobs.claims import EVENTS, Claim, LeaseLostError, claim_rows, is_due
from jobs.runtime import Runtime
from models import ReceivedEvent, ReceivedState

log = structlog.get_logger(__name__)

BATCH_EVENTS = 250  # of which only the writing keeps others from writing, on SQLite
# Of JSON: compressed, a megabyte of nothing but brackets takes a hundred bytes, and half a second.
BATCH_BYTES = 8 * 1024 * 1024
FAILURES_KEPT = timedelta(days=14)
COLUMNS = (  # of a KeptEvent
    ReceivedEvent.event_id,
    ReceivedEvent.received_at,
    ReceivedEvent.peer,
    ReceivedEvent.body,
)


@dataclass(frozen=True)
class Batch:
    """Claimed events of one project."""

    project_id: int
    claims: Sequence[Claim]


@dataclass(frozen=True)
class Claimed:
    """Batches, and whether they are all that was due; what was left need not wait for more."""

    batches: Sequence[Batch] = ()
    is_all: bool = True

    @property
    def events(self) -> int:
        return sum(len(batch.claims) for batch in self.batches)

    @property
    def is_full(self) -> bool:
        """Whether no more went into it; one event alone is rather one that failed before."""
        return not self.is_all and self.events > 1


def claim_batches(session: Session, *, now: datetime) -> Claimed:
    """Lease the events that have been due for longest. The caller commits at once."""
    due = session.execute(
        select(
            ReceivedEvent.id, ReceivedEvent.project_id, ReceivedEvent.size, ReceivedEvent.attempts
        )
        .where(is_due(EVENTS, now))
        .order_by(ReceivedEvent.due_at, ReceivedEvent.id)
        .limit(BATCH_EVENTS)
        .with_for_update(skip_locked=True)
    ).all()
    taken = due[: count_together([(row.size, row.attempts) for row in due])]
    if not taken:
        return Claimed()
    project_of = {row.id: row.project_id for row in taken}
    claims = claim_rows(session, EVENTS, list(project_of), now=now)
    claims.sort(key=lambda claim: project_of[claim.id])  # stable: in order of receipt within one
    grouped = groupby(claims, key=lambda claim: project_of[claim.id])
    batches = [Batch(project_id, list(group)) for project_id, group in grouped]
    return Claimed(batches, is_all=len(taken) == len(due) < BATCH_EVENTS)


def count_together(due: Sequence[tuple[int, int]]) -> int:
    """How many of the first rows, of this size and so many attempts, make one batch."""
    total = 0
    for number, (size, attempts) in enumerate(due):
        total += size
        if number and (attempts or total > BATCH_BYTES):
            return number
        if attempts:
            return 1
    return len(due)


def digest_batch(runtime: Runtime, batch: Batch) -> None:
    """Digest the batch's events; what they leave and the rows' removal commit together."""
    events = _read_claimed(runtime, batch)
    with runtime.db.transaction() as session:
        held = session.scalars(
            select(ReceivedEvent.id)
            .where(_is_claimed(session, batch))
            .order_by(ReceivedEvent.id)
            .with_for_update()
        ).all()
        if not held:
            raise LeaseLostError
        now = runtime.now()
        digest(session, batch.project_id, [events[id_] for id_ in held], now=now)
        session.execute(
            delete(ReceivedEvent)
            .where(is_one_of(session, ReceivedEvent.id, held))
            .execution_options(synchronize_session=False)
        )
    log.info("events digested", project=batch.project_id, events=len(held))


def forget_failures(runtime: Runtime) -> None:
    """Remove what was given up long ago, and kept for people to see. Reads first, as the sweep."""
    old = and_(
        ReceivedEvent.state == ReceivedState.failed,
        ReceivedEvent.due_at <= runtime.now() - FAILURES_KEPT,
    )
    with runtime.db.reading() as session:
        if not session.scalar(select(exists().where(old))):
            return
    with runtime.db.transaction() as session:
        session.execute(delete(ReceivedEvent).where(old))


def _is_claimed(session: Session, batch: Batch) -> ColumnElement[bool]:
    """The batch's events, but for those whose lease has passed to somebody else."""
    ids = [claim.id for claim in batch.claims]
    return and_(
        is_one_of(session, ReceivedEvent.id, ids),
        ReceivedEvent.claimed_until == batch.claims[0].until,
    )


def _read_claimed(runtime: Runtime, batch: Batch) -> dict[int, ReadEvent]:
    """By row id; outside of any transaction, so that nobody waits for it."""
    with runtime.db.reading() as session:
        query = select(ReceivedEvent.id, *COLUMNS).where(_is_claimed(session, batch))
        rows = session.execute(query).all()
    kept = [KeptEvent(*row[1:]) for row in rows]
    reads = read_kept(kept, now=runtime.now())
    return {row.id: read for row, read in zip(rows, reads, strict=True)}
