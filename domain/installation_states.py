"""Installations for people: where the App is, whether it works, what it may see, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from models import Installation, InstallationShare, Organization, Repository

LEVELS = ("", "read", "write", "admin")


@dataclass(frozen=True)
class Permission:
    """What the App may be granted, to read: what it gives, and what is not to be had without it."""

    name: str  # GitHub's, in its API
    title: str  # as GitHub's page calls it
    gives: str
    without: str


NEEDED = (
    Permission(
        "metadata",
        "Metadata",
        "The names of repositories, and that they are renamed, archived or transferred.",
        "Nothing works.",
    ),
    Permission(
        "contents",
        "Contents",
        "Commits, branches and tags, told as they are pushed: releases are made of them.",
        "No push or tag is told to us, and no history can be imported.",
    ),
    Permission(
        "pull_requests",
        "Pull requests",
        "Titles and texts of pull requests, which may name the issues that they fix.",
        "Only commit messages name issues.",
    ),
)
OPTIONAL = (
    Permission(
        "members",
        "Members (of an organization)",
        "Owners on GitHub become admins here by themselves; members of teams that CODEOWNERS names "
        "are known.",
        "Admins are whoever installed the App, and whom an admin appoints.",
    ),
    Permission(
        "email_addresses",
        "Email addresses (of an account)",
        "The verified addresses of people who sign in match them with the authors of commits.",
        "Authors are matched by GitHub's noreply addresses, by logins, and by addresses that an "
        "admin confirms.",
    ),
)


@dataclass(frozen=True)
class Taker:
    """A further organization that takes repositories of an installation."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True)
class InstallationRow:
    """An installation as one organization sees it; the counts are of its own repositories."""

    installation: Installation
    home: Taker
    is_home: bool
    shared_with: list[Taker] = field(default_factory=list)
    shown: int = 0
    tracked: int = 0

    @property
    def missing(self) -> list[Permission]:
        """What is needed and not granted, as far as GitHub told us what is."""
        return [each for each in NEEDED if self.has(each) is False]

    def has(self, permission: Permission) -> bool | None:
        """Whether it is granted; None while GitHub has not told us."""
        granted = self.installation.permissions
        if granted is None:
            return None
        level = str(granted.get(permission.name, ""))
        return permission.name == "metadata" or level in LEVELS[1:]


def list_installations(session: Session, organization_id: int) -> list[InstallationRow]:
    """Own and shared ones by account, in four statements; not those that a later one replaced."""
    taken = select(InstallationShare.installation_id).where(
        InstallationShare.organization_id == organization_id
    )
    rows = session.execute(
        select(Installation, Organization)
        .join(Organization, Organization.id == Installation.organization_id)
        .where(
            or_(Installation.organization_id == organization_id, Installation.id.in_(taken)),
        )
        .order_by(func.lower(Installation.account_login), Installation.id.desc())
    ).all()
    current: dict[int, tuple[Installation, Organization]] = {}
    for installation, home in rows:
        current.setdefault(installation.account_id, (installation, home))
        if not current[installation.account_id][0].is_working and installation.is_working:
            current[installation.account_id] = (installation, home)
    chosen = list(current.values())
    ids = [installation.id for installation, _ in chosen]
    takers, counts = _list_takers(session, ids), _count(session, organization_id, ids)
    return [
        InstallationRow(
            installation,
            home=_taker(home),
            is_home=home.id == organization_id,
            shared_with=takers.get(installation.id, []),
            shown=counts.get(installation.id, (0, 0))[0],
            tracked=counts.get(installation.id, (0, 0))[1],
        )
        for installation, home in chosen
    ]


def list_movable(session: Session, organization_id: int, installation_id: int) -> list[Repository]:
    """The organization's repositories of the installation that count in it, by name."""
    return list(
        session.scalars(
            select(Repository)
            .where(
                Repository.organization_id == organization_id,
                Repository.installation_id == installation_id,
                Repository.moved_to_id.is_(None),
                Repository.github_id.is_not(None),
            )
            .order_by(func.lower(Repository.full_name), Repository.id)
        )
    )


def _list_takers(session: Session, ids: Sequence[int]) -> dict[int, list[Taker]]:
    takers: dict[int, list[Taker]] = {}
    for installation_id, organization in session.execute(
        select(InstallationShare.installation_id, Organization)
        .join(Organization, Organization.id == InstallationShare.organization_id)
        .where(InstallationShare.installation_id.in_(ids))
        .order_by(Organization.slug)
    ):
        takers.setdefault(installation_id, []).append(_taker(organization))
    return takers


def _count(
    session: Session, organization_id: int, ids: Sequence[int]
) -> dict[int, tuple[int, int]]:
    """Of each installation: how many repositories it shows in the organization, how many tracked."""
    rows = session.execute(
        select(
            Repository.installation_id,
            func.count(),
            func.sum(case((Repository.is_tracked.is_(True), 1), else_=0)),
        )
        .where(
            Repository.organization_id == organization_id,
            Repository.installation_id.in_(ids),
            Repository.is_accessible.is_(True),
        )
        .group_by(Repository.installation_id)
    )
    return {installation_id: (shown, int(tracked)) for installation_id, shown, tracked in rows}


def _taker(organization: Organization) -> Taker:
    return Taker(organization.id, organization.slug, organization.name)
