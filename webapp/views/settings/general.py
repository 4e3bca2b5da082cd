"""Settings of the organization as a whole, and where the server keeps and finds things."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.event_retention import Retention
from domain.organization_settings import change_organization
from jobs.digest import FAILURES_KEPT
from models import Organization
from webapp.context import shiplog
from webapp.security import current_membership, page_session, person_why, require_admin

bp = Blueprint("general", __name__, url_prefix="/general")


@bp.get("/")
def show() -> ResponseReturnValue:
    organization = page_session().get_one(Organization, current_membership().organization_id)
    return render_template(
        "settings/general.html",
        organization=organization,
        places=shiplog().runtime.settings,
        retention=Retention(),
        failures_kept=FAILURES_KEPT,
    )


@bp.post("/")
def change() -> ResponseReturnValue:
    """For admins. Raises InvalidError for a name that cannot be."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        change_organization(
            db,
            current_membership().organization_id,
            name=request.form.get("name", ""),
            track_new_repositories="track_new_repositories" in request.form,
            why=person_why(),
        )
    flash("Saved.")
    return redirect(url_for("tenant.settings.general.show"), code=303)
