"""Tenants and their projects: making them, finding them, and what a slug may be."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import AlreadyExistsError, InvalidError, NotFoundError
from domain.paging import find_id
from domain.project_keys import DEFAULT, create_key
from models import Organization, Project

SLUG_LENGTH = 50
NAME_LENGTH = 128
PLATFORM_LENGTH = 64
SLUG_RULE = (
    "lower-case letters, digits, - and _, at most 50 characters, "
    "starting and ending with a letter or digit, not digits alone"
)
_SLUG = re.compile(r"(?![0-9]+\Z)[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")


def is_slug(text: str) -> bool:
    """Whether *text* can be a slug. Digits alone cannot: addresses take them for an id."""
    return len(text) <= SLUG_LENGTH and _SLUG.fullmatch(text) is not None


def make_slug(text: str) -> str | None:
    """*text* lower-cased and made a valid slug; None when nothing usable is left of it."""
    slug = re.sub(r"[^a-z0-9_]+", "-", text.lower())[:SLUG_LENGTH].strip("-_")
    return slug if is_slug(slug) else None


def verify_slug(text: str) -> str:
    """*text* itself; raises InvalidError with the rule when it is no slug."""
    if not is_slug(text):
        raise InvalidError(f"{text!r} is not a usable slug: {SLUG_RULE}")
    return text


def find_organization(session: Session, slug: str) -> Organization | None:
    return session.scalar(select(Organization).where(Organization.slug == slug))


def get_organization(session: Session, slug: str) -> Organization:
    """The organization of that slug; raises NotFoundError."""
    organization = find_organization(session, slug)
    if organization is None:
        raise NotFoundError(f"no organization {slug!r}")
    return organization


def lock_organization(session: Session, organization_id: int) -> Organization:
    """The organization, locked before repositories of it are added or several are changed.

    One order for all, this row before those of repositories, keeps writers from waiting for one
    another in a circle. Rows that merely refer to it can still be added (PostgreSQL).
    """
    lock = {"key_share": True}
    return session.get_one(Organization, organization_id, with_for_update=lock)


def create_organization(
    session: Session, slug: str, *, name: str | None = None, now: datetime
) -> Organization:
    """A new organization; raises AlreadyExistsError or InvalidError."""
    verify_slug(slug)
    if find_organization(session, slug) is not None:
        raise AlreadyExistsError(f"organization {slug!r} exists already")
    organization = Organization(slug=slug, name=(name or slug)[:NAME_LENGTH], created_at=now)
    session.add(organization)
    session.flush()
    return organization


def find_project(session: Session, organization_id: int, slug: str) -> Project | None:
    return session.scalar(
        select(Project).where(Project.organization_id == organization_id, Project.slug == slug)
    )


def get_project(session: Session, organization_id: int, slug: str) -> Project:
    """The project of that slug in the organization; raises NotFoundError."""
    project = find_project(session, organization_id, slug)
    if project is None:
        raise NotFoundError(f"no project {slug!r} in this organization")
    return project


def names_organization(organization: Organization, name: str) -> bool:
    """Whether *name* is its slug or, all digits, its id (sentry-api.md 1.1)."""
    return name == organization.slug or find_id(name) == organization.id


def find_project_named(session: Session, organization_id: int, name: str) -> Project | None:
    """The organization's project of that slug or, all digits, of that id."""
    number = find_id(name)
    if number is None:
        return find_project(session, organization_id, name)
    return session.scalar(
        select(Project).where(Project.organization_id == organization_id, Project.id == number)
    )


def list_projects(session: Session, organization_id: int) -> list[Project]:
    """The organization's projects by slug."""
    return list(
        session.scalars(
            select(Project).where(Project.organization_id == organization_id).order_by(Project.slug)
        )
    )


def create_project(
    session: Session,
    organization_id: int,
    slug: str,
    *,
    name: str | None = None,
    platform: str | None = None,
    now: datetime,
) -> Project:
    """A new project of the organization, with a key; raises AlreadyExistsError or InvalidError."""
    verify_slug(slug)
    if platform is not None and len(platform) > PLATFORM_LENGTH:
        raise InvalidError(f"a platform has at most {PLATFORM_LENGTH} characters")
    lock_organization(session, organization_id)  # two of one slug, made at once, come in turn
    if find_project(session, organization_id, slug) is not None:
        raise AlreadyExistsError(f"project {slug!r} exists already")
    project = Project(
        organization_id=organization_id,
        slug=slug,
        name=(name or slug)[:NAME_LENGTH],
        platform=platform,
        created_at=now,
    )
    session.add(project)
    session.flush()
    create_key(session, project.id, name=DEFAULT, now=now)
    return project
