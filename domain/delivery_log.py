"""The delivery log: what arrived, what became of it, and trying once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from domain.audit import DELIVERIES_RETRIED, DELIVERY_RETRIED, record_event
from domain.errors import InvalidError, NotFoundError
from domain.paging import Page, first_of, parse_id
from domain.provenance import Why
from models import Delivery, DeliveryState, Repository

FINISHED = (DeliveryState.failed, DeliveryState.done, DeliveryState.ignored)


@dataclass(frozen=True)
class DeliveryRow:
    """A line of the log: everything but the body."""

    guid: str
    event: str
    action: str | None
    ref: str | None
    repository: str | None
    state: DeliveryState
    reason: str | None
    attempts: int
    received_at: datetime
    due_at: datetime
    finished_at: datetime | None

    @property
    def took(self) -> timedelta | None:
        """From its receipt to its end."""
        return self.finished_at - self.received_at if self.finished_at else None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to show; *guid* is the beginning of one. Empty: all."""

    state: DeliveryState | None = None
    event: str = ""
    repository: str = ""  # its full name
    repository_id: int | None = None  # of one that keeps no name for itself
    guid: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """On `Delivery`, joined with its repository."""
        conditions: list[ColumnElement[bool]] = []
        if self.state is not None:
            conditions.append(Delivery.state == self.state)
        if self.repository_id is not None:
            conditions.append(Delivery.repository_id == self.repository_id)
        if self.event:
            conditions.append(Delivery.event == self.event)
        if self.repository:
            conditions.append(Repository.full_name == self.repository)
        if self.guid:
            conditions.append(Delivery.guid.istartswith(self.guid, autoescape=True))
        return conditions


ALL = DeliveryFilter()


def list_deliveries(
    session: Session,
    organization_id: int | None,
    *,
    narrowed: DeliveryFilter = ALL,
    after: str | None = None,
    size: int = 50,
) -> Page[DeliveryRow]:
    """Deliveries, newest first; without an organization, everybody's.

    Raises InvalidError for a cursor that is none.
    """
    query = (
        select(
            Delivery.id,
            Delivery.guid,
            Delivery.event,
            Delivery.action,
            Delivery.ref,
            Repository.full_name,
            Delivery.state,
            Delivery.reason,
            Delivery.attempts,
            Delivery.received_at,
            Delivery.due_at,
            Delivery.finished_at,
        )
        .outerjoin(Repository, Repository.id == Delivery.repository_id)
        .where(*narrowed.conditions())
        .order_by(Delivery.id.desc())
        .limit(size + 1)
    )
    if organization_id is not None:
        query = query.where(Delivery.organization_id == organization_id)
    if after:
        query = query.where(Delivery.id < parse_id(after))
    found, last = first_of(session.execute(query).all(), size)
    return Page([DeliveryRow(*row) for _, *row in found], str(last[0]) if last else None)


def get_delivery(
    session: Session, organization_id: int, guid: str
) -> tuple[Delivery, Repository | None]:
    """The organization's delivery of that guid, body included; raises NotFoundError."""
    row = session.execute(
        select(Delivery, Repository)
        .outerjoin(Repository, Repository.id == Delivery.repository_id)
        .where(Delivery.organization_id == organization_id, Delivery.guid == guid)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"no delivery {guid!r} in this organization")
    return row[0], row[1]


def count_failed(session: Session, organization_id: int) -> int:
    """How many of the organization's deliveries were given up."""
    return session.scalars(
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.state == DeliveryState.failed)
    ).one()


def retry_delivery(session: Session, organization_id: int, guid: str, *, why: Why) -> None:
    """Make a finished delivery due again, with all its attempts before it.

    What it brought about stays: handlers run twice safely. Raises NotFoundError, or InvalidError
    while it waits or runs.
    """
    row = session.execute(
        select(Delivery.id, Delivery.state, Delivery.event)
        .where(Delivery.organization_id == organization_id, Delivery.guid == guid)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"no delivery {guid!r} in this organization")
    if row.state not in FINISHED:
        raise InvalidError(f"This delivery is {row.state}: it is worked off without that.")
    session.execute(
        update(Delivery)
        .where(Delivery.id == row.id)
        .values(_due_again(why.now))
        .execution_options(synchronize_session=False)
    )
    record_event(
        session,
        why,
        DELIVERY_RETRIED,
        organization_id=organization_id,
        subject=f"delivery {guid}",
        data={"guid": guid, "event": row.event, "was": row.state.value},
    )


def retry_failed(session: Session, organization_id: int, *, why: Why) -> int:
    """Make all failed deliveries of the organization due again; how many there were."""
    retried = session.scalars(
        update(Delivery)
        .where(
            Delivery.organization_id == organization_id,
            Delivery.state == DeliveryState.failed,
        )
        .values(_due_again(why.now))
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    if retried:
        record_event(
            session,
            why,
            DELIVERIES_RETRIED,
            organization_id=organization_id,
            data={"count": len(retried)},
        )
    return len(retried)


def _due_again(now: datetime) -> dict[str, Any]:
    return {
        "state": DeliveryState.received,
        "due_at": now,
        "attempts": 0,
        "reason": None,
        "claimed_until": None,
        "finished_at": None,
    }
