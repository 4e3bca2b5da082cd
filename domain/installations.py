"""Installations and the organizations that take repositories of them.

An installation has one home, where its repositories are listed. It can be shared with further
organizations; a repository of it belongs to exactly one of all these at a time. The row of any
other that had it before stays, with `moved_to_id` set, and is passed over here.
"""

from __future__ import annotations

from sqlalchemy import and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from domain.audit import record_setting
from domain.bulk import insert_missing
from domain.errors import InvalidError, NotFoundError
from domain.organizations import lock_organization
from domain.provenance import Why
from models import Installation, InstallationShare, Organization, Repository

SHARED_WITH = "shared with"


def find_shown(session: Session, installation: Installation, github_id: int) -> Repository | None:
    """The row in which that repository counts, in the installation's home or where it was moved to.

    Never one of an organization that the installation has nothing to do with. In an organization
    that it is shared with, only repositories of its own account are meant.
    """
    shared = select(InstallationShare.organization_id).where(
        InstallationShare.installation_id == installation.id
    )
    same_account = select(Installation.id).where(Installation.account_id == installation.account_id)
    at_home = Repository.organization_id == installation.organization_id
    elsewhere = and_(
        Repository.organization_id.in_(shared), Repository.installation_id.in_(same_account)
    )
    return session.scalars(
        select(Repository)
        .where(
            Repository.github_id == github_id,
            Repository.moved_to_id.is_(None),
            or_(at_home, elsewhere),
        )
        .order_by(Repository.is_accessible.desc(), at_home.desc(), Repository.id.desc())
        .limit(1)
    ).first()


def list_takers(session: Session, installation: Installation) -> list[int]:
    """Ids of the organizations that take repositories of it, its home among them; in their order."""
    shared = session.scalars(
        select(InstallationShare.organization_id).where(
            InstallationShare.installation_id == installation.id
        )
    )
    return sorted({installation.organization_id, *shared})


def lock_takers(session: Session, installation: Installation) -> list[int]:
    """`list_takers`, each locked, before several of their repositories are changed."""
    takers = list_takers(session, installation)
    for organization_id in takers:
        lock_organization(session, organization_id)
    return takers


def get_taken(session: Session, organization_id: int, installation_id: int) -> Installation:
    """The installation of that row id, the organization's own or shared with it; NotFoundError."""
    shared = exists().where(
        InstallationShare.installation_id == Installation.id,
        InstallationShare.organization_id == organization_id,
    )
    found = session.scalar(
        select(Installation).where(
            Installation.id == installation_id,
            or_(Installation.organization_id == organization_id, shared),
        )
    )
    if found is None:
        raise NotFoundError(f"no installation {installation_id} in this organization")
    return found


def share_installation(
    session: Session, installation: Installation, organization_id: int, *, why: Why
) -> None:
    """Let a further organization take repositories of *installation*; repeatable.

    Whoever asks is an admin of both, which the caller has checked. Raises InvalidError.
    """
    if organization_id == installation.organization_id:
        raise InvalidError(f"{installation.account_login} is in that workspace already.")
    row = {
        "installation_id": installation.id,
        "organization_id": organization_id,
        "created_at": why.now,
    }
    added = insert_missing(
        session, InstallationShare, [row], returning=(InstallationShare.organization_id,)
    )
    if added:
        _record(session, installation, organization_id, why, is_shared=True)


def unshare_installation(
    session: Session, installation: Installation, organization_id: int, *, why: Why
) -> None:
    """Undo `share_installation`; repeatable.

    Raises InvalidError while a repository of it counts there.
    """
    if organization_id not in list_takers(session, installation):
        return
    lock_organization(session, organization_id)
    same_account = select(Installation.id).where(Installation.account_id == installation.account_id)
    holds = exists().where(
        Repository.organization_id == organization_id,
        Repository.installation_id.in_(same_account),
        Repository.moved_to_id.is_(None),
    )
    if session.scalar(select(holds)):
        raise InvalidError("Move its repositories out of that workspace first.")
    removed = session.scalars(
        delete(InstallationShare)
        .where(
            InstallationShare.installation_id == installation.id,
            InstallationShare.organization_id == organization_id,
        )
        .returning(InstallationShare.organization_id)
    ).all()
    if removed:
        _record(session, installation, organization_id, why, is_shared=False)


def inherit_shares(session: Session, installation: Installation) -> None:
    """Give a new installation the shares of those that its account had before it."""
    before = session.execute(
        select(InstallationShare.organization_id, InstallationShare.created_at)
        .join(Installation, Installation.id == InstallationShare.installation_id)
        .where(
            Installation.account_id == installation.account_id,
            Installation.id != installation.id,
            InstallationShare.organization_id != installation.organization_id,
        )
        .order_by(InstallationShare.organization_id, InstallationShare.created_at)
    ).all()
    rows = [{"installation_id": installation.id, **row._mapping} for row in before]
    insert_missing(session, InstallationShare, rows)


def _record(
    session: Session, installation: Installation, organization_id: int, why: Why, *, is_shared: bool
) -> None:
    """A line in either organization, which names the other one."""
    home = session.get_one(Organization, installation.organization_id)
    other = session.get_one(Organization, organization_id)
    for here, there in ((home, other), (other, home)):
        before, after = (None, there.slug) if is_shared else (there.slug, None)
        record_setting(
            session,
            why,
            SHARED_WITH,
            organization_id=here.id,
            before=before,
            after=after,
            subject=installation.account_login,
        )
