"""Where `sentry-cli login` sends people, and what they find there: how a token is made."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.context import shiplog
from webapp.security import find_memberships

bp = Blueprint("tokens", __name__)


@bp.get("/tokens")
def explain() -> ResponseReturnValue:
    """The commands, with the visitor's organization in them; they say nothing that is secret."""
    runtime = shiplog().runtime
    with runtime.db.reading() as db:
        memberships = find_memberships(db)
    slug = memberships[0].slug if memberships else "your-organization"
    return render_template("tokens.html", slug=slug, url=runtime.settings.public_url)


# Newer versions open the first, with `:orgslug` as it stands here, older ones the second
# (sentry-cli-contract.md 2).
@bp.get("/orgredirect/organizations/<named>/settings/auth-tokens/")
@bp.get("/api/")
def lead_on(named: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("tokens.explain"))
