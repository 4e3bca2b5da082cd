"""Events of SDKs become issues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class StoredEvent:
    """An event as it was received; `body` is its JSON object."""

    event_id: str  # 32 hex digits
    received_at: datetime
    peer: str | None  # the sender's address
    body: bytes = field(repr=False)


def digest(session: Session, project_id: int, events: Sequence[StoredEvent], now: datetime) -> None:
    """Nothing is made of them yet."""
