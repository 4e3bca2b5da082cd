"""Browsers that signed in with GitHub; the cookie holds a token of which we keep the SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from domain.login_links import SESSION_LIFETIME
from domain.one_time import digest, make_token
from domain.text import clean_text
from models import User, UserSession

USE_NOTED_EVERY = timedelta(minutes=5)
AGENT_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who uses a session, and when GitHub was last asked what they may see."""

    user_id: int
    session_id: int
    github_id: int
    login: str
    name: str  # the login, if they gave none
    is_operator: bool
    memberships_at: datetime | None
    is_being_checked: bool  # GitHub is being asked for them at this moment
    last_used_at: datetime
    takes_issues: bool  # those that their commits name


def begin_user_session(session: Session, user_id: int, *, user_agent: str, now: datetime) -> str:
    """A new session's token, kept nowhere else. It ends after 30 days, used or not."""
    token = make_token()
    session.add(
        UserSession(
            user_id=user_id,
            token_sha256=digest(token),
            user_agent=clean_text(user_agent, AGENT_LENGTH),
            created_at=now,
            last_used_at=now,
            expires_at=now + SESSION_LIFETIME,
        )
    )
    session.flush()
    return token


def find_visitor(session: Session, token: str, *, now: datetime) -> Visitor | None:
    """Whose session it is, in one statement; None once it is over."""
    row = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_sha256 == digest(token), UserSession.expires_at > now)
    ).one_or_none()
    if row is None:
        return None
    used, user = row
    return Visitor(
        user_id=user.id,
        session_id=used.id,
        github_id=user.github_id,
        login=user.login,
        name=user.name or user.login,
        is_operator=user.is_operator,
        memberships_at=user.memberships_at,
        is_being_checked=user.checking_until is not None and user.checking_until > now,
        last_used_at=used.last_used_at,
        takes_issues=user.takes_issues,
    )


def note_session_use(session: Session, session_id: int, *, now: datetime) -> None:
    """Say that the session was used; worth a write every few minutes, not at every page."""
    session.execute(
        update(UserSession).where(UserSession.id == session_id).values(last_used_at=now)
    )


def list_user_sessions(session: Session, user_id: int, *, now: datetime) -> list[UserSession]:
    """The person's sessions that are not over, the last used first."""
    return list(
        session.scalars(
            select(UserSession)
            .where(UserSession.user_id == user_id, UserSession.expires_at > now)
            .order_by(UserSession.last_used_at.desc(), UserSession.id.desc())
        )
    )


def end_user_session(session: Session, user_id: int, session_id: int) -> bool:
    """End one of the person's own sessions; False if they have none of that id."""
    ended = session.scalars(
        delete(UserSession)
        .where(UserSession.id == session_id, UserSession.user_id == user_id)
        .returning(UserSession.id)
        .execution_options(synchronize_session=False)
    ).all()
    return bool(ended)


def end_session_of(session: Session, token: str) -> None:
    """End the session whose cookie holds *token*, if there is one."""
    session.execute(delete(UserSession).where(UserSession.token_sha256 == digest(token)))


def end_all_sessions(session: Session, user_id: int) -> None:
    """Sign the person out everywhere."""
    session.execute(delete(UserSession).where(UserSession.user_id == user_id))


def drop_expired_sessions(session: Session, *, now: datetime) -> None:
    """Forget sessions that are over, whoever's they were."""
    session.execute(delete(UserSession).where(UserSession.expires_at <= now))
