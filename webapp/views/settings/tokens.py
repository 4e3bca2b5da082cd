"""Tokens of the organization: what there are, making one that is shown once, revoking; for admins."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.errors import InvalidError
from domain.paging import find_id
from domain.token_settings import grant_token, withdraw_token
from domain.tokens import list_tokens
from models import ApiToken, Organization, TokenKind
from webapp.context import shiplog
from webapp.security import current_membership, page_session, person_why, require_admin
from webapp.token_words import CI_SCOPES, RARE, USUAL, describe_scope

bp = Blueprint("tokens", __name__, url_prefix="/tokens")

MOST_DAYS = 3660


@bp.get("/")
def show() -> ResponseReturnValue:
    require_admin()
    return _list_page()


@bp.post("/")
def create() -> ResponseReturnValue:
    """Make a token and show it in this very answer: it is in no address, session or cache."""
    require_admin()
    runtime, membership = shiplog().runtime, current_membership()
    try:
        kind = _kind()
        with runtime.db.transaction() as db:
            text, token = grant_token(
                db,
                db.get_one(Organization, membership.organization_id),
                kind=kind,
                scopes=request.form.getlist("scope") if kind == TokenKind.user else (),
                name=request.form.get("name", "").strip(),
                url=runtime.settings.public_url,
                lasts=_lasts(),
                why=person_why(),
            )
    except InvalidError as error:
        return _list_page(error=str(error)), 400
    answer = make_response(
        render_template(
            "settings/token_made.html",
            text=text,
            token=token,
            url=runtime.settings.public_url,
        )
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/<int(max=2147483647):token_id>/revoke")
def revoke(token_id: int) -> ResponseReturnValue:
    """From now on the token opens nothing."""
    require_admin()
    with shiplog().runtime.db.transaction() as db:
        withdraw_token(db, current_membership().organization_id, token_id, why=person_why())
    flash("The token is revoked: it opens nothing any more.")
    return redirect(url_for("tenant.settings.tokens.show"), code=303)


def _list_page(error: str | None = None) -> str:
    tokens = list_tokens(page_session(), current_membership().organization_id)
    given = request.form
    return render_template(
        "settings/tokens.html",
        tokens=[(token, _state(token)) for token in reversed(tokens)],
        usual=[(scope, describe_scope(scope)) for scope in USUAL],
        rare=[(scope, describe_scope(scope)) for scope in RARE],
        chosen=given.getlist("scope") if given else CI_SCOPES,
        given=given,
        error=error,
        url=shiplog().runtime.settings.public_url,
        most_days=MOST_DAYS,
    )


def _state(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    is_over = token.expires_at is not None and token.expires_at <= shiplog().runtime.now()
    return "expired" if is_over else "active"


def _kind() -> TokenKind:
    kind = request.form.get("kind", "")
    if kind not in TokenKind.__members__:
        raise InvalidError("A token is one of the organization or one of a person.")
    return TokenKind(kind)


def _lasts() -> timedelta | None:
    """How long the token opens anything; None: for good."""
    text = request.form.get("days", "").strip()
    if not text:
        return None
    days = find_id(text, most=MOST_DAYS)
    if not days:
        raise InvalidError(f"Days are a number from 1 to {MOST_DAYS}; leave it empty for no end.")
    return timedelta(days=days)
