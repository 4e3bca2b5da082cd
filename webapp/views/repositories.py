"""Repositories: tracked or not, what they feed, how far their import is."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from domain.repository_queries import list_repositories
from webapp.security import current_membership, page_session

bp = Blueprint("repositories", __name__, url_prefix="/repositories")


@bp.get("/")
def list_page() -> ResponseReturnValue:
    rows = list_repositories(page_session(), current_membership().organization_id)
    return render_template("repositories.html", rows=rows)
