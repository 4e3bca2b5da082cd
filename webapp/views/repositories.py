"""Repositories: tracked or not, what they feed, how far their import is."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from domain.activities import list_timeline_of_repositories
from domain.repository_queries import list_listings, list_repositories
from webapp.security import current_membership, page_session

bp = Blueprint("repositories", __name__, url_prefix="/repositories")


@bp.get("/")
def list_page() -> ResponseReturnValue:
    db, organization_id = page_session(), current_membership().organization_id
    rows, listings = list_repositories(db, organization_id), list_listings(db, organization_id)
    works = [row.progress for row in rows] + [progress for _, progress in listings]
    return render_template(
        "repositories.html",
        rows=rows,
        listings=listings,
        is_working=any(work.is_running for work in works if work),
        timeline_entries=list_timeline_of_repositories(db, organization_id),
    )
