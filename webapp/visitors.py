"""Who is asking, where they signed in with GitHub: recognised once a request, kept up to date.

What GitHub lists for a person is asked again when the last answer is 15 minutes old, while they
wait, once for all requests at that moment. Does GitHub not answer, the last answer holds for a
day; after that what it opened is closed until GitHub answers again.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import cast

import structlog
from flask import g, request, session
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import ServiceUnavailable

from domain.memberships import CHECKED_EVERY, KEPT_FOR
from domain.user_sessions import USE_NOTED_EVERY, Visitor, find_visitor, note_session_use
from integrations.github.access import Access, check_access
from integrations.github.errors import GitHubError, TokenRefusedError, UnreachableError
from webapp.auth_client import oauth_settings, secret_box
from webapp.context import shiplog

log = structlog.get_logger(__name__)
USER = "user"  # in the cookie: the token of the person's session
UNCONCERNED = ("api", "health")  # blueprints that no cookie opens
WAIT_SECONDS = 3.0  # for another request's answer, where nothing may be shown without it
SILENCE_SECONDS = 60


class SilentGitHubError(ServiceUnavailable):
    """What GitHub said last is too old to show anything by."""

    sentence = (
        "GitHub has not answered for a day whether you may still see this. "
        "Nothing is lost: try again in a minute."
    )

    def __init__(self) -> None:
        super().__init__(retry_after=SILENCE_SECONDS)


def recognise() -> None:
    """Before each request: find who has this cookie, and ask GitHub again if it is time."""
    if not held_token() or request.endpoint == "static" or request.blueprint in UNCONCERNED:
        return
    visitor = _find()
    _know(visitor)
    if visitor is None:
        return
    if is_older(visitor, CHECKED_EVERY):
        renew_visitor(visitor)
    _note_use(visitor)


def renew_visitor(visitor: Visitor) -> None:
    """Ask GitHub now; its silence leaves all as it was."""
    _know(_check_quietly(visitor))


def _know(visitor: Visitor | None) -> None:
    if visitor is not None:
        g.visitor = visitor
        return
    g.pop("visitor", None)
    session.pop(USER, None)


def held_token() -> str | None:
    """What the cookie holds of a session that began with GitHub."""
    token = session.get(USER)
    return token if isinstance(token, str) else None


def current_visitor() -> Visitor | None:
    """The person who signed in with GitHub; None for others, signed in by link or not at all."""
    return cast("Visitor | None", g.get("visitor"))


def is_older(visitor: Visitor, age: timedelta) -> bool:
    """Whether GitHub's last answer about the person is older than that, or never came."""
    answered_at = visitor.memberships_at
    return answered_at is None or answered_at + age <= shiplog().runtime.now()


def is_closed(visitor: Visitor) -> bool:
    """Whether GitHub's last answer is too old to show anything by."""
    return is_older(visitor, KEPT_FOR)


def _check_quietly(visitor: Visitor) -> Visitor | None:
    """The visitor as known by now; None once GitHub does not let us ask for them any more."""
    try:
        if check(visitor) is None and is_closed(visitor):
            return _wait_for_another()
    except TokenRefusedError:
        g.was_revoked = True  # the page says so, where they sign in again
        return None
    except GitHubError as error:
        log.warning("memberships not checked", user=visitor.login, reason=str(error))
        return visitor
    return _find()


def check(visitor: Visitor) -> Access | None:
    """What GitHub lists for the person now; None while another request asks, or it has just failed.

    Raises the errors of `check_access`.
    """
    runtime, silence = shiplog().runtime, shiplog().silence
    settings = oauth_settings(runtime)
    if settings is None or silence.is_on():
        return None
    box = secret_box(runtime)
    try:
        return check_access(runtime.db, box, settings, visitor.user_id, now=runtime.now)
    except UnreachableError as error:
        silence.begin(error)
        raise


def _find() -> Visitor | None:
    runtime, token = shiplog().runtime, held_token()
    if token is None:
        return None
    with runtime.db.reading() as db:
        return find_visitor(db, token, now=runtime.now())


def _wait_for_another() -> Visitor | None:
    end = time.monotonic() + WAIT_SECONDS
    while (found := _find()) and is_closed(found) and found.is_being_checked:
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    return found


def _note_use(visitor: Visitor) -> None:
    """Every few minutes, and never at the cost of the page."""
    runtime = shiplog().runtime
    now = runtime.now()
    if visitor.last_used_at + USE_NOTED_EVERY > now:
        return
    try:
        with runtime.db.transaction(within=0.5) as db:
            note_session_use(db, visitor.session_id, now=now)
    except (TimeoutError, DBAPIError) as error:
        log.info("the use of a session was not noted", error=type(error).__name__)
