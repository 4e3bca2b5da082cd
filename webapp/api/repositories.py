"""Repositories, and the commits that are known of them (sentry-api.md 7)."""

from __future__ import annotations

from flask import abort, request
from flask.typing import ResponseReturnValue

from domain.commit_records import list_commits_of_repository
from domain.errors import InvalidError
from domain.paging import find_id
from domain.repository_queries import find_repository_by_id, list_named
from domain.windows import slice_of
from webapp.api.answers import Commit, Repository
from webapp.api.blueprint import REPOSITORIES, db, get, organization
from webapp.api.routes import DIGITS, Query, one_of
from webapp.api.serializers import render_commit, render_repository
from webapp.context import shiplog
from webapp.pagination import page, page_size, place_asked_for

STATUSES = ("active", "hidden", "deleted")


@get(
    "/organizations/<org>/repos/",
    REPOSITORIES,
    answers={200: list[Repository]},
    query=(
        Query("query", "A part of the name, in any case."),
        one_of("status", "`active` by default: those that are tracked.", *STATUSES),
        Query("integration_id", "Id of an installation of the GitHub App.", DIGITS),
    ),
)
def list_repositories() -> ResponseReturnValue:
    """By name; those that are tracked, unless another `status` is asked for. None is `deleted`."""
    status = request.args.get("status") or "active"
    if status not in STATUSES:
        raise InvalidError("Invalid status parameter.")
    integration = request.args.get("integration_id")
    repositories = list_named(
        db(),
        organization().id,
        text=request.args.get("query", ""),
        is_active=status == "active",
        installation_id=(find_id(integration) or 0) if integration else None,
    )
    rows = [] if status == "deleted" else repositories
    window = slice_of(rows, place_asked_for(), page_size())
    url = shiplog().runtime.settings.github.url
    return page(window, [render_repository(row, github_url=url) for row in window.rows])


@get(
    "/organizations/<org>/repos/<repository_id>/commits/",
    REPOSITORIES,
    answers={200: list[Commit]},
)
def list_repository_commits(repository_id: str) -> ResponseReturnValue:
    """Newest first."""
    number = find_id(repository_id)
    repository = number and find_repository_by_id(db(), organization().id, number)
    if not repository:
        abort(404)
    place, size = place_asked_for(), page_size()
    window = list_commits_of_repository(db(), repository.id, place=place, size=size)
    url = shiplog().runtime.settings.github.url
    return page(window, [render_commit(record, github_url=url) for record in window.rows])
