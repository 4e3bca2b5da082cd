"""The delivery log: what arrived, what became of it, and trying once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.errors import InvalidError, NotFoundError
from domain.paging import Page, first_of, parse_id
from models import Delivery, DeliveryState, Repository


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


def list_deliveries(
    session: Session,
    organization_id: int | None,
    *,
    state: DeliveryState | None = None,
    repository_id: int | None = None,
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
        .order_by(Delivery.id.desc())
        .limit(size + 1)
    )
    if organization_id is not None:
        query = query.where(Delivery.organization_id == organization_id)
    if state is not None:
        query = query.where(Delivery.state == state)
    if repository_id is not None:
        query = query.where(Delivery.repository_id == repository_id)
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


def retry_delivery(session: Session, organization_id: int, guid: str, *, now: datetime) -> None:
    """Make a failed delivery due again, with all its attempts before it.

    Raises NotFoundError, or InvalidError when it has not failed (any more).
    """
    retried = session.scalar(
        update(Delivery)
        .where(
            Delivery.organization_id == organization_id,
            Delivery.guid == guid,
            Delivery.state == DeliveryState.failed,
        )
        .values(
            state=DeliveryState.received,
            due_at=now,
            attempts=0,
            reason=None,
            claimed_until=None,
            finished_at=None,
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    if retried is None:
        delivery, _ = get_delivery(session, organization_id, guid)
        raise InvalidError(f"this delivery is {delivery.state}: only a failed one is retried")
