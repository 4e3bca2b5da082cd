"""Teams, their members and the projects that they look after."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.organizations import list_projects
from domain.paging import parse_id
from domain.people_queries import list_people
from domain.teams import change_team, create_team, delete_team, get_team, list_teams
from webapp.context import shiplog
from webapp.security import current_membership, page_session, person_why, require_admin

bp = Blueprint("teams", __name__, url_prefix="/teams")


@bp.get("/")
def show() -> ResponseReturnValue:
    teams = list_teams(page_session(), current_membership().organization_id)
    return render_template("settings/teams.html", teams=teams)


@bp.post("/")
def create() -> ResponseReturnValue:
    """A new team, empty; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        team = create_team(
            db,
            current_membership().organization_id,
            request.form.get("name", ""),
            why=person_why(),
        )
        slug = team.slug
    return redirect(url_for("tenant.settings.teams.team", slug=slug), code=303)


@bp.get("/<slug>/")
def team(slug: str) -> ResponseReturnValue:
    db, organization_id = page_session(), current_membership().organization_id
    found = get_team(db, organization_id, slug)
    row = next(row for row in list_teams(db, organization_id) if row.team.id == found.id)
    return render_template(
        "settings/team.html",
        row=row,
        people=[one.member for one in list_people(db, organization_id)],
        projects=list_projects(db, organization_id),
    )


@bp.post("/<slug>/")
def change(slug: str) -> ResponseReturnValue:
    """Name, members and projects; for admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        change_team(
            db,
            get_team(db, current_membership().organization_id, slug),
            name=request.form.get("name", ""),
            member_ids=_ids(request.form.getlist("members")),
            project_ids=_ids(request.form.getlist("projects")),
            why=person_why(),
        )
    return redirect(url_for("tenant.settings.teams.team", slug=slug), code=303)


@bp.post("/<slug>/delete")
def delete(slug: str) -> ResponseReturnValue:
    """For admins."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        delete_team(db, get_team(db, current_membership().organization_id, slug), why=person_why())
    return redirect(url_for("tenant.settings.teams.show"), code=303)


def _ids(texts: Iterable[str]) -> list[int]:
    return [parse_id(text) for text in texts]
