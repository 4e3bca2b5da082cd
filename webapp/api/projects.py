"""Projects of an organization, and the keys with which SDKs reach them."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from domain.errors import FieldsInvalidError
from domain.organizations import list_projects, make_slug, names_organization
from domain.project_keys import ensure_key, list_keys
from domain.project_records import ProjectRecord, load_project_records
from domain.project_settings import add_key, add_project
from domain.teams import get_team
from domain.windows import slice_of
from models import ProjectKey, Team, TeamProject
from webapp.api.answers import Key, Project
from webapp.api.blueprint import (
    CHANGE_PROJECTS,
    KEYS,
    PROJECTS,
    db,
    get,
    get_project,
    organization,
    post,
    posted,
    why,
)
from webapp.api.changing import changing
from webapp.api.project_bodies import KeyBody, ProjectBody
from webapp.api.serializers import Json, render_key, render_project
from webapp.context import shiplog
from webapp.pagination import page, page_size, place_asked_for

BUSY = "The organization is being changed. Try again."


@get("/organizations/<org>/projects/", PROJECTS, answers={200: list[Project]})
def list_projects_of_organization() -> ResponseReturnValue:
    """By slug."""
    owner = organization()
    window = slice_of(list_projects(db(), owner.id), place_asked_for(), page_size())
    records = load_project_records(db(), window.rows)
    return page(window, [render_project(record, owner) for record in records])


@post("/organizations/<org>/projects/", CHANGE_PROJECTS, body=ProjectBody, answers={201: Project})
def create_project_of_organization() -> ResponseReturnValue:
    """A slug that is taken: 409, whether it was stated or made of the name."""
    return _create()


@post("/teams/<org>/<team>/projects/", CHANGE_PROJECTS, body=ProjectBody, answers={201: Project})
def create_project_of_team(team: str) -> ResponseReturnValue:
    """The same, for a team to look after; that of everybody has the organization's slug."""
    if names_organization(organization(), team):
        return _create()
    return _create(get_team(db(), organization().id, team))


def _create(*teams: Team) -> ResponseReturnValue:
    body, reason = posted(ProjectBody), why()
    slug = body.slug or make_slug(body.name)
    if slug is None:
        raise FieldsInvalidError({"slug": ["No slug can be made of this name: state one."]})
    with changing(BUSY) as session:
        project = add_project(
            session,
            organization().id,
            slug,
            name=body.name,
            platform=body.platform,
            why=reason,
        )
        session.add_all(TeamProject(team_id=team.id, project_id=project.id) for team in teams)
    return jsonify(render_project(ProjectRecord(project, list(teams)), organization())), 201


@get("/projects/<org>/<project>/", PROJECTS, answers={200: Project})
def show_project(project: str) -> ResponseReturnValue:
    """One project, by slug or id."""
    [record] = load_project_records(db(), [get_project(project)])
    return jsonify(render_project(record, organization()))


@get("/projects/<org>/<project>/keys/", KEYS, answers={200: list[Key]})
def list_project_keys(project: str) -> ResponseReturnValue:
    """The oldest first; a project always has one."""
    found, runtime = get_project(project), shiplog().runtime
    keys = list_keys(db(), found.id)
    if not keys:
        with changing(BUSY) as session:
            keys = ensure_key(session, found.id, now=runtime.now())
    window = slice_of(keys, place_asked_for(), page_size())
    return page(window, [_render(key) for key in window.rows])


@post("/projects/<org>/<project>/keys/", CHANGE_PROJECTS, body=KeyBody, answers={201: Key})
def create_project_key(project: str) -> ResponseReturnValue:
    """Another key beside those that there are."""
    found, reason = get_project(project), why()
    with changing(BUSY) as session:
        key = add_key(session, found, name=posted(KeyBody).name or "", why=reason)
    return jsonify(_render(key)), 201


def _render(key: ProjectKey) -> Json:
    return render_key(key, public_url=shiplog().runtime.settings.public_url)
