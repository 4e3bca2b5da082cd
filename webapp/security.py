"""Who is asking, and what they may see: pages below `/o/{org}` are reached through here only."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, abort, g, session
from sqlalchemy.orm import Session

from domain.login_links import Membership, list_memberships
from domain.provenance import Why
from webapp.context import shiplog

LINKS = "links"  # ids of the sign-in links that the browser used, see domain/login_links.py
MOST_LINKS = 20  # a cookie has room for few


def held_links() -> list[int]:
    """Ids of the sign-in links that this browser used."""
    return [int(link_id) for link_id in session.get(LINKS, [])]


def begin_session(link_id: int) -> None:
    """A new session, which adds this link's organization to those signed in to before.

    Nothing else of the old session survives, its CSRF token included.
    """
    links = [*held_links(), link_id][-MOST_LINKS:]
    session.clear()
    session.permanent = True
    session[LINKS] = links


def find_memberships(db: Session) -> list[Membership]:
    """The organizations that the visitor is signed in to, by slug."""
    links = held_links()
    if not links:
        return []
    return list_memberships(db, links, now=shiplog().runtime.now())


def guard(tenant: Blueprint) -> None:
    """Let only members reach what is below *tenant*, whose addresses begin with `<org>`.

    To everybody else who is signed in the organization does not exist. Its views find what
    `current_membership` and `page_session` return; the latter is one snapshot for the whole page.
    """
    tenant.url_value_preprocessor(_take_organization)
    tenant.url_defaults(_put_organization)
    tenant.before_request(_admit)
    tenant.teardown_request(close_page_session)


def current_membership() -> Membership:
    """The organization whose page is asked for, and the visitor's role in it."""
    return cast("Membership", g.membership)


def require_admin() -> None:
    """Refuse members; to be asked before anything is looked up or changed."""
    if not current_membership().is_admin:
        abort(403)


def person_why() -> Why:
    """The visitor as the cause of a change, now."""
    membership = current_membership()
    role = f"{'an' if membership.is_admin else 'a'} {membership.role} of the organization"
    return Why(shiplog().runtime.now(), source="person", actor=membership.person or role)


def page_session() -> Session:
    """What the page reads from; nothing is written through it."""
    return cast("Session", g.page_session)


def _take_organization(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.organization_slug = values.pop("org", None) if values else None


def _put_organization(_endpoint: str, values: dict[str, Any]) -> None:
    if "membership" in g:
        values.setdefault("org", g.membership.slug)


def open_page_session() -> None:
    """Begin the snapshot that this request reads from."""
    g.page_reading = shiplog().runtime.db.reading()
    g.page_session = g.page_reading.__enter__()


def close_page_session(_error: BaseException | None) -> None:
    """End the snapshot, if one was begun."""
    reading = g.pop("page_reading", None)
    if reading is not None:
        reading.__exit__(None, None, None)


def _admit() -> None:
    open_page_session()
    memberships = find_memberships(page_session())
    if not memberships:
        abort(401)
    g.memberships = memberships  # for going from one to another
    for membership in memberships:
        if membership.slug == g.organization_slug:
            g.membership = membership
            return
    abort(404)
