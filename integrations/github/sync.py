"""Installations and repositories as GitHub shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from domain.installations import find_shown, inherit_shares, lock_takers
from domain.installations_moves import bring_back
from domain.organizations import (
    create_organization,
    find_organization,
    lock_organization,
    make_slug,
)
from domain.provenance import Why, record_activity
from domain.repositories import (
    find_repository_by_github_id,
    regain_repository,
    track_repository,
)
from domain.work import make_due
from integrations.github.payloads import AccountPayload, InstallationPayload, RepositoryPayload
from models import Installation, LoginLink, Member, Organization, Repository, WorkKind


def record_installation(
    session: Session, github_id: int, account: AccountPayload, *, now: datetime
) -> Installation:
    """The installation, with the organization of its account made if there is none.

    A re-installation has a new id for the same account: it joins the account's organization, and
    is shared with those that the account's earlier one was shared with.
    """
    installation = session.scalar(
        select(Installation)
        .where(Installation.github_id == github_id)
        .with_for_update(key_share=True)  # repositories that refer to it can be added
    )
    if installation is None:
        organization = _organization_of(session, account, now=now)
        row = {
            "organization_id": organization.id,
            "github_id": github_id,
            "account_id": account.id,
            "account_login": account.login,
            "created_at": now,
        }
        insert_missing(session, Installation, [row])
        installation = session.scalars(
            select(Installation).where(Installation.github_id == github_id)
        ).one()
        inherit_shares(session, installation)
    if installation.account_id == account.id:
        installation.account_login = account.login
    session.flush()
    return installation


def describe_installation(installation: Installation, payload: InstallationPayload) -> None:
    """Keep what GitHub says of it, if it says anything."""
    if installation.account_id != payload.account.id:
        return
    installation.account_login = payload.account.login
    installation.account_type = payload.account_type or installation.account_type
    installation.permissions = payload.permissions or installation.permissions
    installation.repository_selection = (
        payload.repository_selection or installation.repository_selection
    )


def _organization_of(session: Session, account: AccountPayload, *, now: datetime) -> Organization:
    linked = session.scalar(
        select(Organization)
        .join(Installation, Installation.organization_id == Organization.id)
        .where(Installation.account_id == account.id)
        .order_by(Installation.id.desc())
    )
    if linked is not None:
        return linked
    slug = make_slug(account.login) or f"github-{account.id}"
    taken = find_organization(session, slug)
    if taken is None:
        return create_organization(session, slug, name=account.login, now=now)
    if not _is_inhabited(session, taken):
        return taken  # made before, by command, for this account to join
    return create_organization(session, f"{slug}-{account.id}", name=account.login, now=now)


def _is_inhabited(session: Session, organization: Organization) -> bool:
    """Whether it is somebody's: of an account, or of people.

    Anybody may have a login like that, and becomes an admin of what their installation joins. To
    have it in an organization with people, one of its admins begins the installation there.
    """
    checks = (
        exists().where(Installation.organization_id == organization.id),
        exists().where(Member.organization_id == organization.id),
        exists().where(
            LoginLink.organization_id == organization.id, LoginLink.used_at.is_not(None)
        ),
    )
    return bool(session.scalar(select(or_(*checks))))


def record_repository(
    session: Session,
    installation: Installation,
    payload: RepositoryPayload,
    *,
    now: datetime,
) -> Repository:
    """Refresh the repository where it counts; one that counts nowhere is listed at home.

    A new one is tracked if its organization's setting says so.
    """
    repository = find_shown(session, installation, payload.id)
    if repository is None:
        repository = _list_at_home(session, installation, payload, now=now)
    _refresh(session, repository, installation, payload, now=now)
    return repository


def _list_at_home(
    session: Session, installation: Installation, payload: RepositoryPayload, *, now: datetime
) -> Repository:
    organization = lock_organization(session, installation.organization_id)
    repository = find_repository_by_github_id(session, organization.id, payload.id)
    if repository is None:
        row = {
            "organization_id": organization.id,
            "installation_id": installation.id,
            "github_id": payload.id,
            "full_name": payload.full_name,
            "default_branch": payload.default_branch or "main",
            "is_tracked": False,
            "is_accessible": True,
            "is_archived": payload.is_archived,
            "was_empty": False,
            "created_at": now,
        }
        added = insert_missing(session, Repository, [row], returning=(Repository.id,))
        repository = find_repository_by_github_id(session, organization.id, payload.id)
        if repository is None:
            raise RuntimeError("the repository was neither there nor could be added")
        if added and organization.track_new_repositories:
            track_repository(session, repository, now=now)
    elif repository.moved_to_id is not None:  # and where it was moved to, it is no longer
        bring_back(session, repository, why=Why(now=now, source="github"))
    return repository


def _refresh(
    session: Session,
    repository: Repository,
    installation: Installation,
    payload: RepositoryPayload,
    *,
    now: datetime,
) -> None:
    if repository.full_name != payload.full_name:
        record_activity(
            session,
            Why(now=now, source="github"),
            "repository_renamed",
            organization_id=repository.organization_id,
            repository_id=repository.id,
            rule="repository-id-stays",
            data={"from": repository.full_name, "to": payload.full_name},
        )
        repository.full_name = payload.full_name
    if installation.is_working:
        if _is_shown_by(session, repository, installation):
            repository.installation_id = installation.id
        if not repository.is_accessible:
            _regain(session, repository, now=now)
    if payload.default_branch:
        repository.default_branch = payload.default_branch
        repository.is_archived = payload.is_archived
    session.flush()


def _regain(session: Session, repository: Repository, *, now: datetime) -> None:
    regain_repository(session, repository, now=now)
    record_activity(
        session,
        Why(now=now, source="github"),
        "repository_regained",
        organization_id=repository.organization_id,
        repository_id=repository.id,
        rule="installation-shows-repository",
    )


def _is_shown_by(session: Session, repository: Repository, installation: Installation) -> bool:
    """Whether *installation* is the one to ask about the repository.

    After a re-installation deliveries of the old one may still come in: the newer one counts.
    """
    if repository.installation_id is None:
        return True
    current = session.get(Installation, repository.installation_id)
    if current is None or not current.is_working or current.account_id != installation.account_id:
        return True
    return installation.github_id >= current.github_id


def lose_access(session: Session, repository: Repository, why: Why, *, reason: str) -> None:
    """The installation shows it no longer; its history stays and works again when undone."""
    if not repository.is_accessible:
        return
    repository.is_accessible, repository.lost_reason = False, reason
    record_activity(
        session,
        why,
        "repository_lost",
        organization_id=repository.organization_id,
        repository_id=repository.id,
        rule="installation-shows-repository",
        data={"reason": reason},
    )
    session.flush()


def close_installation(
    session: Session,
    installation: Installation,
    *,
    how: Literal["suspended", "uninstalled"],
    by: str | None,
    why: Why,
) -> None:
    """The App was *how* on the account: all that it showed, in any organization, is lost for now."""
    if how == "uninstalled":
        installation.deleted_at, installation.deleted_by_login = why.now, by
    else:
        installation.suspended_at, installation.suspended_by_login = why.now, by
    lock_takers(session, installation)
    repositories = session.scalars(
        select(Repository)
        .where(Repository.installation_id == installation.id, Repository.moved_to_id.is_(None))
        .order_by(Repository.id)
    )
    for repository in list(repositories):
        lose_access(session, repository, why, reason=f"the App was {how}")
        repository.lost_reason = f"the App was {how}"  # the latest of several is what to undo
    session.flush()


def list_repositories_later(session: Session, installation: Installation, *, at: datetime) -> None:
    """Have the installation's repositories listed through the API, which a payload may cut."""
    make_due(
        session,
        WorkKind.repositories,
        subject_id=installation.id,
        organization_id=installation.organization_id,
        at=at,
    )
