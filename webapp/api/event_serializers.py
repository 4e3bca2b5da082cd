"""Events as the JSON that clients read (sentry-cli-contract.md 5): `project` is a number there."""

from __future__ import annotations

from domain.event_data import EventData, render_event
from domain.event_queries import ShownEvent
from models import Event
from webapp.api.serializers import Json
from webapp.moments import moment_text

ENTRIES = {  # in the JSON of SDKs, by the names of the API
    "exception": "exception",
    "threads": "threads",
    "message": "logentry",
    "breadcrumbs": "breadcrumbs",
    "request": "request",
}


def render_listed_event(row: Event, data: EventData) -> Json:
    """What lists hold. Texts of a person may be null, but are never numbers."""
    user, crash = data.user, data.crash
    return {
        "id": row.event_id,
        "eventID": row.event_id,
        "groupID": str(row.issue_id),
        "projectID": str(row.project_id),
        "project": row.project_id,
        "type": data.kind,
        "title": row.title,
        "message": data.message.text if data.message else "",
        "culprit": data.culprit,
        "location": crash.path if crash else None,
        "platform": data.platform,
        "level": row.level,
        "environment": row.environment,
        "dateCreated": moment_text(row.happened_at),
        "dateReceived": moment_text(row.received_at),
        "tags": [{"key": key, "value": value} for key, value in data.tags],
        "user": None
        if user is None
        else {
            "id": user.id,
            "email": user.email,
            "username": user.username,
            "ip_address": user.ip_address,
            "name": user.name,
        },
    }


def render_shown_event(event: ShownEvent) -> Json:
    """All that is kept of the event, in the shapes that SDKs send."""
    data, whole = event.data, render_event(event.data)
    name, version = data.sdk
    return {
        **render_listed_event(event.row, data),
        "release": {"version": event.release} if event.release else None,
        "dist": data.dist,
        "entries": [
            {"type": entry, "data": whole[key]} for entry, key in ENTRIES.items() if key in whole
        ],
        "contexts": dict(data.contexts),
        "context": dict(data.extra),
        "packages": dict(data.modules),
        "sdk": {"name": name, "version": version} if name or version else None,
        "errors": [f"{part} is not whole" for part in data.cuts],
        "fingerprints": [event.row.hash],
        "metadata": _metadata(data),
        "nextEventID": event.newer,
        "previousEventID": event.older,
    }


def _metadata(data: EventData) -> Json:
    raised = data.raised
    return {"type": raised.type, "value": raised.value} if raised else {"title": data.title}
