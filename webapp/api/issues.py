"""Issues: lists, one of them by id or short id, and its short id alone (sentry-api.md 8.1, 8.5)."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from domain.errors import InvalidError
from domain.issue_queries import SORTS
from domain.issue_records import (
    IssueRecord,
    get_issue_named,
    list_issue_records,
    load_issue_records,
)
from domain.issues import find_issue, get_issue, short_id_of
from domain.windows import Window
from models import Issue as IssueRow
from models import Project
from webapp.api.answers import Issue, ShortId
from webapp.api.blueprint import ISSUES, db, get, get_project, organization
from webapp.api.issue_filters import (
    NARROWING,
    PROJECT,
    SEARCH,
    SORT,
    issues_asked_for,
    projects_asked_for,
)
from webapp.api.issue_serializers import render_issue
from webapp.api.routes import Query
from webapp.api.serializers import Json
from webapp.context import shiplog
from webapp.pagination import page, page_size, place_asked_for

DIRECT_HIT = "X-Sentry-Direct-Hit"
LOOKUP = Query("shortIdLookup", "`1`: a `query` that is a short id finds that issue alone.")


@get(
    "/organizations/<org>/issues/",
    ISSUES,
    answers={200: list[Issue]},
    query=(SEARCH, SORT, *NARROWING, PROJECT, LOOKUP),
)
def list_issues() -> ResponseReturnValue:
    """Without `query` those that are unresolved, with an empty one all; last seen first."""
    return _list(projects_asked_for())


@get(
    "/projects/<org>/<project>/issues/",
    ISSUES,
    answers={200: list[Issue]},
    query=(SEARCH, SORT, *NARROWING, LOOKUP),
)
def list_issues_of_project(project: str) -> ResponseReturnValue:
    """The same of one project."""
    return _list([get_project(project).id])


@get("/organizations/<org>/issues/<issue_id>/", ISSUES, answers={200: Issue})
def show_issue_of_organization(issue_id: str) -> ResponseReturnValue:
    """One issue, by id or short id."""
    return jsonify(render_one(*get_issue_named(db(), organization().id, issue_id)))


@get("/issues/<issue_id>/", ISSUES, answers={200: Issue})
def show_issue(issue_id: str) -> ResponseReturnValue:
    """The same, in the token's organization."""
    return jsonify(render_one(*get_issue_named(db(), organization().id, issue_id)))


@get("/organizations/<org>/shortids/<short_id>/", ISSUES, answers={200: ShortId})
def show_short_id(short_id: str) -> ResponseReturnValue:
    """The issue of that short id, in any spelling of it."""
    issue, project = get_issue(db(), organization().id, short_id)
    return jsonify(
        organizationSlug=organization().slug,
        projectSlug=project.slug,
        groupId=str(issue.id),
        group=render_one(issue, project),
        shortId=short_id_of(issue, project),
    )


def render_one(issue: IssueRow, project: Project) -> Json:
    [record] = load_issue_records(db(), [(issue, project)])
    return _render(record)


def _list(project_ids: list[int] | None) -> ResponseReturnValue:
    sort = request.args.get("sort") or "date"
    if sort not in SORTS:
        raise InvalidError("invalid sort")
    place, size = place_asked_for(), page_size()
    narrowed = issues_asked_for(project_ids)
    hit = _find_hit(project_ids)
    if hit is not None:
        response = page(Window([hit], None, None), [_render(hit)])
        response.headers[DIRECT_HIT] = "1"
        return response
    window = list_issue_records(
        db(), organization().id, narrowed=narrowed, sort=sort, place=place, size=size
    )
    return page(window, [_render(record) for record in window.rows])


def _find_hit(project_ids: list[int] | None) -> IssueRecord | None:
    """The issue whose short id is all that was searched for."""
    if request.args.get("shortIdLookup") not in ("1", "true"):
        return None
    found = find_issue(db(), organization().id, request.args.get("query", ""))
    if found is None or (project_ids is not None and found[1].id not in project_ids):
        return None
    return load_issue_records(db(), [found])[0]


def _render(record: IssueRecord) -> Json:
    root = shiplog().runtime.settings.public_url
    short_id = short_id_of(record.issue, record.project)
    return render_issue(record, permalink=f"{root}/o/{organization().slug}/issues/{short_id}")
