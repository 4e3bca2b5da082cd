"""The set-up link: looking at it changes nothing, its button begins the operator's session."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from domain.errors import NotFoundError
from domain.setup_links import is_setup_link_usable, use_setup_link
from webapp.context import shiplog
from webapp.operators import begin_operator_session, end_session, is_operator

bp = Blueprint("link", __name__)


@bp.get("/<token>")
def offer(token: str) -> ResponseReturnValue:
    """A form that uses the link. Asking for this page does not: mail programs and chats look."""
    runtime = shiplog().runtime
    with runtime.db.reading() as db:
        is_usable = is_setup_link_usable(db, token, now=runtime.now())
    return render_template("setup/link.html", token=token) if is_usable else _refuse()


@bp.post("/<token>")
def begin(token: str) -> ResponseReturnValue:
    runtime = shiplog().runtime
    try:
        with runtime.db.transaction() as db:
            link_id = use_setup_link(db, token, now=runtime.now())
    except NotFoundError:
        return _refuse()
    begin_operator_session(link_id)
    return redirect(url_for("setup.page.show"), code=303)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the operator's session, and no other that the browser has."""
    end_session()
    return redirect(url_for("home.start"), code=303)


def _refuse() -> ResponseReturnValue:
    return render_template("setup/link_refused.html", is_operator=is_operator()), 410
