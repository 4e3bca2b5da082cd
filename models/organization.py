"""Tenants, their projects, and who may sign in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Organization(Base):
    """The tenant that owns everything below it."""

    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(128))
    track_new_repositories: Mapped[bool] = mapped_column(default=True)
    # Words that claim a fix before an id; None: those of the grammar.
    resolution_keywords: Mapped[list[Any] | None]
    reads_pull_requests: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime]


class LoginLink(Base):
    """A one-time sign-in link, of which only the SHA-256 is kept."""

    __tablename__ = "login_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16))  # admin or member
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Project(Base):
    """One monitored application; issues are numbered in it, releases ship it."""

    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("organization_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(128))
    platform: Mapped[str | None] = mapped_column(String(64))
    last_issue_number: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class ProjectKey(Base):
    """What an SDK presents to send events to a project; its DSN is made of it."""

    __tablename__ = "project_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(64))
    public_key: Mapped[str] = mapped_column(String(32), unique=True)  # hex digits
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]  # exact to some minutes
