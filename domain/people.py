"""Members as admins manage them: roles, people written down, removal, and two that are one.

Each change leaves a line in the audit log. Raises the errors of `domain/errors.py`.
"""

from __future__ import annotations

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from domain.audit import record_setting
from domain.author_matching import match_authors
from domain.errors import AlreadyExistsError, InvalidError, NotFoundError
from domain.organizations import lock_organization
from domain.provenance import Why
from domain.text import clean_text
from models import (
    Author,
    Issue,
    Member,
    MemberIdentity,
    MemberRole,
    ReleaseOwner,
    RoleSource,
    TeamMember,
)

NAME_LENGTH = 128
LAST_ADMIN = "Somebody else has to be an admin first: this is the last one."


def get_member(session: Session, organization_id: int, member_id: int) -> Member:
    """The organization's member of that id; raises NotFoundError."""
    member = session.get(Member, member_id)
    if member is None or member.organization_id != organization_id:
        raise NotFoundError("no such member")
    return member


def appoint(session: Session, member: Member, role: str, *, why: Why) -> None:
    """Give *member* a role that nothing automatic changes any more."""
    if role not in MemberRole.__members__:
        raise InvalidError("A role is admin or member.")
    _hold(session, member)
    wanted = MemberRole(role)
    if wanted != MemberRole.admin:
        _keep_an_admin(session, member)
    _note(session, member, "role", before=str(member.role), after=role, why=why)
    member.role, member.role_source = wanted, RoleSource.appointed
    session.flush()


def write_down(session: Session, organization_id: int, name: str, *, why: Why) -> Member:
    """A member who has never signed in, so that commits can name them."""
    name = clean_text(name).strip()
    if not name or len(name) > NAME_LENGTH:
        raise InvalidError(f"A name has 1 to {NAME_LENGTH} characters.")
    lock_organization(session, organization_id)
    same = select(Member.id).where(
        Member.organization_id == organization_id, func.lower(Member.name) == name.lower()
    )
    if session.scalar(same.limit(1)) is not None:
        raise AlreadyExistsError(f"There is a member called {name!r} already.")
    member = Member(
        organization_id=organization_id,
        name=name,
        role=MemberRole.member,
        role_source=RoleSource.written_down,
        created_at=why.now,
    )
    session.add(member)
    session.flush()
    _note(session, member, "member", before=None, after="written down", why=why)
    match_authors(session, organization_id)
    return member


def remove(session: Session, member: Member, *, why: Why) -> None:
    """Take access away until an admin gives it back, whatever GitHub lists."""
    _hold(session, member)
    if member.ended_at is not None:
        return
    _keep_an_admin(session, member)
    member.ended_at = why.now
    member.ended_reason = f"removed by {why.actor or 'an admin'}"
    _note(session, member, "access", before="has access", after="removed", why=why)
    session.flush()


def take_back(session: Session, member: Member, *, why: Why) -> None:
    """Undo `remove`: an admin's word, which holds whatever GitHub lists."""
    _hold(session, member)
    if member.ended_at is None:
        return
    member.ended_at = member.ended_reason = None
    member.role_source = RoleSource.appointed
    _note(session, member, "access", before="removed", after="has access", why=why)
    session.flush()


def merge_members(session: Session, kept: Member, gone: Member, *, why: Why) -> None:
    """*gone* turns out to be *kept*: what names it, its teams, issues, releases and commits are *kept*'s.

    If *gone* is who has signed in, the account comes along, and with it what it may see here.
    """
    if kept.id == gone.id or kept.organization_id != gone.organization_id:
        raise InvalidError("Choose another member of this organization.")
    _hold(session, kept, gone)
    if kept.user_id is not None and gone.user_id is not None:
        raise InvalidError("Both have signed in with a GitHub account of their own.")
    user_id, name = gone.user_id, gone.name
    if user_id is not None:
        _take_over_standing(session, kept, gone)
    session.execute(
        update(MemberIdentity).where(MemberIdentity.member_id == gone.id).values(member_id=kept.id)
    )
    session.execute(update(Author).where(Author.member_id == gone.id).values(member_id=kept.id))
    session.execute(
        update(Issue).where(Issue.assigned_member_id == gone.id).values(assigned_member_id=kept.id)
    )
    session.execute(
        update(ReleaseOwner).where(ReleaseOwner.member_id == gone.id).values(member_id=kept.id)
    )
    _move_teams(session, kept, gone)
    session.delete(gone)
    session.flush()
    kept.user_id = kept.user_id if user_id is None else user_id
    _note(session, kept, "merged with", before=None, after=name, why=why)
    match_authors(session, kept.organization_id)


def _take_over_standing(session: Session, kept: Member, gone: Member) -> None:
    """Access belongs to the account that comes from *gone*: merging names opens no door.

    What an admin said of *kept* goes before it: a role, and a removal.
    """
    if kept.role_source != RoleSource.appointed:
        kept.role, kept.role_source = gone.role, gone.role_source
    if kept.ended_at is None:
        kept.ended_at, kept.ended_reason = gone.ended_at, gone.ended_reason
    kept.listed_since = gone.listed_since
    if gone.ended_at is None and (kept.ended_at is not None or kept.role != MemberRole.admin):
        _keep_an_admin(session, gone)


def _hold(session: Session, *members: Member) -> None:
    """Lock their organization, and read them as they are by now; raises NotFoundError."""
    lock_organization(session, members[0].organization_id)
    for member in members:
        if session.get(Member, member.id, populate_existing=True) is None:
            raise NotFoundError("no such member")


def _move_teams(session: Session, kept: Member, gone: Member) -> None:
    of_kept = select(TeamMember.team_id).where(TeamMember.member_id == kept.id)
    session.execute(
        delete(TeamMember).where(
            TeamMember.member_id == gone.id, TeamMember.team_id.in_(of_kept.scalar_subquery())
        )
    )
    session.execute(
        update(TeamMember).where(TeamMember.member_id == gone.id).values(member_id=kept.id)
    )


def _keep_an_admin(session: Session, member: Member) -> None:
    """Refuse to take the last admin who can sign in; links from the command line do not count."""
    if member.role != MemberRole.admin or member.user_id is None:
        return
    others = exists().where(
        Member.organization_id == member.organization_id,
        Member.id != member.id,
        Member.role == MemberRole.admin,
        Member.user_id.is_not(None),
        Member.ended_at.is_(None),
    )
    if not session.scalar(select(others)):
        raise InvalidError(LAST_ADMIN)


def _note(
    session: Session,
    member: Member,
    setting: str,
    *,
    before: str | None,
    after: str | None,
    why: Why,
) -> None:
    record_setting(
        session,
        why,
        setting,
        organization_id=member.organization_id,
        before=before,
        after=after,
        subject=member.name,
    )
