"""Organizations, and the people in them."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from domain import teams
from domain.people_queries import list_people
from domain.windows import slice_of
from webapp.api.answers import Member, Organization, Team
from webapp.api.blueprint import MEMBERS, ORGANIZATIONS, TEAMS, db, get, organization
from webapp.api.serializers import (
    Json,
    render_made_team,
    render_member,
    render_organization,
    render_team,
)
from webapp.context import shiplog
from webapp.pagination import page, page_size, place_asked_for


@get("/organizations/", ORGANIZATIONS, answers={200: list[Organization]})
def list_organizations() -> ResponseReturnValue:
    """The one organization that the token belongs to."""
    window = slice_of([_render()], place_asked_for(), page_size())
    return page(window, window.rows)


@get("/organizations/<org>/", ORGANIZATIONS, answers={200: Organization})
def show_organization() -> ResponseReturnValue:
    """Its name and addresses."""
    return jsonify(_render())


@get("/organizations/<org>/members/", MEMBERS, answers={200: list[Member]})
def list_members() -> ResponseReturnValue:
    """Who belongs to it, by name; people who came by a sign-in link alone are not known."""
    people = list_people(db(), organization().id)
    rendered = [render_member(row) for row in people if row.member.ended_at is None]
    window = slice_of(rendered, place_asked_for(), page_size())
    return page(window, window.rows)


@get("/organizations/<org>/teams/", TEAMS, answers={200: list[Team]})
def list_teams() -> ResponseReturnValue:
    """The team of everybody, which has the organization's slug, then those that admins made."""
    made = teams.list_teams(db(), organization().id)
    rendered = [render_team(organization()), *(render_made_team(row.team) for row in made)]
    window = slice_of(rendered, place_asked_for(), page_size())
    return page(window, window.rows)


def _render() -> Json:
    return render_organization(organization(), url=shiplog().runtime.settings.public_url)
