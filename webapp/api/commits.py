"""What a release holds: its commits, and the files that they touched (sentry-api.md 5.6)."""

from __future__ import annotations

from flask import abort, request
from flask.typing import ResponseReturnValue

from domain.commit_records import list_commits_of_release, list_files_of_release
from domain.paging import find_id
from domain.repositories import find_repository, find_repository_by_github_id
from models import Release
from webapp.api.answers import CommitFile, CommitOfRelease
from webapp.api.blueprint import RELEASES, db, get, get_project, organization
from webapp.api.releases import find_release
from webapp.api.routes import DIGITS, Query
from webapp.api.serializers import render_commit_file, render_commit_of_release
from webapp.context import shiplog
from webapp.pagination import page, page_size, place_asked_for

COMMITS = {200: list[CommitOfRelease]}


@get("/organizations/<org>/releases/<path:version>/commits/", RELEASES, answers=COMMITS)
def list_release_commits(version: str) -> ResponseReturnValue:
    """In the release's order, newest first."""
    return _list(find_release(version))


@get("/projects/<org>/<project>/releases/<path:version>/commits/", RELEASES, answers=COMMITS)
def list_release_commits_of_project(project: str, version: str) -> ResponseReturnValue:
    """In the release's order, newest first; found among the project's releases."""
    return _list(find_release(version, get_project(project)))


@get(
    "/organizations/<org>/releases/<path:version>/commitfiles/",
    RELEASES,
    answers={200: list[CommitFile]},
    query=(
        Query("repo_id", "GitHub's id of a repository.", DIGITS),
        Query("repo_name", "Name of a repository."),
    ),
)
def list_release_files(version: str) -> ResponseReturnValue:
    """By path; of one repository with `repo_id` (GitHub's id) or `repo_name`."""
    window = list_files_of_release(
        db(),
        find_release(version).id,
        repository_id=_repository_id(),
        place=place_asked_for(),
        size=page_size(),
    )
    return page(window, [render_commit_file(record, organization()) for record in window.rows])


def _list(release: Release) -> ResponseReturnValue:
    place, size = place_asked_for(), page_size()
    window = list_commits_of_release(db(), release.id, place=place, size=size)
    url = shiplog().runtime.settings.github.url
    return page(
        window, [render_commit_of_release(record, github_url=url) for record in window.rows]
    )


def _repository_id() -> int | None:
    owner, name = organization().id, request.args.get("repo_name")
    github_id = request.args.get("repo_id")
    if github_id:
        number = find_id(github_id, most=2**63 - 1)
        found = find_repository_by_github_id(db(), owner, number) if number else None
    elif name:
        found = find_repository(db(), owner, name)
    else:
        return None
    return found.id if found else abort(404)
