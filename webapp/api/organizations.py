"""Organizations, and the people in them."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from domain.windows import slice_of
from webapp.api.blueprint import MEMBERS, ORGANIZATIONS, TEAMS, get, organization
from webapp.api.serializers import Json, render_organization, render_team
from webapp.context import shiplog
from webapp.pagination import page, page_size, place_asked_for


@get("/organizations/", ORGANIZATIONS)
def list_organizations() -> ResponseReturnValue:
    """The one organization that the token belongs to."""
    window = slice_of([_render()], place_asked_for(), page_size())
    return page(window, window.rows)


@get("/organizations/<org>/", ORGANIZATIONS)
def show_organization() -> ResponseReturnValue:
    return jsonify(_render())


@get("/organizations/<org>/members/", MEMBERS)
def list_members() -> ResponseReturnValue:
    """Empty: people sign in by links and are not known one by one."""
    return _nothing()


@get("/organizations/<org>/teams/", TEAMS)
def list_teams() -> ResponseReturnValue:
    """The one team: everybody in the organization."""
    window = slice_of([render_team(organization())], place_asked_for(), page_size())
    return page(window, window.rows)


def _render() -> Json:
    return render_organization(organization(), url=shiplog().runtime.settings.public_url)


def _nothing() -> ResponseReturnValue:
    none: list[Json] = []
    return page(slice_of(none, place_asked_for(), page_size()), none)
