"""Where `sentry-cli login` sends people: admins to their tokens, others to how one is made."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.context import shiplog
from webapp.security import find_memberships

bp = Blueprint("tokens", __name__)


@bp.get("/tokens")
def explain() -> ResponseReturnValue:
    """The commands, with the visitor's organization in them; they say nothing that is secret.

    Who is an admin of one organization is led to its tokens, of several to a choice of them.
    """
    runtime = shiplog().runtime
    with runtime.db.reading() as db:
        memberships = find_memberships(db)
    administered = [membership for membership in memberships if membership.is_admin]
    if len(memberships) == len(administered) == 1:
        return redirect(url_for("tenant.settings.tokens.show", org=administered[0].slug))
    slug = memberships[0].slug if memberships else "your-organization"
    return render_template(
        "tokens.html",
        slug=slug,
        url=runtime.settings.public_url,
        administered=administered,
        is_signed_in=bool(memberships),
    )


# Newer versions open the first, with `:orgslug` as it stands here, older ones the second
# (sentry-cli-contract.md 2).
@bp.get("/orgredirect/organizations/<named>/settings/auth-tokens/")
@bp.get("/api/")
def lead_on(named: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("tokens.explain"))
