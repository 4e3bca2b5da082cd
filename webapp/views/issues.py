"""Issues: the list, and one issue with its events, what names and what fixed it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.activities import list_timeline_of_issue
from domain.assignees import list_choice, load_assignees
from domain.decisions import find_newest_release
from domain.errors import InvalidError
from domain.event_queries import (
    count_days,
    find_event,
    find_versions,
    list_environments_seen,
    list_releases_seen,
)
from domain.homes import list_homes
from domain.ignoring import load_conditions
from domain.issue_changes import change_issues, lock_issues
from domain.issue_queries import list_fixes, list_issues, list_links
from domain.issue_records import IssueFilter
from domain.issues import find_issue, get_issue, short_id_of
from domain.lacking import list_lacking
from domain.organizations import find_project
from domain.paging import find_id
from domain.repository_queries import list_project_slugs
from domain.undoing import list_undoable, undo
from models import Project
from webapp.bulk_decisions import MOST_TICKED, decide_of_many, reason_of
from webapp.context import shiplog
from webapp.decisions import IGNORING, change_asked_for
from webapp.issue_lists import TABS, WantedList, list_asked_for
from webapp.security import current_membership, page_session, person_why

bp = Blueprint("issues", __name__, url_prefix="/issues")


@bp.get("/")
def list_page() -> ResponseReturnValue:
    """Issues that match a search; a search for the short id of an issue leads to that issue."""
    wanted = list_asked_for()
    named = find_issue(page_session(), current_membership().organization_id, wanted.text)
    if named is not None:
        return redirect(url_for("tenant.issues.show", short_id=short_id_of(*named)))
    return _list(wanted), 400 if wanted.trouble else 200


@bp.post("/")
def decide_many() -> ResponseReturnValue:
    """What a member decided of the issues that are ticked; then the same list again."""
    wanted, membership = list_asked_for(), current_membership()
    person = person_why()
    try:
        with shiplog().runtime.db.transaction() as db:
            said = decide_of_many(db, membership.organization_id, request.form, why=person)
    except InvalidError as error:
        return _list(wanted, refused=reason_of(error)), 400
    flash(said)
    return redirect(wanted.address(after=wanted.after), code=303)


def _list(wanted: WantedList, *, refused: str | None = None) -> str:
    """The page; if a form was *refused*, with what it held."""
    db, organization_id = page_session(), current_membership().organization_id
    project = find_project(db, organization_id, wanted.slug) if wanted.slug else None
    page = list_issues(
        db,
        organization_id,
        search=wanted.search,
        project_ids=_narrow(wanted, project),
        sort=wanted.sort,
        after=wanted.after,
    )
    return render_template(
        "issues.html",
        page=page,
        days=count_days(db, [row.id for row in page.rows], now=shiplog().runtime.now()),
        wanted=wanted,
        tabs_shown=TABS,
        ignoring=IGNORING,
        projects=list_project_slugs(db, organization_id),
        refused=refused,
        ticked=request.form.getlist("id")[:MOST_TICKED],
        decision=request.form.get("decision", ""),
    )


def _narrow(wanted: WantedList, project: Project | None) -> list[int] | None:
    """The projects to look into; none of them for a search that can find nothing."""
    if wanted.trouble or (wanted.slug and project is None):
        return []
    return [project.id] if project is not None else None


@bp.get("/<short_id>")
def show(short_id: str) -> ResponseReturnValue:
    """One issue with its newest event, or with the one of its events that `event` names."""
    db = page_session()
    found = find_issue(db, current_membership().organization_id, short_id)
    if found is None:
        abort(404)
    issue, project = found
    event_id = request.args.get("event")
    event = find_event(db, issue.id, event_id)
    if event is None and event_id is not None:
        abort(404)
    return render_template(
        "issue.html",
        issue=issue,
        condition=load_conditions(db, [issue]).get(issue.id),
        assignee=load_assignees(db, [issue]).get(issue.id),
        ignoring=IGNORING,
        choice=list_choice(db, project.organization_id),
        me=current_membership().member_id,
        newest_release=find_newest_release(db, project.id),
        project=project,
        short_id=short_id_of(issue, project),
        event=event,
        days=count_days(db, [issue.id], now=shiplog().runtime.now())[issue.id],
        versions=find_versions(db, [issue.first_release_id, issue.last_release_id]),
        releases_seen=list_releases_seen(db, issue.id),
        environments_seen=list_environments_seen(db, issue.id),
        fixes=list_fixes(db, issue.id),
        homes=list_homes(db, [issue.id]).get(issue.id, []),
        lacking=list_lacking(db, issue) if issue.is_resolved else [],
        links=list_links(db, issue.id),
        timeline_entries=list_timeline_of_issue(db, issue.id),
        undoable=list_undoable(db, issue),
    )


@bp.post("/<short_id>/decide")
def decide(short_id: str) -> ResponseReturnValue:
    """What a member decided of the issue: resolved, open, ignored, or whose it is."""
    runtime, membership = shiplog().runtime, current_membership()
    issue, project = get_issue(page_session(), membership.organization_id, short_id)
    person = person_why()
    change = change_asked_for(request.form, now=person.now, me=membership.member_id)
    with runtime.db.transaction() as db:
        chosen = lock_issues(db, membership.organization_id, IssueFilter(ids=[issue.id]))
        change_issues(db, chosen, change, why=person)
    address = url_for("tenant.issues.show", short_id=short_id_of(issue, project))
    return redirect(address, code=303)


@bp.post("/<short_id>/undo")
def undo_act(short_id: str) -> ResponseReturnValue:
    """Undo what a machine did to the issue: the line of its timeline that `activity` names."""
    runtime, membership = shiplog().runtime, current_membership()
    issue, project = get_issue(page_session(), membership.organization_id, short_id)
    activity_id = find_id(request.form.get("activity", ""))
    if activity_id is None:
        abort(400)
    with runtime.db.transaction() as db:
        for locked in lock_issues(db, membership.organization_id, IssueFilter(ids=[issue.id])):
            undo(db, locked, activity_id, why=person_why())
    address = url_for("tenant.issues.show", short_id=short_id_of(issue, project))
    return redirect(address, code=303)
