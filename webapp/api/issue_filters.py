"""What a request narrows issues to: search, project, environment, time (sentry-api.md 8.1)."""

from __future__ import annotations

from flask import abort, request

from domain.errors import InvalidError
from domain.issue_changes import MOST
from domain.issue_queries import SORTS
from domain.issue_records import IssueFilter
from domain.issue_search import IssueSearch, parse_search
from domain.organizations import find_project_named
from domain.paging import find_id
from models import IssueStatus
from webapp.api.blueprint import db, organization
from webapp.api.issue_bodies import STATUSES
from webapp.api.periods import period_asked_for
from webapp.api.releases import ALL_PROJECTS, MOST_PROJECTS
from webapp.api.routes import DIGITS, Query, one_of
from webapp.context import shiplog

UNRESOLVED = "is:unresolved"
SEARCH = Query(
    "query",
    "Words of the title and the place, and the keys `is:` (a status, `inbox` or `bookmarked`), "
    "`release:` (a version or a tag), `level:` and `assigned:` (an e-mail address, a login, `#team` "
    "or `none`); `!` before any of these says that it must not hold.",
)
SORT = one_of("sort", "By `date` (last seen) by default; `new`: first seen.", *SORTS)
NARROWING = (
    Query("environment", "Seen in any of these environments.", repeats=True),
    Query("start", "Seen at this moment or later (ISO 8601)."),
    Query("end", "Seen first before this moment (ISO 8601)."),
    Query("statsPeriod", "Seen within this time until now: `14d`, `24h`."),
)
PROJECT = Query("project", "Id or slug of a project; `-1`: all of them.", repeats=True)
STATUS = one_of("status", "Only issues of that status.", *STATUSES)
IDS = Query("id", "Ids of issues; at most 1000.", DIGITS, repeats=True)


def issues_asked_for(project_ids: list[int] | None) -> IssueFilter:
    """What a list shows: without `query` what is unresolved, with an empty one everything."""
    return _filter(project_ids, parse_search(request.args.get("query", UNRESOLVED)))


def change_asked_for(project_ids: list[int] | None) -> IssueFilter:
    """What a change is for: without any of `id`, `status` and `query`, all issues."""
    return _filter(project_ids, _search_of_change(), ids=_ids())


def _filter(
    project_ids: list[int] | None, search: IssueSearch, *, ids: list[int] | None = None
) -> IssueFilter:
    seen_from, seen_before = period_asked_for(shiplog().runtime.now())
    return IssueFilter(
        search=search,
        project_ids=project_ids,
        environments=[name for name in request.args.getlist("environment") if name],
        seen_from=seen_from,
        seen_before=seen_before,
        ids=ids,
    )


def projects_asked_for() -> list[int] | None:
    """Row ids of the projects that `project` names; None: all. 404 for one that is unknown."""
    names = list(dict.fromkeys(name for name in request.args.getlist("project") if name))
    if not names or ALL_PROJECTS in names:
        return None
    if len(names) > MOST_PROJECTS:
        raise InvalidError(f"At most {MOST_PROJECTS} projects can be named.")
    found = [find_project_named(db(), organization().id, name) for name in names]
    return [project.id if project else abort(404) for project in found]


def _search_of_change() -> IssueSearch:
    status = request.args.get("status")
    if status is not None and status not in STATUSES:
        raise InvalidError("invalid value for status")
    wanted: IssueStatus | None = STATUSES[status] if status is not None else None
    return parse_search(request.args.get("query", ""), status=wanted)


def _ids() -> list[int] | None:
    """Numbers larger than any id name nothing; an empty one is a script's mistake, not all issues."""
    texts = request.args.getlist("id")
    if not texts:
        return None
    if len(texts) > MOST:
        raise InvalidError(f"At most {MOST} issues can be named.")
    if any(not (text.isascii() and text.isdigit()) for text in texts):
        raise InvalidError("An id of an issue is a number.")
    return [number for text in texts if (number := find_id(text)) is not None]
