"""Events in pages for programs: of a project or of an issue, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from domain.event_data import EventData
from domain.event_queries import ShownEvent, find_event, read_data
from domain.windows import Place, Window, beyond, cut, to_moment, to_number
from models import Event

LATEST = "latest"


@dataclass(frozen=True)
class EventRecord:
    row: Event
    data: EventData


def list_events_of_project(
    session: Session, project_id: int, *, place: Place | None, size: int
) -> Window[EventRecord]:
    """By when they happened. A place holds that moment and a row's id."""
    return _list(session, Event.project_id == project_id, place, size)


def list_events_of_issue(
    session: Session, issue_id: int, *, place: Place | None, size: int
) -> Window[EventRecord]:
    """As those of a project."""
    return _list(session, Event.issue_id == issue_id, place, size)


def find_event_of_project(session: Session, project_id: int, event_id: str) -> ShownEvent | None:
    """The project's event of that id, with its neighbours in its issue."""
    issue_id = session.scalar(
        select(Event.issue_id).where(
            Event.project_id == project_id, Event.event_id == event_id.replace("-", "").lower()
        )
    )
    return find_event(session, issue_id, event_id) if issue_id is not None else None


def find_event_of_issue(session: Session, issue_id: int, event_id: str) -> ShownEvent | None:
    """The issue's event of that id, or its newest if that is `latest`."""
    return find_event(session, issue_id, None if event_id == LATEST else event_id)


def _list(
    session: Session, condition: ColumnElement[bool], place: Place | None, size: int
) -> Window[EventRecord]:
    query = select(Event).where(condition)
    ascending = place is not None and place.is_backwards
    if place is not None:
        here = (to_moment(place.value), place.row_offset)
        query = query.where(beyond(Event.happened_at, Event.id, here, ascending=ascending))
    newest_first = (Event.happened_at.desc(), Event.id.desc())
    order = (Event.happened_at, Event.id) if ascending else newest_first
    rows: Sequence[Event] = session.scalars(query.order_by(*order).limit(size + 1)).all()
    window = cut(rows, place, size, lambda row: (to_number(row.happened_at), row.id))
    records = [EventRecord(row, read_data(row)) for row in window.rows]
    return Window(records, window.previous, window.following)
