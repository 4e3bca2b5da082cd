"""People's accounts here: found by GitHub's id, with the tokens that let us ask GitHub for them.

Whoever asks holds a lease, `checking_until`. It keeps parallel requests, also of other processes,
from asking twice, and from spending the same refresh token twice, which only the first could.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from domain.secret_box import SecretBox
from domain.user_sessions import end_all_sessions
from models import User

LEASE = timedelta(seconds=60)  # more than asking ever takes
FAILED_WAIT = timedelta(minutes=1)  # before GitHub is asked again after it failed
REFRESH_MARGIN = timedelta(minutes=5)  # a token this close to its end is not used any more


def take_issues(session: Session, user_id: int, *, takes: bool) -> None:
    """Whether the person wishes to be assigned the issues that their commits name."""
    session.execute(update(User).where(User.id == user_id).values(takes_issues=takes))


def record_user(session: Session, github_id: int, *, login: str, name: str, now: datetime) -> User:
    """The account with GitHub's *github_id*, locked, its login and name as they are today."""
    row = {
        "github_id": github_id,
        "login": login,
        "name": name,
        "is_operator": False,
        "created_at": now,
    }
    insert_missing(session, User, [row])
    user = session.scalars(
        select(User).where(User.github_id == github_id).with_for_update(key_share=True)
    ).one()
    user.login, user.name = login, name
    session.flush()
    return user


def keep_tokens(
    user: User,
    box: SecretBox,
    *,
    access: str,
    access_expires_at: datetime | None,
    refresh: str | None,
    refresh_expires_at: datetime | None,
) -> None:
    """Keep a pair, encrypted, in place of the one before."""
    user.access_token = box.seal(access)
    user.access_expires_at = access_expires_at
    user.refresh_token = box.seal(refresh) if refresh else None
    user.refresh_expires_at = refresh_expires_at


def is_worn_out(user: User, *, now: datetime) -> bool:
    """Whether the access token has to be refreshed before it is used."""
    ends = user.access_expires_at
    return ends is not None and ends - REFRESH_MARGIN <= now


def revoke_user(session: Session, github_id: int) -> User | None:
    """GitHub does not let us act for this person any more: tokens go, and so do all sessions."""
    user = session.scalar(
        select(User).where(User.github_id == github_id).with_for_update(key_share=True)
    )
    if user is not None:
        user.access_token = user.refresh_token = None
        user.access_expires_at = user.refresh_expires_at = None
        end_all_sessions(session, user.id)
        session.flush()
    return user


def claim_check(session: Session, user_id: int, *, now: datetime) -> bool:
    """Take the right to ask GitHub for this person.

    False while somebody else has it, and for a minute after it was in vain.
    """
    failed_at = User.check_failed_at
    claimed = session.scalar(
        update(User)
        .where(
            User.id == user_id,
            or_(User.checking_until.is_(None), User.checking_until <= now),
            or_(failed_at.is_(None), failed_at <= now - FAILED_WAIT),
        )
        .values(checking_until=now + LEASE)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return claimed is not None


def release_check(session: Session, user_id: int, *, failed_at: datetime | None) -> None:
    """Give the right back; *failed_at* if GitHub was asked in vain."""
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(checking_until=None, check_failed_at=failed_at)
    )
