"""The server's own one-time link, and the operator's session that begins with it.

As with sign-in links, only the SHA-256 of the token is kept, and the row of a used link stands for
the session: when the row is gone, so is the session, whatever cookie a browser still holds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from domain.errors import NotFoundError
from domain.login_links import SESSION_LIFETIME
from domain.one_time import digest, make_token
from models import SetupLink

SETUP_LINK_LIFETIME = timedelta(days=1)


def create_setup_link(session: Session, *, now: datetime) -> str:
    """A new link's token, kept nowhere else; older ones that nobody used work no more."""
    session.execute(delete(SetupLink).where(SetupLink.used_at.is_(None)))
    token = make_token()
    session.add(SetupLink(token_sha256=digest(token), created_at=now))
    session.flush()
    return token


def is_setup_link_usable(session: Session, token: str, *, now: datetime) -> bool:
    """Whether the link of that token can (still) be used; looking does not use it."""
    query = select(SetupLink.id).where(*_usable(token, now))
    return session.scalar(query) is not None


def use_setup_link(session: Session, token: str, *, now: datetime) -> int:
    """The id of the operator's session that begins; of two attempts at once one succeeds.

    Raises NotFoundError.
    """
    link_id = session.scalar(
        update(SetupLink)
        .where(*_usable(token, now))
        .values(used_at=now)
        .returning(SetupLink.id)
        .execution_options(synchronize_session=False)
    )
    if link_id is None:
        raise NotFoundError("this set-up link is unknown, used or expired")
    return link_id


def is_operator_session(session: Session, link_id: int, *, now: datetime) -> bool:
    """Whether that session has begun and has not ended."""
    query = select(SetupLink.id).where(
        SetupLink.id == link_id, SetupLink.used_at > now - SESSION_LIFETIME
    )
    return session.scalar(query) is not None


def end_operator_session(session: Session, link_id: int) -> None:
    """End it, for copies of its cookie as well."""
    session.execute(delete(SetupLink).where(SetupLink.id == link_id))


def _usable(token: str, now: datetime) -> list[ColumnElement[bool]]:
    return [
        SetupLink.token_sha256 == digest(token),
        SetupLink.used_at.is_(None),
        SetupLink.created_at > now - SETUP_LINK_LIFETIME,
    ]
