"""By which logins and addresses commits name members, as far as signing in proves it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from models import IdentityKind, IdentityState, Member, MemberIdentity


def find_written_down(session: Session, organization_id: int, login: str) -> Member | None:
    """The member whom an admin wrote down under that GitHub login, and who never signed in."""
    return session.scalar(
        select(Member)
        .join(MemberIdentity, MemberIdentity.member_id == Member.id)
        .where(
            Member.organization_id == organization_id,
            Member.user_id.is_(None),
            MemberIdentity.kind == IdentityKind.login,
            MemberIdentity.value == login.lower(),
            MemberIdentity.state != IdentityState.guessed,
        )
    )


def list_own_names(session: Session, organization_id: int, user_id: int) -> list[str]:
    """Logins and addresses, in lower case, that are known to be those of the user's member there."""
    return list(
        session.scalars(
            select(MemberIdentity.value)
            .join(Member, Member.id == MemberIdentity.member_id)
            .where(
                Member.organization_id == organization_id,
                Member.user_id == user_id,
                MemberIdentity.state != IdentityState.guessed,
            )
            .order_by(MemberIdentity.id)
        )
    )


def record_identities(
    session: Session, member: Member, *, login: str, emails: Iterable[str], now: datetime
) -> bool:
    """Note what GitHub verified: it goes before guesses, and before who had it on GitHub earlier.

    What an admin confirmed for somebody else stays. Whether any of it was news.
    """
    wanted = [(IdentityKind.login, login.lower())]
    wanted += [(IdentityKind.email, email) for email in sorted({one.lower() for one in emails})]
    known = {
        (row.kind, row.value): row
        for row in session.scalars(
            select(MemberIdentity).where(
                MemberIdentity.organization_id == member.organization_id,
                MemberIdentity.value.in_([value for _, value in wanted]),
            )
        )
    }
    missing = [one for one in wanted if one not in known]
    is_news = bool(missing)
    for row in (known[one] for one in wanted if one in known):
        is_ours = (row.member_id, row.state) == (member.id, IdentityState.verified)
        if is_ours or (row.member_id != member.id and row.state == IdentityState.confirmed):
            continue
        row.member_id, row.state, is_news = member.id, IdentityState.verified, True
    insert_missing(session, MemberIdentity, [_row(member, *one, now=now) for one in missing])
    return is_news


def _row(member: Member, kind: IdentityKind, value: str, *, now: datetime) -> dict[str, object]:
    return {
        "organization_id": member.organization_id,
        "member_id": member.id,
        "kind": kind,
        "value": value,
        "state": IdentityState.verified,
        "created_at": now,
    }
