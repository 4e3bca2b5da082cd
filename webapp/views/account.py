"""One's own account: where one is signed in, and what one is in which organization."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from domain.login_links import end_sessions
from domain.user_sessions import (
    Visitor,
    end_all_sessions,
    end_user_session,
    list_user_sessions,
)
from domain.users import take_issues
from webapp.context import shiplog
from webapp.operators import end_session as end_operator
from webapp.security import find_memberships, held_links
from webapp.visitors import current_visitor, is_closed, renew_visitor

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
def show() -> ResponseReturnValue:
    visitor = _require_visitor()
    runtime = shiplog().runtime
    with runtime.db.reading() as db:
        memberships = find_memberships(db)
        sessions = list_user_sessions(db, visitor.user_id, now=runtime.now())
    return render_template(
        "account.html",
        visitor=visitor,
        memberships=memberships,
        sessions=sessions,
        is_closed=is_closed(visitor),
    )


@bp.post("/check")
def ask_again() -> ResponseReturnValue:
    """Ask GitHub now what the visitor may see, instead of within a quarter of an hour."""
    renew_visitor(_require_visitor())
    return redirect(url_for("account.show"), code=303)


@bp.post("/issues")
def choose_issues() -> ResponseReturnValue:
    """Whether the visitor wishes to be assigned what their commits name."""
    visitor = _require_visitor()
    with shiplog().runtime.db.transaction() as db:
        take_issues(db, visitor.user_id, takes="takes_issues" in request.form)
    return redirect(url_for("account.show"), code=303)


@bp.post("/sessions/<int(max=2147483647):session_id>/end")
def end(session_id: int) -> ResponseReturnValue:
    """End one of the visitor's sessions, perhaps this one."""
    visitor = _require_visitor()
    with shiplog().runtime.db.transaction() as db:
        if not end_user_session(db, visitor.user_id, session_id):
            abort(404)
    is_this = session_id == visitor.session_id
    return redirect(url_for("home.start" if is_this else "account.show"), code=303)


@bp.post("/sign-out-everywhere")
def sign_out_everywhere() -> ResponseReturnValue:
    """End all of the visitor's sessions, and whatever else this browser holds."""
    visitor = _require_visitor()
    with shiplog().runtime.db.transaction() as db:
        end_all_sessions(db, visitor.user_id)
        end_sessions(db, held_links())
    end_operator()
    session.clear()
    return redirect(url_for("home.start"), code=303)


def _require_visitor() -> Visitor:
    visitor = current_visitor()
    if visitor is None:
        abort(401)
    return visitor
