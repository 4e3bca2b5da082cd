"""Long work, a slice at a time: the row says how far it is, so that a crash loses nothing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class WorkKind(StrEnum):
    repositories = "repositories"  # subject: installation; list what it shows us
    history = "history"  # subject: repository; import its graph and tags
    gaps = "gaps"  # subject: repository; complete what a release needs and no push brought
    heads = "heads"  # subject: repository; commits that events name as their release
    tags = "tags"  # subject: repository; let its tags make releases as its settings now say
    aliases = "aliases"  # subject: alias; move the events that had a release of its name


class Work(Base):
    """One piece of long work on one subject.

    `due_at` is None when nothing is left to do. Lease and attempts are as for deliveries;
    `attempts` counts failures in a row, and `failed_at` says when it was given up: a person or a
    later event makes it due again.
    """

    __tablename__ = "work"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        Index("ix_work_due_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[WorkKind] = mapped_column(Enum(WorkKind, native_enum=False, length=16))
    subject_id: Mapped[int]
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), index=True
    )
    due_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]  # by a person; `due_at` is None meanwhile
    reason: Mapped[str | None] = mapped_column(Text)  # of the last failure or delay, for people
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
