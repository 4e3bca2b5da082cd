"""Webhook handlers: one table from event to handler."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from models import Delivery


@dataclass
class Outcome:
    """How a delivery ended: done or ignored (with the reason people read), and what it changed."""

    state: Literal["done", "ignored"] = "done"
    reason: str | None = None
    effects: dict[str, Any] = field(default_factory=dict)


def handle_delivery(session: Session, delivery: Delivery, *, now: datetime) -> Outcome:
    """Apply *delivery*. Writes through *session*, never commits, never uses the network."""
    return Outcome(state="ignored", reason=f"event {delivery.event} is not handled")
