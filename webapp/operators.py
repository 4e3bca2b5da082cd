"""The operator: whoever redeemed the server's set-up link. Belongs to no organization.

The cookie holds no more than which link; its row is the session (`domain/setup_links.py`).
"""

from __future__ import annotations

from flask import abort, g, make_response, render_template, session

from domain.setup_links import end_operator_session, is_operator_session
from webapp.context import shiplog
from webapp.security import OPERATOR, renew_session


def begin_operator_session(link_id: int) -> None:
    """A new session, which keeps what the browser is signed in to and nothing else of the old one."""
    renew_session({OPERATOR: link_id})
    g.pop("is_operator", None)


def operator_link() -> int | None:
    """Id of the set-up link that this browser's session began with, if the session lives."""
    held = session.get(OPERATOR)
    if not isinstance(held, int):
        return None
    if "is_operator" not in g:
        runtime = shiplog().runtime
        with runtime.db.reading() as db:
            g.is_operator = is_operator_session(db, held, now=runtime.now())
    return held if g.is_operator else None


def is_operator() -> bool:
    """Whether the visitor runs this server; asked of the database once a request."""
    return operator_link() is not None


def require_operator() -> int:
    """The id of the operator's session; everybody else gets a 401 that says how to begin one."""
    link_id = operator_link()
    if link_id is None:
        abort(make_response(render_template("setup/refused.html"), 401))
    return link_id


def end_session() -> None:
    """End the operator's session, whatever copies of its cookie there are."""
    link_id = session.pop(OPERATOR, None)
    g.pop("is_operator", None)
    if isinstance(link_id, int):
        with shiplog().runtime.db.transaction() as db:
            end_operator_session(db, link_id)
