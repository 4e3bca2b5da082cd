"""Leases on rows: claim, release, retry, give up. One code for all that is worked off.

A claim commits before the work begins, so that a row which kills its worker still counts the
attempt. The lease's end identifies the claim: who finds another end in the row has lost it to
another worker, and must not write.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.orm import Session

from domain.row_arrays import is_one_of
from models import Delivery, DeliveryState, ReceivedEvent, ReceivedState, Work

MAX_ATTEMPTS = 8
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=30)
MAX_REASON = 1000
WORKER_DIED = "the worker died while it ran"


class LeaseLostError(Exception):
    """Another worker has the row by now; nothing of this run may be written."""


@dataclass(frozen=True)
class Lane:
    """A table whose rows are worked off, and what its columns say when they are."""

    name: str
    model: type[Delivery] | type[Work] | type[ReceivedEvent]
    waiting: ColumnElement[bool]  # apart from due_at and the lease
    lease: timedelta  # longer than any single run takes
    claimed: Mapping[str, Any]
    released: Mapping[str, Any]
    # The columns that say "only a person or a later event makes this due again".
    given_up: Callable[[datetime], Mapping[str, Any]]


DELIVERIES = Lane(
    name="delivery",
    model=Delivery,
    waiting=Delivery.state == DeliveryState.received,
    lease=timedelta(minutes=2),
    claimed={"state": DeliveryState.running},
    released={"state": DeliveryState.received},
    given_up=lambda _now: {"state": DeliveryState.failed},
)
EVENTS = Lane(
    name="event",
    model=ReceivedEvent,
    waiting=ReceivedEvent.state == ReceivedState.received,
    lease=timedelta(minutes=2),
    claimed={"state": ReceivedState.running},
    released={"state": ReceivedState.received},
    given_up=lambda _now: {"state": ReceivedState.failed},
)
WORK = Lane(
    name="work",
    model=Work,
    waiting=and_(Work.due_at.is_not(None), Work.failed_at.is_(None), Work.paused_at.is_(None)),
    lease=timedelta(minutes=10),
    claimed={},
    released={},
    given_up=lambda now: {"failed_at": now},
)
LANES = (DELIVERIES, EVENTS, WORK)


@dataclass(frozen=True)
class Claim:
    """The right to work on one row until *until*; *due_at* as it was, *attempts* with this one."""

    lane: Lane
    id: int
    until: datetime
    due_at: datetime
    attempts: int


def is_due(lane: Lane, now: datetime) -> ColumnElement[bool]:
    """Waits for a worker now. A lapsed lease is not enough: `free_lapsed` takes the row back."""
    return and_(lane.waiting, lane.model.due_at <= now, lane.model.claimed_until.is_(None))


def is_lapsed(lane: Lane, now: datetime) -> ColumnElement[bool]:
    """Claimed by a worker that should have been finished with it long ago."""
    return and_(lane.model.claimed_until.is_not(None), lane.model.claimed_until <= now)


def is_any_due(session: Session, lane: Lane, *, now: datetime) -> bool:
    """Whether a claim would find something; locks nothing."""
    return bool(session.scalar(select(exists().where(is_due(lane, now)))))


def claim_next(session: Session, lane: Lane, *, now: datetime) -> Claim | None:
    """Lease the row that has been due for longest, or None. The caller commits at once."""
    model = lane.model
    oldest = (
        select(model.id)
        .where(is_due(lane, now))
        .order_by(model.due_at, model.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    claims = _claim(session, lane, model.id == oldest.scalar_subquery(), now=now)
    return claims[0] if claims else None


def claim_rows(session: Session, lane: Lane, ids: Sequence[int], *, now: datetime) -> list[Claim]:
    """Lease these rows, which are due and locked; in order of their ids. The caller commits."""
    claims = _claim(session, lane, is_one_of(session, lane.model.id, ids), now=now)
    return sorted(claims, key=lambda claim: claim.id)


def _claim(
    session: Session, lane: Lane, which: ColumnElement[bool], *, now: datetime
) -> list[Claim]:
    model, until = lane.model, now + lane.lease
    rows = session.execute(
        update(model)
        .where(which)
        .values(claimed_until=until, attempts=model.attempts + 1, **lane.claimed)
        .returning(model.id, model.due_at, model.attempts)
        .execution_options(synchronize_session=False)
    )
    return [Claim(lane, row.id, until, row.due_at, row.attempts) for row in rows]


def find_claimed(session: Session, claim: Claim) -> Any:
    """The claimed row, locked; None when the lease has passed to somebody else."""
    row: Any = session.get(claim.lane.model, claim.id, with_for_update=True)
    return row if row is not None and row.claimed_until == claim.until else None


def free_lapsed(session: Session, lane: Lane, *, now: datetime, all_of_them: bool = False) -> int:
    """Take rows back from workers that died; with *all_of_them*, when none can be alive.

    A row that has used up its attempts that way is given up: it may be what kills them.
    """
    model, freed = lane.model, 0
    lapsed = model.claimed_until.is_not(None) if all_of_them else is_lapsed(lane, now)
    for values, condition in (
        (lane.given_up(now), model.attempts >= MAX_ATTEMPTS),
        (lane.released, model.attempts < MAX_ATTEMPTS),
    ):
        statement = update(model).where(lapsed, condition)
        result = session.execute(
            statement.values(claimed_until=None, reason=WORKER_DIED, **values)
            .returning(model.id)
            .execution_options(synchronize_session=False)
        )
        freed += len(result.all())
    return freed


def postpone(row: Any, claim: Claim, *, until: datetime, reason: str) -> None:
    """Make *row* due at *until*, without counting the attempt."""
    _release(row, claim.lane.released, reason)
    row.attempts = claim.attempts - 1
    _make_due(row, until)


def retry_later(row: Any, claim: Claim, *, reason: str, now: datetime) -> None:
    """Make *row* due again after a growing delay, however often that was: it is not its fault."""
    _release(row, claim.lane.released, reason)
    row.attempts = min(claim.attempts, MAX_ATTEMPTS - 1)
    _make_due(row, now + delay_after(row.attempts))


def retry_or_give_up(
    row: Any, claim: Claim, *, reason: str, now: datetime, is_hopeless: bool = False
) -> None:
    """Make *row* due again after a growing delay, or give it up after the last attempt."""
    if is_hopeless or claim.attempts >= MAX_ATTEMPTS:
        _release(row, claim.lane.given_up(now), reason)
    else:
        _release(row, claim.lane.released, reason)
        _make_due(row, now + delay_after(claim.attempts))


def delay_after(attempts: int) -> timedelta:
    """Doubles with each failure up to a cap; up to a quarter less, so that rows do not march."""
    doubled: int = 2 ** (attempts - 1)
    delay = min(FIRST_DELAY * doubled, LONGEST_DELAY)
    return delay * (1 - random.random() / 4)  # noqa: S311 (no secret)


def _make_due(row: Any, at: datetime) -> None:
    """Unless a person paused it while it ran: then it waits for a person."""
    if getattr(row, "paused_at", None) is None:
        row.due_at = at


def _release(row: Any, values: Mapping[str, Any], reason: str) -> None:
    row.claimed_until = None
    row.reason = reason[:MAX_REASON]
    for name, value in values.items():
        setattr(row, name, value)
