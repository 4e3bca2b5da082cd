"""Events on their way in: stored once per project and id, and how many of them wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import ReceivedEvent
from models.durable import DurableWriter

COLUMNS = (
    *("project_id", "event_id"),  # unique together
    *("received_at", "peer", "state", "attempts", "due_at", "size", "body"),
)


@dataclass(frozen=True)
class NewEvent:
    """An event as received; `event_id` is 32 hex digits in lower case, `body` out of `pack_body`."""

    project_id: int
    event_id: str
    received_at: datetime
    peer: str | None  # the sender's address
    body: bytes = field(repr=False)
    size: int  # of its JSON, in bytes


@dataclass(frozen=True)
class Waiting:
    """What one project has in the inbox."""

    events: int
    size: int  # of their JSON, in bytes


def store_events(writer: DurableWriter, events: Sequence[NewEvent]) -> list[bool]:
    """Insert each event once per project and id, in the caller's transaction; whether each was new.

    Of one that waits already the first body stays; one that was digested before is stored again,
    and the digest, which knows it, passes over it.
    """
    rows = []
    for event in events:
        at = writer.moment(event.received_at)
        identity = (event.project_id, event.event_id)
        rows.append((*identity, at, event.peer, "received", 0, at, event.size, event.body))
    return writer.insert_new("received_event", COLUMNS, rows, unique=2)


def read_backlog(session: Session) -> dict[int, Waiting]:
    """What waits, by project id; answered by an index alone."""
    rows = session.execute(
        select(ReceivedEvent.project_id, func.count(), func.sum(ReceivedEvent.size)).group_by(
            ReceivedEvent.project_id
        )
    )
    return {project_id: Waiting(events, int(size)) for project_id, events, size in rows}
