"""Making, changing and deleting releases (sentry-api.md 4.2, 4.3, 4.6, 4.7)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from domain.errors import FieldsInvalidError
from domain.stated_commits import find_repositories_by_name
from domain.stated_heads import StatedRef
from domain.stated_releases import (
    Statement,
    change_release,
    delete_release,
    find_owner,
    find_projects,
    state_release,
)
from domain.text import clean_text
from integrations.github.revisions import RefStatement, resolve_refs
from models import Project, Release
from webapp.api.answers import Release as FullRelease
from webapp.api.blueprint import (
    CHANGE_RELEASES,
    DELETE_RELEASES,
    db,
    delete,
    get_project,
    organization,
    post,
    posted,
    put,
    why,
)
from webapp.api.changing import changing
from webapp.api.release_bodies import NewRelease, NewReleaseOfProject, ReleaseChange
from webapp.api.releases import find_release, render
from webapp.context import shiplog

BUSY = "Release commits are currently being processed"
MOST_OF_USER_AGENT = 256
MADE = {201: FullRelease, 208: FullRelease}


@post("/organizations/<org>/releases/", CHANGE_RELEASES, body=NewRelease, answers=MADE)
def create_release() -> ResponseReturnValue:
    """201 if the release or one of its projects is new, else 208."""
    body = posted(NewRelease)
    projects = find_projects(db(), organization().id, body.projects)
    refs = _resolve(_find_refs(body.named_refs()))
    owner_id = find_owner(db(), organization().id, body.owner)
    said = body.statement(refs=refs or None, user_agent=_user_agent(), owner_id=owner_id)
    return _create(body.version, said, projects)


@post(
    "/projects/<org>/<project>/releases/",
    CHANGE_RELEASES,
    body=NewReleaseOfProject,
    answers=MADE,
)
def create_release_of_project(project: str) -> ResponseReturnValue:
    """The same, in the project that the address names."""
    body = posted(NewReleaseOfProject)
    owner_id = find_owner(db(), organization().id, body.owner)
    said = body.statement(user_agent=_user_agent(), owner_id=owner_id)
    return _create(body.version, said, [get_project(project)])


@put(
    "/organizations/<org>/releases/<path:version>/",
    CHANGE_RELEASES,
    body=ReleaseChange,
    answers={200: FullRelease},
)
def update_release(version: str) -> ResponseReturnValue:
    """What is absent, null or blank stays as it is; an empty list of `refs` clears the commits."""
    return _change(version, None)


@put(
    "/projects/<org>/<project>/releases/<path:version>/",
    CHANGE_RELEASES,
    body=ReleaseChange,
    answers={200: FullRelease},
)
def update_release_of_project(project: str, version: str) -> ResponseReturnValue:
    """The same, for a release that the project has."""
    return _change(version, get_project(project))


@delete("/organizations/<org>/releases/<path:version>/", DELETE_RELEASES, answers={204: None})
def remove_release(version: str) -> ResponseReturnValue:
    """Its list goes with it; commits, tags and issues stay, and what it fixed stays fixed.

    Refused while there is an issue that was first seen in it.
    """
    return _delete(version, None)


@delete("/projects/<org>/<project>/releases/<path:version>/", DELETE_RELEASES, answers={204: None})
def remove_release_of_project(project: str, version: str) -> ResponseReturnValue:
    """Of the whole organization: one release ships in all its projects."""
    return _delete(version, get_project(project))


def _create(version: str, said: Statement, projects: Sequence[Project]) -> ResponseReturnValue:
    with changing(BUSY) as session:
        stated = state_release(
            session,
            organization().id,
            version,
            said,
            projects=projects,
            hosts=shiplog().runtime.hosts,
            why=why(),
        )
    return _answer(stated.release), 201 if stated.is_new else 208


def _change(version: str, project: Project | None) -> ResponseReturnValue:
    body = posted(ReleaseChange)
    find_release(version, project)  # that it is unknown goes before all that the body names
    refs = _resolve(_find_refs(body.named_refs()))
    said = body.statement(refs=[] if body.is_clearing else refs or None)
    with changing(BUSY) as session:
        release = change_release(
            session,
            organization().id,
            version,
            said,
            project=project,
            hosts=shiplog().runtime.hosts,
            why=why(),
        )
    return _answer(release), 200


def _delete(version: str, project: Project | None) -> ResponseReturnValue:
    with changing(BUSY) as session:
        delete_release(session, organization().id, version, project=project, why=why())
    return "", 204


def _answer(release: Release) -> Response:
    written = db().get(Release, release.id) or abort(404)  # deleted again in this moment
    return jsonify(render(written))


def _find_refs(named: Sequence[tuple[str, str, str | None]]) -> list[RefStatement]:
    """The repositories of refs, whether tracked or not; raises FieldsInvalidError."""
    known = find_repositories_by_name(db(), organization().id, {name for name, _, _ in named})
    refs = [
        RefStatement(known[name.lower()], commit, previous)
        for name, commit, previous in named
        if name.lower() in known
    ]
    unknown = [name for name, _, _ in named if name.lower() not in known]
    if unknown:
        raise FieldsInvalidError({"refs": [f"Invalid repository names: {','.join(unknown)}"]})
    return refs


def _resolve(refs: list[RefStatement]) -> list[StatedRef]:
    """Revisions as full shas where they can be known; may ask GitHub, so not in a transaction."""
    runtime = shiplog().runtime
    return resolve_refs(runtime.db, runtime.github, refs)


def _user_agent() -> str | None:
    return clean_text(request.user_agent.string, MOST_OF_USER_AGENT) or None
