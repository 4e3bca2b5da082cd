"""The release doctor: names in events that almost match a release, and names accepted for one."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.doctor import find_problems
from domain.errors import InvalidError
from domain.organizations import get_project
from domain.release_aliases import accept_alias, list_aliases, remove_alias
from domain.windows import Place, slice_of
from jobs import enqueue
from webapp.context import shiplog
from webapp.pagination import page_number
from webapp.security import current_membership, page_session, person_why, require_admin

bp = Blueprint("doctor", __name__, url_prefix="/doctor")

FINDINGS_A_PAGE = 100


@bp.get("")
def list_page() -> ResponseReturnValue:
    """What is to be put right, that of most events first, and what was."""
    db, organization_id = page_session(), current_membership().organization_id
    number = page_number(request.args.get("page", "1"))
    findings = find_problems(db, organization_id, now=shiplog().runtime.now())
    return render_template(
        "doctor.html",
        window=slice_of(findings, Place(FINDINGS_A_PAGE, number - 1), FINDINGS_A_PAGE),
        total=len(findings),
        number=number,
        aliases=list_aliases(db, organization_id),
    )


@bp.post("/aliases")
def accept() -> ResponseReturnValue:
    """Let a name stand for a release of its project; for admins."""
    require_admin()
    membership, runtime = current_membership(), shiplog().runtime
    with runtime.db.transaction() as db:
        project = get_project(db, membership.organization_id, _field("project"))
        accept_alias(db, project, _field("name"), _field("version"), why=person_why())
    enqueue(runtime)
    return redirect(url_for("tenant.doctor.list_page"), code=303)


@bp.post("/aliases/<int(max=2147483647):alias_id>/remove")
def remove(alias_id: int) -> ResponseReturnValue:
    """Let the name stand for nothing again; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        remove_alias(db, current_membership().organization_id, alias_id, why=person_why())
    return redirect(url_for("tenant.doctor.list_page"), code=303)


def _field(name: str) -> str:
    """What the form says; PostgreSQL refuses to compare with a NUL."""
    text = request.form.get(name, "")
    if "\0" in text:
        raise InvalidError(f"the {name} holds a NUL")
    return text
