"""The way in and out: the start page, one-time sign-in links, sign out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from domain.errors import NotFoundError
from domain.login_links import Membership, end_sessions, find_login_link, use_login_link
from domain.memberships import CHECKED_SOON
from domain.user_sessions import end_session_of
from webapp.context import shiplog
from webapp.operators import end_session as end_operator
from webapp.security import begin_session, find_memberships, held_links
from webapp.visitors import current_visitor, held_token, is_closed, is_older, renew_visitor

bp = Blueprint("home", __name__)


@bp.get("/")
def start() -> ResponseReturnValue:
    """The visitor's organizations, or how to sign in."""
    memberships, visitor = _memberships(), current_visitor()
    if not memberships and visitor is not None and is_older(visitor, CHECKED_SOON):
        renew_visitor(visitor)  # perhaps the App was installed just now
        memberships, visitor = _memberships(), current_visitor()
    is_silent = visitor is not None and is_closed(visitor)
    return render_template("home.html", memberships=memberships, is_silent=is_silent)


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
    begin_session(membership)
    return redirect(url_for("tenant.start", org=membership.slug), code=303)


@bp.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End what this browser holds, by links and with GitHub."""
    links, token = held_links(), held_token()
    if links or token:
        with shiplog().runtime.db.transaction() as db:
            end_sessions(db, links)
            if token:
                end_session_of(db, token)
    end_operator()
    session.clear()
    return redirect(url_for("home.start"), code=303)


def _memberships() -> list[Membership]:
    with shiplog().runtime.db.reading() as db:
        return find_memberships(db)


def _refuse() -> ResponseReturnValue:
    return render_template("login_refused.html"), 410
