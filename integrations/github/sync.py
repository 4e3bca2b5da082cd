"""Installations and repositories as GitHub shows them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.bulk import insert_missing
from domain.organizations import (
    create_organization,
    find_organization,
    lock_organization,
    make_slug,
)
from domain.provenance import Why, record_activity
from domain.repositories import regain_repository, track_repository
from domain.work import make_due
from integrations.github.payloads import (
    AccountPayload,
    InstallationPayload,
    RepositoryPayload,
)
from models import Installation, Organization, Repository, WorkKind


def record_installation(
    session: Session, github_id: int, account: AccountPayload, *, now: datetime
) -> Installation:
    """The installation, with the organization of its account made if there is none.

    A re-installation has a new id for the same account: it joins the account's organization.
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
    if installation.account_id == account.id:
        installation.account_login = account.login
    session.flush()
    return installation


def refresh_installation(installation: Installation, payload: InstallationPayload) -> None:
    """Keep what GitHub says of the installation at this moment."""
    if installation.account_id != payload.account.id:
        return
    installation.account_type = payload.account_type
    installation.repository_selection = payload.repository_selection
    if installation.permissions != payload.permissions:
        installation.permissions = dict(payload.permissions)


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
    if not _has_installation(session, taken):
        return taken  # made before, by command, for this account to join
    return create_organization(session, f"{slug}-{account.id}", name=account.login, now=now)


def _has_installation(session: Session, organization: Organization) -> bool:
    found = session.scalar(
        select(func.count()).where(Installation.organization_id == organization.id)
    )
    return bool(found)


def record_repository(
    session: Session,
    organization: Organization,
    installation: Installation,
    payload: RepositoryPayload,
    *,
    now: datetime,
) -> Repository:
    """List the repository, or refresh what is listed; a new one is tracked if the setting says so."""
    repository = find_by_github_id(session, organization.id, payload.id)
    if repository is None:
        lock_organization(session, organization.id)
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
        repository = find_by_github_id(session, organization.id, payload.id)
        if repository is None:
            raise RuntimeError("the repository was neither there nor could be added")
        if added and organization.track_new_repositories:
            track_repository(session, repository, now=now)
    _refresh(session, repository, installation, payload, now=now)
    return repository


def find_by_github_id(session: Session, organization_id: int, github_id: int) -> Repository | None:
    return session.scalar(
        select(Repository).where(
            Repository.organization_id == organization_id, Repository.github_id == github_id
        )
    )


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
            regain_repository(session, repository, now=now)
    if payload.default_branch:
        repository.default_branch = payload.default_branch
        repository.is_archived = payload.is_archived
    session.flush()


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


def list_repositories_later(session: Session, installation: Installation, *, at: datetime) -> None:
    """Have the installation's repositories listed through the API, which a payload may cut."""
    make_due(
        session,
        WorkKind.repositories,
        subject_id=installation.id,
        organization_id=installation.organization_id,
        at=at,
    )
