"""Issues: the list, and one issue with what names and what fixed it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from domain.activities import list_timeline_of_issue
from domain.homes import list_homes
from domain.issue_queries import list_fixes, list_issues, list_links
from domain.issues import find_issue, short_id_of
from models import IssueStatus
from webapp.security import current_membership, page_session

bp = Blueprint("issues", __name__, url_prefix="/issues")


@bp.get("/")
def list_page() -> ResponseReturnValue:
    wanted = request.args.get("status", "")
    if wanted and wanted not in IssueStatus.__members__:
        abort(400)
    status = IssueStatus(wanted) if wanted else None
    after = request.args.get("after")
    page = list_issues(
        page_session(), current_membership().organization_id, status=status, after=after
    )
    return render_template(
        "issues.html",
        page=page,
        status=status,
        statuses=list(IssueStatus),
        is_continued=bool(after),
    )


@bp.get("/<short_id>")
def show(short_id: str) -> ResponseReturnValue:
    db = page_session()
    found = find_issue(db, current_membership().organization_id, short_id)
    if found is None:
        abort(404)
    issue, project = found
    return render_template(
        "issue.html",
        issue=issue,
        project=project,
        short_id=short_id_of(issue, project),
        fixes=list_fixes(db, issue.id),
        homes=list_homes(db, [issue.id]).get(issue.id, []),
        links=list_links(db, issue.id),
        timeline_entries=list_timeline_of_issue(db, issue.id),
    )
