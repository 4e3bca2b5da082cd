"""Rows of the inbox and of long work, committed, as the server leaves them."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from models import Delivery, Organization, ReceivedEvent, Work, WorkKind, utcnow
from models.session import Database


def make_delivery(
    db: Database,
    *,
    at: datetime,
    guid: str | None = None,
    event: str = "ping",
    body: bytes = b"{}",
) -> Delivery:
    with db.transaction() as session:
        delivery = Delivery(
            guid=guid or str(uuid4()),
            event=event,
            content_type="application/json",
            body=body,
            received_at=at,
            due_at=at,
        )
        session.add(delivery)
    return delivery


def make_organization(db: Database, *, slug: str = "acme") -> Organization:
    with db.transaction() as session:
        organization = Organization(slug=slug, name=slug, created_at=utcnow())
        session.add(organization)
    return organization


def make_work(db: Database, *, due_at: datetime, subject_id: int = 1) -> Work:
    organization = make_organization(db)
    with db.transaction() as session:
        work = Work(
            kind=WorkKind.gaps,
            subject_id=subject_id,
            organization_id=organization.id,
            due_at=due_at,
        )
        session.add(work)
    return work


def make_received_event(
    db: Database,
    *,
    at: datetime,
    project_id: int = 1,
    body: bytes = b"{}",
    attempts: int = 0,
    size: int | None = None,
) -> ReceivedEvent:
    with db.transaction() as session:
        event = ReceivedEvent(
            project_id=project_id,
            event_id=uuid4().hex,
            received_at=at,
            due_at=at,
            attempts=attempts,
            size=len(body) if size is None else size,
            body=body,
        )
        session.add(event)
    return event
