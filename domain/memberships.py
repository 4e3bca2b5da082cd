"""Who belongs to an organization, and as what, by what GitHub lists for a person.

A person is in the organizations that are home to an installation which GitHub lists for them; one
that an installation is merely shared with has members of its own. Who is an admin: github.md 5,
"Permissions". Two things are never changed here: a role that an admin gave, and a removal by an
admin. Access that GitHub gave ends when GitHub lists nothing more, whoever gave the role. Somebody
whom GitHub never listed is there on an admin's word alone, and stays for as long as it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.author_matching import match_authors
from domain.bulk import insert_missing
from domain.login_links import Membership
from domain.member_identities import find_written_down, record_identities
from domain.provenance import Why, record_activity
from models import Installation, Member, MemberRole, Organization, RoleSource, User

CHECKED_EVERY = timedelta(minutes=15)  # after which GitHub is asked again what somebody may see
CHECKED_SOON = timedelta(minutes=1)  # the same for one who may see nothing yet
KEPT_FOR = timedelta(hours=24)  # how long the last answer holds while GitHub gives none
NO_LONGER_LISTED = "GitHub no longer lists the installation for them"
LISTS = "github-lists-installation"
ROLES = "github-tells-roles"


@dataclass(frozen=True, slots=True)
class Listed:
    """An installation that GitHub lists for a person, by GitHub's id."""

    installation_id: int
    is_owner: bool = False  # GitHub says that the person owns the account


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is in an organization, and why."""

    role: MemberRole
    source: RoleSource


def list_user_memberships(
    session: Session, user_id: int, *, login: str, with_listed: bool = True
) -> list[Membership]:
    """The organizations that a person who signed in with GitHub may see, by slug.

    Without *with_listed* only those that do not depend on what GitHub lists.
    """
    rows = session.execute(
        select(Member, Organization)
        .join(Organization, Organization.id == Member.organization_id)
        .where(Member.user_id == user_id, Member.ended_at.is_(None))
        .order_by(Organization.slug)
    )
    return [
        Membership(
            link_id=0,
            role=str(member.role),
            organization_id=organization.id,
            slug=organization.slug,
            name=organization.name,
            person=login,
            member_id=member.id,
        )
        for member, organization in rows
        if with_listed or member.listed_since is None
    ]


def apply_listing(
    session: Session,
    user: User,
    listed: Sequence[Listed],
    *,
    emails: Iterable[str],
    now: datetime,
    signs_in: bool = False,
) -> None:
    """Make *user*'s memberships what GitHub lists; the row of *user* is locked by the caller.

    Each begin, end and change of a role is a line of the audit log. Flushes, does not commit.
    Who the authors of commits are is said anew when something about the person is new; with
    *signs_in*, when their name may have changed, in any case: it takes a look at every author.
    """
    homes = _list_homes(session, user, listed)
    of_user = session.scalars(select(Member).where(Member.user_id == user.id))
    members = {member.organization_id: member for member in of_user}
    for organization_id in sorted(homes):
        member = members.get(organization_id)
        if member is None:
            member = _begin(session, organization_id, user, homes[organization_id], now)
        else:
            _go_on(session, member, homes[organization_id], now)
        is_news = organization_id not in members or member.name != user.login or signs_in
        member.name = user.login
        if record_identities(session, member, login=user.login, emails=emails, now=now) or is_news:
            match_authors(session, organization_id)
    for organization_id in sorted(members.keys() - homes.keys()):
        _end(session, members[organization_id], now)
    user.memberships_at, user.check_failed_at = now, None
    session.flush()


def _list_homes(session: Session, user: User, listed: Sequence[Listed]) -> dict[int, Standing]:
    """The organizations that the person is in, and as what; the best where there are several."""
    owned = {one.installation_id: one.is_owner for one in listed}
    homes: dict[int, Standing] = {}
    known = session.scalars(
        select(Installation).where(
            Installation.github_id.in_(owned), Installation.deleted_at.is_(None)
        )
    )
    for installation in known:
        standing = _stand(user, installation, is_owner=owned[installation.github_id])
        before = homes.get(installation.organization_id)
        if before is None or before.role != MemberRole.admin:
            homes[installation.organization_id] = standing
    return homes


def _stand(user: User, installation: Installation, *, is_owner: bool) -> Standing:
    if installation.account_id == user.github_id:
        return Standing(MemberRole.admin, RoleSource.account)
    if installation.installed_by_id == user.github_id:
        return Standing(MemberRole.admin, RoleSource.installer)
    if is_owner:
        return Standing(MemberRole.admin, RoleSource.github)
    if user.is_operator:
        return Standing(MemberRole.admin, RoleSource.operator)
    return Standing(MemberRole.member, RoleSource.github)


def _begin(
    session: Session, organization_id: int, user: User, standing: Standing, now: datetime
) -> Member:
    written = find_written_down(session, organization_id, user.login)
    if written is not None:
        written.user_id = user.id
        _go_on(session, written, standing, now, is_new=True)
        return written
    row = {
        "organization_id": organization_id,
        "user_id": user.id,
        "name": user.login,
        "role": standing.role,
        "role_source": standing.source,
        "created_at": now,
        "listed_since": now,
    }
    added = insert_missing(session, Member, [row], returning=(Member.id,))
    member = session.scalars(
        select(Member).where(Member.organization_id == organization_id, Member.user_id == user.id)
    ).one()
    if added:
        _note(session, member, "member_joined", LISTS, now)
    return member


def _go_on(
    session: Session, member: Member, standing: Standing, now: datetime, *, is_new: bool = False
) -> None:
    if member.ended_at is not None and member.ended_reason != NO_LONGER_LISTED:
        return  # an admin removed them
    if member.role_source != RoleSource.appointed:
        before, member.role_source = member.role, standing.source
        member.role = standing.role
        if before != standing.role:
            _note(session, member, "member_role_changed", ROLES, now, before=str(before))
    if member.ended_at is not None or is_new:
        member.ended_at = member.ended_reason = None
        _note(session, member, "member_joined", LISTS, now)
    if member.listed_since is None:
        member.listed_since = now


def _end(session: Session, member: Member, now: datetime) -> None:
    if member.listed_since is None:
        return  # never was listed, or has ended already
    member.listed_since = None
    if member.ended_at is None:
        member.ended_at, member.ended_reason = now, NO_LONGER_LISTED
        _note(session, member, "member_left", LISTS, now, reason=NO_LONGER_LISTED)


def _note(
    session: Session, member: Member, kind: str, rule: str, now: datetime, **more: str
) -> None:
    said = {"member": member.name, "role": str(member.role), "because": str(member.role_source)}
    record_activity(
        session,
        Why(now, source="github"),
        kind,
        organization_id=member.organization_id,
        rule=rule,
        data={**said, **more},
    )
