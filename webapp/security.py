"""Who is asking, and what they may see: pages below `/o/{org}` are reached through here only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn, cast

from flask import Blueprint, abort, g, session
from sqlalchemy.orm import Session

from domain.login_links import Membership, list_memberships
from domain.memberships import CHECKED_SOON, list_user_memberships
from domain.provenance import Why
from webapp.context import shiplog
from webapp.visitors import (
    USER,
    SilentGitHubError,
    current_visitor,
    is_closed,
    is_older,
    renew_visitor,
)

LINKS = "links"  # ids of the sign-in links that the browser used, see domain/login_links.py
OPERATOR = "operator"  # id of the set-up link that the browser used, see webapp/operators.py
MOST_LINKS = 20  # a cookie has room for few
KEPT = (LINKS, USER, OPERATOR)  # what survives when somebody signs in, by link or with GitHub


def held_links() -> list[int]:
    """Ids of the sign-in links that this browser used."""
    return [int(link_id) for link_id in session.get(LINKS, [])]


def begin_session(by_link: Membership) -> None:
    """A new session, which adds this link's organization to those signed in to before."""
    renew_session({LINKS: [*held_links(), by_link.link_id][-MOST_LINKS:]})


def begin_github_session(token: str) -> None:
    """A new session of a person who signed in with GitHub; *token* is that of its row."""
    renew_session({USER: token})


def renew_session(given: dict[str, Any]) -> None:
    """Nothing of the old session survives but what is KEPT: the CSRF token, for one, does not."""
    kept = {name: session[name] for name in KEPT if name in session}
    session.clear()
    session.permanent = True
    session.update(kept | given)


def find_memberships(db: Session) -> list[Membership]:
    """The organizations that the visitor may see, by slug: by links, and by what GitHub lists.

    Each once, in the better of both roles, and with the name of who it is, where that is known.
    """
    visitor, links = current_visitor(), held_links()
    found = list_memberships(db, links, now=shiplog().runtime.now()) if links else []
    if visitor is None:
        return found
    found = [replace(one, person=visitor.login) for one in found]
    own = list_user_memberships(
        db, visitor.user_id, login=visitor.login, with_listed=not is_closed(visitor)
    )
    members = {one.organization_id: one.member_id for one in own}
    found = [replace(one, member_id=members.get(one.organization_id)) for one in found]
    by_id = {one.organization_id: one for one in sorted([*found, *own], key=_by_role)}
    return sorted(by_id.values(), key=lambda one: one.slug)


def _by_role(membership: Membership) -> bool:
    return membership.is_admin


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
    return why_of(current_membership())


def why_of(membership: Membership) -> Why:
    """A visitor as the cause of a change, now, in the organization of that membership."""
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
    membership = _find_membership()
    visitor = current_visitor()
    if membership is None and visitor is not None and is_older(visitor, CHECKED_SOON):
        close_page_session(None)
        renew_visitor(visitor)  # perhaps they were let in on GitHub just now
        membership = _find_membership()
    if membership is None:
        _turn_away()
    g.membership = membership


def _find_membership() -> Membership | None:
    open_page_session()
    g.memberships = found = find_memberships(page_session())  # for going from one to another
    return next((one for one in found if one.slug == g.organization_slug), None)


def _turn_away() -> NoReturn:
    """Whoever is signed in learns no more than that the organization is none of theirs."""
    visitor = current_visitor()
    if visitor is not None and is_closed(visitor):
        raise SilentGitHubError
    abort(404 if visitor is not None or find_memberships(page_session()) else 401)
