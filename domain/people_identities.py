"""By which addresses and logins commits name a member, as admins say it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audit import record_setting
from domain.author_matching import NOBODY, match_authors, say_nobody
from domain.errors import InvalidError, NotFoundError
from domain.organizations import lock_organization
from domain.provenance import Why
from domain.text import clean_text
from models import Author, IdentityKind, IdentityState, Member, MemberIdentity

_EMAIL = re.compile(r"[^\s@]{1,120}@[^\s@]{1,120}")
_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?(?:\[bot\])?")


def add_identity(session: Session, member: Member, text: str, *, why: Why) -> MemberIdentity:
    """Confirm that *text*, an e-mail address or a GitHub login, is *member*.

    It may have been somebody else's, which the audit log tells. Raises InvalidError.
    """
    kind, value = parse_identity(text)
    lock_organization(session, member.organization_id)
    identity = session.scalar(
        select(MemberIdentity).where(
            MemberIdentity.organization_id == member.organization_id,
            MemberIdentity.kind == kind,
            MemberIdentity.value == value,
        )
    )
    before = None
    if identity is None:
        identity = MemberIdentity(
            organization_id=member.organization_id, kind=kind, value=value, created_at=why.now
        )
        session.add(identity)
    else:
        if identity.member_id == member.id and identity.state != IdentityState.guessed:
            return identity
        before = session.get_one(Member, identity.member_id).name
    identity.member_id, identity.state = member.id, IdentityState.confirmed
    _note(session, member, value, before=before, after=member.name, why=why)
    _forget_nobody(session, member.organization_id, kind, value)
    match_authors(session, member.organization_id)
    return identity


def drop_identity(session: Session, member: Member, identity_id: int, *, why: Why) -> None:
    """Take an address or login away from *member*; raises NotFoundError.

    GitHub may verify it again when they sign in.
    """
    lock_organization(session, member.organization_id)
    identity = session.get(MemberIdentity, identity_id)
    if identity is None or identity.member_id != member.id:
        raise NotFoundError("no such address or login")
    _note(session, member, identity.value, before=member.name, after=None, why=why)
    session.delete(identity)
    match_authors(session, member.organization_id)


def confirm_author(session: Session, author: Author, member: Member | None, *, why: Why) -> None:
    """Say who *author* is; None: nobody here, such as somebody who left long ago."""
    if member is not None:
        add_identity(session, member, author.email, why=why)
        return
    lock_organization(session, author.organization_id)
    record_setting(
        session,
        why,
        "who commits are by",
        organization_id=author.organization_id,
        before=author.matched_by,
        after=NOBODY,
        subject=author.email,
    )
    say_nobody(session, author)


def open_author(session: Session, author: Author, *, why: Why) -> None:
    """Take back that *author* is nobody."""
    if author.matched_by != NOBODY:
        return
    record_setting(
        session,
        why,
        "who commits are by",
        organization_id=author.organization_id,
        before=NOBODY,
        after=None,
        subject=author.email,
    )
    author.matched_by = None
    match_authors(session, author.organization_id)


def get_author(session: Session, organization_id: int, author_id: int) -> Author:
    """The organization's author of that id; raises NotFoundError."""
    author = session.get(Author, author_id)
    if author is None or author.organization_id != organization_id:
        raise NotFoundError("no such author")
    return author


def list_identities(session: Session, member_ids: Sequence[int]) -> list[MemberIdentity]:
    """Of these members, logins first, then by value."""
    return list(
        session.scalars(
            select(MemberIdentity)
            .where(MemberIdentity.member_id.in_(member_ids))
            .order_by(MemberIdentity.kind.desc(), MemberIdentity.value)
        )
    )


def parse_identity(text: str) -> tuple[IdentityKind, str]:
    """An address, or a login with or without `@` before it; raises InvalidError."""
    value = clean_text(text).strip().lower()
    if "@" in value.lstrip("@"):
        if _EMAIL.fullmatch(value):
            return IdentityKind.email, value
    elif _LOGIN.fullmatch(value.removeprefix("@")):
        return IdentityKind.login, value.removeprefix("@")
    raise InvalidError(f"{text.strip()[:100]!r} is neither an e-mail address nor a GitHub login.")


def _forget_nobody(session: Session, organization_id: int, kind: IdentityKind, value: str) -> None:
    """What was nobody's before is open again: it is a member's now."""
    named = Author.email if kind == IdentityKind.email else Author.login
    for author in session.scalars(
        select(Author).where(
            Author.organization_id == organization_id,
            named == value,
            Author.matched_by == NOBODY,
        )
    ):
        author.matched_by = None
    session.flush()


def _note(
    session: Session, member: Member, value: str, *, before: str | None, after: str | None, why: Why
) -> None:
    record_setting(
        session,
        why,
        "who commits are by",
        organization_id=member.organization_id,
        before=before,
        after=after,
        subject=value,
    )
