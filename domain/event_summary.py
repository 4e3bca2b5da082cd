"""What is counted and listed of an event; all the rest of it is only kept, and read for its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.event_data import EventData
from domain.grouping import Grouping

LONGEST_VALUE = 1000


@dataclass(frozen=True, slots=True)
class EventSummary:
    """A batch holds one of these an event, rather than the events, which are a hundred times larger."""

    event_id: str
    happened_at: datetime
    level: str
    environment: str
    release: str | None  # the name as sent
    title: str
    culprit: str
    type: str  # error or default
    details: dict[str, str]  # of an issue: type, value, filename, function
    tags: dict[str, str]
    identity: str | None  # of the person whom it befell
    grouping: Grouping
    hash: str  # of the grouping


def summarise(event: EventData, grouping: Grouping) -> EventSummary:
    return EventSummary(
        event_id=event.event_id,
        happened_at=event.happened_at,
        level=event.level,
        environment=event.environment,
        release=(event.release or "").strip() or None,
        title=event.title,
        culprit=event.culprit,
        type=event.kind,
        details=_details(event),
        tags=dict(event.tags),
        identity=event.user.identity if event.user else None,
        grouping=grouping,
        hash=grouping.hash,
    )


def _details(event: EventData) -> dict[str, str]:
    raised, crash = event.raised, event.crash
    found = {
        "type": raised.type if raised else None,
        "value": raised.value[:LONGEST_VALUE] if raised and raised.value else None,
        "filename": crash.path if crash else None,
        "function": crash.function if crash else None,
    }
    return {name: value for name, value in found.items() if value is not None}
