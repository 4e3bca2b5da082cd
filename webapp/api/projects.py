"""Projects of an organization."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from domain.organizations import list_projects
from domain.windows import slice_of
from webapp.api.answers import Project
from webapp.api.blueprint import PROJECTS, db, get, get_project, organization
from webapp.api.serializers import render_project
from webapp.pagination import page, page_size, place_asked_for


@get("/organizations/<org>/projects/", PROJECTS, answers={200: list[Project]})
def list_projects_of_organization() -> ResponseReturnValue:
    """By slug."""
    owner = organization()
    window = slice_of(list_projects(db(), owner.id), place_asked_for(), page_size())
    return page(window, [render_project(project, owner) for project in window.rows])


@get("/projects/<org>/<project>/", PROJECTS, answers={200: Project})
def show_project(project: str) -> ResponseReturnValue:
    """One project, by slug or id."""
    return jsonify(render_project(get_project(project), organization()))
