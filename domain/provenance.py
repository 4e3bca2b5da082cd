"""Why things changed: every automatic change leaves a line that says what brought it about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Activity


@dataclass(frozen=True, slots=True)
class Why:
    """What is at work: a delivery, the import or a person, and when."""

    now: datetime
    delivery_id: int | None = None
    source: str = "delivery"  # delivery, import, completion, api, person
    actor: str | None = None  # whose token or session it was; None: a machine's act


def record_activity(
    session: Session,
    why: Why,
    kind: str,
    *,
    organization_id: int,
    rule: str | None = None,
    matched_text: str | None = None,
    issue_id: int | None = None,
    release_id: int | None = None,
    repository_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> Activity:
    """Add one line to a timeline. `rule` names what decided."""
    activity = Activity(
        organization_id=organization_id,
        issue_id=issue_id,
        release_id=release_id,
        repository_id=repository_id,
        kind=kind,
        data={"source": why.source, **(data or {})},
        rule=rule,
        delivery_id=why.delivery_id,
        matched_text=matched_text,
        actor=why.actor,
        created_at=why.now,
    )
    session.add(activity)
    return activity
