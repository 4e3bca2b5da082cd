"""Events of a project and of an issue (sentry-api.md 4.1)."""

from __future__ import annotations

from flask import abort, jsonify
from flask.typing import ResponseReturnValue

from domain.event_lists import (
    EventRecord,
    find_event_of_issue,
    find_event_of_project,
    list_events_of_issue,
    list_events_of_project,
)
from domain.event_queries import ShownEvent
from domain.issue_records import get_issue_named
from domain.windows import Window
from webapp.api.answers import Event, ListedEvent
from webapp.api.blueprint import ISSUES, db, get, get_project, organization
from webapp.api.event_serializers import render_listed_event, render_shown_event
from webapp.pagination import page, page_size, place_asked_for


@get("/projects/<org>/<project>/events/", ISSUES, answers={200: list[ListedEvent]})
def list_project_events(project: str) -> ResponseReturnValue:
    """Newest first."""
    found = get_project(project)
    return _page(list_events_of_project(db(), found.id, place=place_asked_for(), size=page_size()))


@get("/projects/<org>/<project>/events/<event_id>/", ISSUES, answers={200: Event})
def show_project_event(project: str, event_id: str) -> ResponseReturnValue:
    """One event with all that is kept of it."""
    return _show(find_event_of_project(db(), get_project(project).id, event_id))


@get("/organizations/<org>/issues/<issue_id>/events/", ISSUES, answers={200: list[ListedEvent]})
def list_issue_events(issue_id: str) -> ResponseReturnValue:
    """Newest first."""
    issue, _ = get_issue_named(db(), organization().id, issue_id)
    return _page(list_events_of_issue(db(), issue.id, place=place_asked_for(), size=page_size()))


@get("/organizations/<org>/issues/<issue_id>/events/<event_id>/", ISSUES, answers={200: Event})
def show_issue_event(issue_id: str, event_id: str) -> ResponseReturnValue:
    """One of the issue's events; `latest` is its newest."""
    issue, _ = get_issue_named(db(), organization().id, issue_id)
    return _show(find_event_of_issue(db(), issue.id, event_id))


def _page(window: Window[EventRecord]) -> ResponseReturnValue:
    return page(window, [render_listed_event(one.row, one.data) for one in window.rows])


def _show(event: ShownEvent | None) -> ResponseReturnValue:
    return jsonify(render_shown_event(event) if event is not None else abort(404))
