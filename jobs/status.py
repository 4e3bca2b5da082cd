"""How much is waiting: for `/readyz`, `/metrics` and the pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Delivery, DeliveryState, ReceivedEvent, ReceivedState, Work


@dataclass(frozen=True)
class Queue:
    """`pending_jobs` of 0 means that everything received has been worked off."""

    pending_jobs: int
    oldest_pending_seconds: float
    failed_jobs: int

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def read_queue(session: Session, *, now: datetime) -> Queue:
    """Counts rows that wait, run or were given up; never the finished ones, which are many."""
    unfinished = Delivery.state.in_([DeliveryState.received, DeliveryState.running])
    live, failed = Work.failed_at.is_(None), Delivery.state == DeliveryState.failed
    deliveries, oldest_delivery = session.execute(
        select(func.count(), func.min(Delivery.received_at)).where(unfinished)
    ).one()
    work, oldest_work = session.execute(
        select(func.count(), func.min(Work.due_at)).where(Work.due_at.is_not(None), live)
    ).one()
    events, oldest_event = session.execute(
        select(func.count(), func.min(ReceivedEvent.due_at)).where(
            ReceivedEvent.state.in_([ReceivedState.received, ReceivedState.running])
        )
    ).one()
    given_up = session.scalar(select(func.count()).select_from(Delivery).where(failed)) or 0
    given_up += session.scalar(select(func.count()).select_from(Work).where(~live)) or 0
    given_up += count_events(session)[ReceivedState.failed]
    moments = (oldest_delivery, oldest_work, oldest_event)
    oldest = min((moment for moment in moments if moment), default=now)
    return Queue(
        pending_jobs=deliveries + work + events,
        oldest_pending_seconds=round(max((now - oldest).total_seconds(), 0.0), 3),
        failed_jobs=given_up,
    )


def count_deliveries(session: Session) -> dict[str, int]:
    """How many deliveries are in each state, with the states that have none."""
    rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    counted: dict[DeliveryState, int] = dict(rows.all())
    return {state.value: counted.get(state, 0) for state in DeliveryState}


def count_events(session: Session) -> dict[str, int]:
    """How many events of the inbox are in each state, with the states that have none."""
    rows = session.execute(select(ReceivedEvent.state, func.count()).group_by(ReceivedEvent.state))
    counted: dict[ReceivedState, int] = dict(rows.all())
    return {state.value: counted.get(state, 0) for state in ReceivedState}
