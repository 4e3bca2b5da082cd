"""One-time sign-in links, and the sessions that begin with them.

Only the SHA-256 of a link's token is kept. The row of a used link stands for the session that it
began: when the row is gone, so is the session, whatever cookie a browser still holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from domain.errors import InvalidError, NotFoundError
from domain.one_time import digest, make_token
from models import LoginLink, Organization

ROLES = ("admin", "member")
LINK_LIFETIME = timedelta(hours=1)
SESSION_LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class Membership:
    """What a session may see: one organization, in a role."""

    link_id: int  # 0: signed in with GitHub, not by a link
    role: str
    organization_id: int
    slug: str
    name: str
    person: str | None = None  # who it is, where that is known: a link may be used by anybody
    member_id: int | None = None  # the same as a row of the organization

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


def create_login_link(
    session: Session, organization: Organization, *, role: str = "member", now: datetime
) -> str:
    """A new link's token; it is kept nowhere else. Raises InvalidError for an unknown role."""
    if role not in ROLES:
        raise InvalidError(f"{role!r} is no role: {' or '.join(ROLES)}")
    token = make_token()
    session.add(
        LoginLink(
            organization_id=organization.id,
            token_sha256=digest(token),
            role=role,
            created_at=now,
            expires_at=now + LINK_LIFETIME,
        )
    )
    session.flush()
    return token


def find_login_link(session: Session, token: str, *, now: datetime) -> Membership | None:
    """What the link of that token gives, while it can still be used."""
    row = session.execute(
        select(LoginLink, Organization)
        .join(Organization, Organization.id == LoginLink.organization_id)
        .where(
            LoginLink.token_sha256 == digest(token),
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > now,
        )
    ).one_or_none()
    return _membership(row[0], row[1]) if row else None


def use_login_link(session: Session, token: str, *, now: datetime) -> Membership:
    """What the link gives; it is used up: of two attempts at once one succeeds.

    Raises NotFoundError.
    """
    link_id = session.scalar(
        update(LoginLink)
        .where(
            LoginLink.token_sha256 == digest(token),
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(LoginLink.id)
        .execution_options(synchronize_session=False)
    )
    if link_id is None:
        raise NotFoundError("this sign-in link is unknown, used or expired")
    link = session.get_one(LoginLink, link_id, populate_existing=True)
    return _membership(link, session.get_one(Organization, link.organization_id))


def list_memberships(
    session: Session, link_ids: Sequence[int], *, now: datetime
) -> list[Membership]:
    """What the sessions that began with these links may see, by slug, each organization once."""
    rows = session.execute(
        select(LoginLink, Organization)
        .join(Organization, Organization.id == LoginLink.organization_id)
        .where(LoginLink.id.in_(link_ids), LoginLink.used_at > now - SESSION_LIFETIME)
        .order_by(Organization.slug, LoginLink.used_at)
    )
    return list(
        {organization.id: _membership(link, organization) for link, organization in rows}.values()
    )


def end_sessions(session: Session, link_ids: Sequence[int]) -> None:
    """Sign out: cookies that hold these links open nothing any more."""
    session.execute(delete(LoginLink).where(LoginLink.id.in_(link_ids)))


def _membership(link: LoginLink, organization: Organization) -> Membership:
    return Membership(
        link_id=link.id,
        role=link.role,
        organization_id=organization.id,
        slug=organization.slug,
        name=organization.name,
    )
