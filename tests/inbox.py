"""A delivery in the inbox, as the intake leaves it."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from models import Delivery
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
