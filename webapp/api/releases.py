"""Releases of an organization, and of one project of it (sentry-api.md 4.4, 4.5, 4.7, 5.7)."""

from __future__ import annotations

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue

from domain.errors import InvalidError
from domain.organizations import find_project_named
from domain.release_neighbours import find_neighbours
from domain.release_queries import ReleaseFilter, get_release
from domain.release_records import (
    describe_commit_list,
    find_previous_with_commits,
    list_release_records,
    list_release_records_by_version,
    load_release_records,
)
from domain.release_search import parse_search
from models import Project, Release, ReleaseStatus
from webapp.api.blueprint import RELEASES, db, get, get_project, organization
from webapp.api.periods import period_asked_for
from webapp.api.serializers import (
    Json,
    render_commit_list,
    render_neighbours,
    render_release,
)
from webapp.context import shiplog
from webapp.pagination import page, page_size, place_asked_for

ALL_PROJECTS = "-1"
SORTS = {
    "date": list_release_records,
    "adoption": list_release_records,  # nothing is known of adoption
    "semver": list_release_records_by_version,
    "build": list_release_records_by_version,  # the build code is the last part of the order
}
MOST_PROJECTS = 100  # named in one request


@get("/organizations/<org>/releases/", RELEASES)
def list_releases() -> ResponseReturnValue:
    """Newest first, of the projects that `project` or `projectSlug` name; by default of all."""
    return _list(_project_ids())


@get("/projects/<org>/<project>/releases/", RELEASES)
def list_releases_of_project(project: str) -> ResponseReturnValue:
    return _list([get_project(project).id])


@get("/organizations/<org>/releases/<path:version>/", RELEASES)
def show_release(version: str) -> ResponseReturnValue:
    """One release, by version or tag; a tag may hold slashes, hence the `path`."""
    return jsonify(render(find_release(version)))


@get("/projects/<org>/<project>/releases/<path:version>/", RELEASES)
def show_release_of_project(project: str, version: str) -> ResponseReturnValue:
    return jsonify(render(find_release(version, get_project(project))))


@get("/organizations/<org>/releases/<path:version>/previous-with-commits/", RELEASES)
def show_previous_with_commits(version: str) -> ResponseReturnValue:
    """Where `sentry-cli` begins a list of its own; exactly `{}` where there is none."""
    previous = find_previous_with_commits(db(), find_release(version))
    return jsonify(render(previous) if previous else {})


def find_release(version: str, project: Project | None = None) -> Release:
    """The release of that version or tag, 404; several of that tag, 400 with their names."""
    return get_release(db(), organization().id, version, project_id=project.id if project else None)


def _list(project_ids: list[int] | None) -> ResponseReturnValue:
    listed = SORTS.get(request.args.get("sort") or "date")
    if listed is None:
        raise InvalidError("invalid sort")
    status = request.args.get("status") or ReleaseStatus.open
    if status not in list(ReleaseStatus):
        raise InvalidError("invalid value for status")
    created_from, created_before = period_asked_for(shiplog().runtime.now())
    narrowed = ReleaseFilter(
        project_ids=project_ids,
        status=ReleaseStatus(status),
        environments=[name for name in request.args.getlist("environment") if name],
        created_from=created_from,
        created_before=created_before,
        search=parse_search(request.args.get("query", "")),
    )
    window = listed(
        db(), organization().id, narrowed=narrowed, place=place_asked_for(), size=page_size()
    )
    url = shiplog().runtime.settings.github.url
    return page(window, [render_release(record, github_url=url) for record in window.rows])


def _project_ids() -> list[int] | None:
    names = [*request.args.getlist("project"), *request.args.getlist("projectSlug")]
    names = list(dict.fromkeys(name for name in names if name))
    if not names or ALL_PROJECTS in names:
        return None
    if len(names) > MOST_PROJECTS:
        raise InvalidError(f"At most {MOST_PROJECTS} projects can be named.")
    found = [find_project_named(db(), organization().id, name) for name in names]
    return [project.id if project else abort(404) for project in found]


def render(release: Release) -> Json:
    """A single release, with how its list came about."""
    [record] = load_release_records(db(), [release])
    told = render_release(record, github_url=shiplog().runtime.settings.github.url)
    return {
        **told,
        "currentProjectMeta": _neighbours(release),
        "commitList": render_commit_list(describe_commit_list(db(), release)),
    }


def _neighbours(release: Release) -> Json:
    """The releases around this one in the first project that `project` names."""
    projects = _project_ids()
    if not projects:
        return {}
    return render_neighbours(find_neighbours(db(), release, projects[0]))
