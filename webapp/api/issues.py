"""Issues by their short ids (sentry-api.md 8.5)."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from domain.issue_queries import list_fixed_in
from domain.issues import get_issue, short_id_of
from webapp.api.answers import ShortId
from webapp.api.blueprint import ISSUES, db, get, organization
from webapp.api.serializers import render_issue
from webapp.context import shiplog


@get("/organizations/<org>/shortids/<short_id>/", ISSUES, answers={200: ShortId})
def show_short_id(short_id: str) -> ResponseReturnValue:
    """The issue of that short id, in any spelling of it."""
    owner = organization()
    issue, project = get_issue(db(), owner.id, short_id)
    canonical = short_id_of(issue, project)
    root = shiplog().runtime.settings.public_url
    group = render_issue(
        issue,
        project,
        fixed_in=list_fixed_in(db(), [issue.id])[issue.id],
        permalink=f"{root}/o/{owner.slug}/issues/{canonical}",
    )
    return jsonify(
        organizationSlug=owner.slug,
        projectSlug=project.slug,
        groupId=str(issue.id),
        group=group,
        shortId=canonical,
    )
