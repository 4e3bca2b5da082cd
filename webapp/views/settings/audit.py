"""The audit log: who did what to the organization, and when; for admins."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from domain.audit_log import AuditFilter, list_audit_lines, list_choices
from webapp.audit_files import FILES
from webapp.context import shiplog
from webapp.security import current_membership, page_session, require_admin

bp = Blueprint("audit", __name__, url_prefix="/audit")

MOST_CHARACTERS = 200  # of a filter


@bp.get("/")
def show() -> ResponseReturnValue:
    require_admin()
    db, organization_id = page_session(), current_membership().organization_id
    narrowed, after = _narrowed(), request.args.get("after")
    return render_template(
        "settings/audit.html",
        page=list_audit_lines(db, organization_id, narrowed, after=after),
        choices=list_choices(db, organization_id),
        narrowed=narrowed,
        is_continued=bool(after),
    )


@bp.get("/lines.<any(csv, json):ending>")
def download(ending: str) -> ResponseReturnValue:
    """All lines that match, newest first, as a file; written as it is read."""
    require_admin()
    membership, runtime = current_membership(), shiplog().runtime
    file = FILES[ending]
    answer = Response(
        stream_with_context(file.write(runtime.db, membership.organization_id, _narrowed())),
        content_type=file.content_type,
    )
    name = f"audit-{membership.slug}-{runtime.now():%Y-%m-%d}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _narrowed() -> AuditFilter:
    person, kind, subject = (
        request.args.get(name, "").strip()[:MOST_CHARACTERS]
        for name in ("person", "kind", "subject")
    )
    return AuditFilter(person=person, kind=kind, subject=subject)
