"""Tracking repositories through the API (sentry-api.md 7, OURS 18): the setting, nothing else.

No repository is made here: GitHub lists them, and what is tracked is chosen among those.
"""

from __future__ import annotations

from typing import NoReturn

from flask import abort, jsonify, make_response
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from domain.errors import InvalidError
from domain.organizations import lock_organization
from domain.paging import find_id
from domain.repositories import find_repository, track_repository, untrack_repository
from domain.repository_queries import find_installation, find_repository_by_id, is_being_listed
from models import Installation, Repository
from webapp.api.blueprint import (
    CHANGE_REPOSITORIES,
    DELETE_REPOSITORIES,
    delete,
    organization,
    post,
    posted,
    put,
)
from webapp.api.changing import changing
from webapp.api.repository_bodies import RepositoryBody, RepositoryStatusBody
from webapp.api.serializers import GITHUB, Json, render_repository
from webapp.context import shiplog

ONE = "/organizations/<org>/repos/<repository_id>/"
BUSY = "The repositories are being changed. Try again."
NOT_GRANTED = "You must grant Sentry access to {}"  # the words that clients know
TRACKED = "{} is tracked already"
NO_INSTALLATION = "There is no such installation."
NOT_LISTED_YET = "The repositories of {} are still to be listed by GitHub: try again later."
NOT_ON_GITHUB = "{} is no repository of GitHub: it cannot be tracked."


@post("/organizations/<org>/repos/", CHANGE_REPOSITORIES, body=RepositoryBody)
def add_repository() -> ResponseReturnValue:
    """Track one of an installation's repositories."""
    body = posted(RepositoryBody)
    if body.provider != GITHUB["id"] or not body.installation or not body.identifier:
        _refuse(400, "validation")
    with changing(BUSY) as session:
        lock_organization(session, organization().id)
        installation = _find_installation(session, body.installation)
        repository = _find_listed(session, installation, body.identifier.strip())
        if repository.is_tracked:
            _refuse(400, "validation", TRACKED.format(repository.full_name))
        track_repository(session, repository, now=shiplog().runtime.now())
        told = _render(repository)
    return jsonify(told), 201


@put(ONE, CHANGE_REPOSITORIES, body=RepositoryStatusBody)
def change_repository(repository_id: str) -> ResponseReturnValue:
    """Track it (`active`, or `visible`) or not (`hidden`)."""
    status = posted(RepositoryStatusBody).status
    with changing(BUSY) as session:
        repository = _lock(session, repository_id)
        if status == "hidden":
            untrack_repository(session, repository)
        elif status is not None:
            _verify_trackable(repository)
            track_repository(session, repository, now=shiplog().runtime.now())
        told = _render(repository)
    return jsonify(told)


@delete(ONE, DELETE_REPOSITORIES)
def remove_repository(repository_id: str) -> ResponseReturnValue:
    """Track it no longer; what is known of it stays."""
    with changing(BUSY) as session:
        repository = _lock(session, repository_id)
        untrack_repository(session, repository)
        told = _render(repository)
    return jsonify(told), 202


def _find_installation(session: Session, name: str) -> Installation:
    number = find_id(name.strip())
    found = number and find_installation(session, organization().id, number)
    return found or _refuse(404, "not found", NO_INSTALLATION)


def _find_listed(session: Session, installation: Installation, name: str) -> Repository:
    """The repository of that name, if the installation shows it to us."""
    found = find_repository(session, organization().id, name)
    if found and found.installation_id == installation.id and found.is_accessible:
        return found
    if installation.is_working and is_being_listed(session, installation.id):
        _refuse(503, "service unavailable", NOT_LISTED_YET.format(installation.account_login))
    return _refuse(400, "validation", NOT_GRANTED.format(name))


def _verify_trackable(repository: Repository) -> None:
    if repository.github_id is None:
        raise InvalidError(NOT_ON_GITHUB.format(repository.full_name))
    if not repository.is_accessible:
        raise InvalidError(NOT_GRANTED.format(repository.full_name))


def _lock(session: Session, repository_id: str) -> Repository:
    """The repository, of which nobody else changes the tracking until the transaction ends."""
    lock_organization(session, organization().id)
    number = find_id(repository_id)
    found = number and find_repository_by_id(session, organization().id, number)
    return found or abort(404)


def _refuse(status: int, kind: str, sentence: str | None = None) -> NoReturn:
    """An error in the shape that clients of this route read."""
    told: Json = {"error_type": kind}
    if sentence is not None:
        told["errors"] = {"__all__": sentence}
    abort(make_response(jsonify(told), status))


def _render(repository: Repository) -> Json:
    return render_repository(repository, github_url=shiplog().runtime.settings.github.url)
