"""The resolution policy: which words claim a fix, where they count, and what another would change."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import InvalidError
from domain.keywords import KEYWORD_LENGTH, MOST_KEYWORDS, STANDARD
from domain.policy_preview import Preview, preview_policy
from domain.resolution_policy import Policy, change_policy, load_policy, make_policy
from webapp.context import shiplog
from webapp.security import current_membership, page_session, person_why, require_admin

bp = Blueprint("resolution", __name__, url_prefix="/resolution")

MOST_CHARACTERS = 4000  # of the field of words


@bp.get("/")
def show() -> ResponseReturnValue:
    policy = load_policy(page_session(), current_membership().organization_id)
    return _page(policy)


@bp.post("/")
def change() -> ResponseReturnValue:
    """Let what the form says hold from now on; for admins."""
    require_admin()
    try:
        policy = _asked_for()
    except InvalidError as error:
        return _page(_as_typed(), error=str(error)), 400
    with shiplog().runtime.db.transaction() as db:
        change_policy(db, current_membership().organization_id, policy, why=person_why())
    flash("Saved. It holds for commits and pull requests that come from now on.")
    return redirect(url_for("tenant.settings.resolution.show"), code=303)


@bp.post("/preview")
def preview() -> ResponseReturnValue:
    """What would have been different with what the form says; for admins. Changes nothing."""
    require_admin()
    db, organization_id = page_session(), current_membership().organization_id
    try:
        policy = _asked_for()
    except InvalidError as error:
        return _page(_as_typed(), error=str(error)), 400
    runtime = shiplog().runtime
    before = load_policy(db, organization_id)
    found = preview_policy(
        db,
        organization_id,
        before=before,
        after=policy,
        hosts=runtime.hosts,
        now=runtime.now(),
    )
    return _page(policy, preview=found, is_as_saved=policy == before)


def _page(
    policy: Policy,
    *,
    error: str | None = None,
    preview: Preview | None = None,
    is_as_saved: bool = False,
) -> str:
    return render_template(
        "settings/resolution.html",
        policy=policy,
        standard=STANDARD,
        own=[word for word in policy.keywords if word not in STANDARD],
        most_keywords=MOST_KEYWORDS,
        keyword_length=KEYWORD_LENGTH,
        error=error,
        preview=preview,
        is_as_saved=is_as_saved,
    )


def _words() -> list[str]:
    typed = request.form.get("own", "")
    if len(typed) > MOST_CHARACTERS:
        raise InvalidError(f"That is too long: at most {MOST_CHARACTERS} characters.")
    return [*request.form.getlist("word"), *re.split(r"[\s,;]+", typed)]


def _asked_for() -> Policy:
    """The form's policy; raises InvalidError."""
    return make_policy(_words(), reads_pull_requests="pull_requests" in request.form)


def _as_typed() -> Policy:
    """What was refused, to be corrected."""
    chosen = [word for word in STANDARD if word in request.form.getlist("word")]
    typed = request.form.get("own", "")[:MOST_CHARACTERS].split()
    return Policy((*chosen, *typed), "pull_requests" in request.form)
