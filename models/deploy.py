"""Where releases run: deploys into environments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Environment(Base):
    """A place where releases run, by name."""

    __tablename__ = "environment"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Deploy(Base):
    """A release put into an environment."""

    __tablename__ = "deploy"
    __table_args__ = (
        Index("ix_deploy_release_id_environment_id", "release_id", "environment_id"),
        Index("ix_deploy_environment_id_finished_at", "environment_id", "finished_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"))
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id", ondelete="CASCADE"))
    name: Mapped[str | None] = mapped_column(String(64))
    url: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime]
    created_at: Mapped[datetime]


class DeployProject(Base):
    """The projects of its release that a deploy brought there."""

    __tablename__ = "deploy_project"

    deploy_id: Mapped[int] = mapped_column(
        ForeignKey("deploy.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), primary_key=True, index=True
    )
