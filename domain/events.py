"""Events of SDKs become issues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as it came: any JSON object, when, and from which address."""

    body: Mapping[str, Any]
    received_at: datetime | None = None
    peer: str | None = None


def digest(session: Session, project_id: int, events: Sequence[Incoming], *, now: datetime) -> None:
    """Nothing is made of them yet."""
