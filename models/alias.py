"""Other names that people accepted for releases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ReleaseAlias(Base):
    """In this project the name stands for that release, and no longer for one of its own."""

    __tablename__ = "release_alias"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        Index("ix_release_alias_organization_id_name", "organization_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    release_id: Mapped[int] = mapped_column(
        ForeignKey("release.id", ondelete="CASCADE"), index=True
    )
    actor: Mapped[str | None] = mapped_column(String(128))  # who accepted it
    created_at: Mapped[datetime]
