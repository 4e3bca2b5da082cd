"""The way in and out: the start page, one-time sign-in links, sign out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from domain.errors import NotFoundError
from domain.login_links import end_sessions, find_login_link, use_login_link
from webapp.context import shiplog
from webapp.operators import end_session
from webapp.security import begin_session, find_memberships, held_links

bp = Blueprint("home", __name__)


@bp.get("/")
def start() -> ResponseReturnValue:
    """The visitor's organizations, or how to sign in."""
    with shiplog().runtime.db.reading() as db:
        memberships = find_memberships(db)
    return render_template("home.html", memberships=memberships)


@bp.get("/login/<token>")
def offer(token: str) -> ResponseReturnValue:
    """A form that uses the link. Asking for this page does not: mail programs and chats look."""
    runtime = shiplog().runtime
    with runtime.db.reading() as db:
        offered = find_login_link(db, token, now=runtime.now())
    if offered is None:
        return _refuse()
    return render_template("login.html", token=token, offered=offered)


@bp.post("/login/<token>")
def sign_in(token: str) -> ResponseReturnValue:
    runtime = shiplog().runtime
    try:
        with runtime.db.transaction() as db:
            membership = use_login_link(db, token, now=runtime.now())
    except NotFoundError:
        return _refuse()
    begin_session(membership.link_id)
    return redirect(url_for("tenant.start", org=membership.slug), code=303)


@bp.post("/logout")
def sign_out() -> ResponseReturnValue:
    links = held_links()
    if links:
        with shiplog().runtime.db.transaction() as db:
            end_sessions(db, links)
    end_session()
    session.clear()
    return redirect(url_for("home.start"), code=303)


def _refuse() -> ResponseReturnValue:
    return render_template("login_refused.html"), 410
