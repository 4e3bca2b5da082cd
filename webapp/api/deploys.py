"""Where a release was put (sentry-api.md 6)."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from domain.deploys import create_deploy, list_last_deploys
from domain.release_queries import get_release
from webapp.api.blueprint import (
    CHANGE_RELEASES,
    RELEASES,
    db,
    get,
    organization,
    post,
    posted,
    why,
)
from webapp.api.changing import changing
from webapp.api.deploy_bodies import DeployBody
from webapp.api.releases import find_release
from webapp.api.serializers import render_deploy
from webapp.pagination import page, page_size, place_asked_for

ROUTE = "/organizations/<org>/releases/<path:version>/deploys/"
BUSY = "The release is being changed. Try again."


@get(ROUTE, RELEASES)
def list_deploys(version: str) -> ResponseReturnValue:
    """The last one of each project into each environment, the last finished first."""
    release = find_release(version)
    window = list_last_deploys(db(), release.id, place=place_asked_for(), size=page_size())
    return page(window, [render_deploy(record) for record in window.rows])


@post(ROUTE, CHANGE_RELEASES, body=DeployBody)
def create_deploy_of_release(version: str) -> ResponseReturnValue:
    """The release counts it, shows it as its last one, and keeps its own date."""
    reason = why()
    data = posted(DeployBody).data(now=reason.now)
    with changing(BUSY) as session:
        release = get_release(session, organization().id, version)
        record = create_deploy(session, release, data, why=reason)
    return jsonify(render_deploy(record)), 201
