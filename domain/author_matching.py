"""Which member an author of commits is: sentry-api.md 10.5 with OURS 29, and guesses labelled so.

What says so is kept with the author: an admin (*confirmed*, or *nobody*), GitHub (*verified*: an
address, a login, or the address that GitHub made up out of either), or a name that is the same
(*guessed*). A guess names nobody in anything that acts by itself; it is there to be confirmed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, or_, select, update
from sqlalchemy.orm import Session

from domain.bulk import batches, table_of
from domain.identity import parse_noreply
from models import Author, IdentityKind, IdentityState, Member, MemberIdentity, User

NOBODY = "nobody"
Match = tuple[int | None, str | None]  # member and what says so
Named = Row[
    *tuple[Any, ...]
]  # an author's columns, those of `_select`: objects would take far longer


@dataclass
class Directory:
    """All that members of one organization are known by."""

    emails: dict[str, tuple[int, IdentityState]] = field(default_factory=dict)
    logins: dict[str, tuple[int, IdentityState]] = field(default_factory=dict)
    github_ids: dict[int, int] = field(default_factory=dict)
    names: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def find(self, author: Named) -> Match:
        """Who *author* is, the surest first; (None, None) if nothing says so."""
        noreply = parse_noreply(author.email)
        login = noreply.login if noreply else (author.login or "").lower()
        number = (noreply.user_id if noreply else None) or author.github_id
        found = self.emails.get(author.email)
        if found is not None:
            return found[0], str(found[1])
        if number is not None and number in self.github_ids:
            return self.github_ids[number], str(IdentityState.verified)
        if login and login in self.logins:
            return self.logins[login][0], str(self.logins[login][1])
        alike = self.names.get(_plain(author.name), []) if author.name else []
        return (alike[0], str(IdentityState.guessed)) if len(alike) == 1 else (None, None)


def load_directory(session: Session, organization_id: int) -> Directory:
    """In two statements."""
    directory = Directory()
    people = session.execute(
        select(Member.id, Member.name, User.github_id, User.name)
        .outerjoin(User, User.id == Member.user_id)
        .where(Member.organization_id == organization_id)
    )
    for member_id, name, github_id, full_name in people:
        for one in {_plain(name), _plain(full_name or "")} - {""}:
            directory.names[one].append(member_id)
        if github_id is not None:
            directory.github_ids[github_id] = member_id
    known = select(MemberIdentity).where(MemberIdentity.organization_id == organization_id)
    for identity in session.scalars(known):
        named = directory.emails if identity.kind == IdentityKind.email else directory.logins
        named[identity.value] = (identity.member_id, identity.state)
    return directory


def match_authors(session: Session, organization_id: int) -> int:
    """Say anew of every author of the organization who it is; how many changed.

    Whom an admin called nobody stays nobody. Repeatable; flushes, does not commit.
    """
    session.flush()
    authors = session.execute(_select(Author.organization_id == organization_id))
    return _store(session, load_directory(session, organization_id), authors)


def match_new_authors(session: Session, organization_id: int, author_ids: Sequence[int]) -> None:
    """Say of authors that came in just now who they are; costs nothing where nobody is known."""
    if not author_ids or not _has_members(session, organization_id):
        return
    directory = load_directory(session, organization_id)
    for some in batches(author_ids):
        _store(session, directory, session.execute(_select(Author.id.in_(some))))


def say_nobody(session: Session, author: Author) -> None:
    """An admin's word: no member is this author."""
    author.member_id, author.matched_by = None, NOBODY
    session.flush()


def is_certain() -> ColumnElement[bool]:
    """That GitHub or an admin says who the author is: no guess, and not nobody."""
    certain = (str(IdentityState.verified), str(IdentityState.confirmed))
    return Author.member_id.is_not(None) & Author.matched_by.in_(certain)


def _select(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Those of whom an admin has not said that they are nobody, in the order in which all write."""
    columns = (Author.id, Author.email, Author.name, Author.login, Author.github_id, Author.is_bot)
    matched = (Author.member_id, Author.matched_by)
    return select(*columns, *matched).where(which, _is_open()).order_by(Author.id)


def _is_open() -> ColumnElement[bool]:
    return or_(Author.matched_by.is_(None), Author.matched_by != NOBODY)


def _has_members(session: Session, organization_id: int) -> bool:
    query = select(Member.id).where(Member.organization_id == organization_id).limit(1)
    return session.scalar(query) is not None


def _store(session: Session, directory: Directory, authors: Iterable[Named]) -> int:
    changes = []
    for author in authors:
        match: Match = (None, None) if author.is_bot else directory.find(author)
        if match != (author.member_id, author.matched_by):
            changes.append({"of_author": author.id, "member": match[0], "by": match[1]})
    if changes:
        session.execute(
            update(table_of(Author))
            .where(Author.id == bindparam("of_author"), _is_open())  # perhaps nobody meanwhile
            .values(member_id=bindparam("member"), matched_by=bindparam("by")),
            changes,
        )
    for change in changes:
        loaded = session.identity_map.get(session.identity_key(Author, change["of_author"]))
        if loaded is not None:
            session.expire(loaded, ["member_id", "matched_by"])
    return len(changes)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
