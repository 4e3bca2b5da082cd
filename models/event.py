"""Error events, what groups them, and what is counted of them for good."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, keep_uncompressed

EVENT_ID_LENGTH = 32
HASH_LENGTH = 32


class IssueFingerprint(Base):
    """What the events of an issue have in common; an issue may have several."""

    __tablename__ = "issue_fingerprint"
    __table_args__ = (UniqueConstraint("project_id", "hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH))  # hex digits
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"), index=True)
    rule: Mapped[str] = mapped_column(String(32))  # of domain.grouping
    explanation: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class Event(Base):
    """One report from an SDK. Old ones are removed; what was counted of them stays.

    `data` is the normalised event as compressed JSON. `release_name` is the release as it was
    sent, `release_id` the release that it means: None where it means none, or several.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("project_id", "event_id"),
        Index("ix_event_issue_id_happened_at_id", "issue_id", "happened_at", "id"),
        Index("ix_event_project_id_happened_at_id", "project_id", "happened_at", "id"),
        Index("ix_event_received_at", "received_at"),
        Index("ix_event_release_id", "release_id"),
        Index(
            "ix_event_project_id_release_name",
            "project_id",
            "release_name",
            sqlite_where=text("release_id IS NULL"),
            postgresql_where=text("release_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(String(EVENT_ID_LENGTH))  # hex digits
    received_at: Mapped[datetime]
    happened_at: Mapped[datetime]
    release_id: Mapped[int | None] = mapped_column(ForeignKey("release.id", ondelete="SET NULL"))
    release_name: Mapped[str | None] = mapped_column(String(200))
    environment: Mapped[str] = mapped_column(String(64))
    level: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH))  # of its fingerprint
    tags: Mapped[dict[str, Any]]
    data: Mapped[bytes]


keep_uncompressed(Event, "data")  # it is compressed by us


class IssueRelease(Base):
    """Events of an issue in a release, counted."""

    __tablename__ = "issue_release"
    __table_args__ = (
        Index("ix_issue_release_release_id", "release_id"),
        Index("ix_issue_release_issue_id_first_seen", "issue_id", "first_seen"),
        Index("ix_issue_release_issue_id_last_seen", "issue_id", "last_seen"),
    )

    issue_id: Mapped[int] = mapped_column(
        ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True
    )
    release_id: Mapped[int] = mapped_column(
        ForeignKey("release.id", ondelete="CASCADE"), primary_key=True
    )
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    event_count: Mapped[int]


class IssueEnvironment(Base):
    """Events of an issue in an environment, counted."""

    __tablename__ = "issue_environment"
    __table_args__ = (Index("ix_issue_environment_environment_id", "environment_id"),)

    issue_id: Mapped[int] = mapped_column(
        ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True
    )
    environment_id: Mapped[int] = mapped_column(
        ForeignKey("environment.id", ondelete="CASCADE"), primary_key=True
    )
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    event_count: Mapped[int]


class IssueUser(Base):
    """Somebody whom the issue befell: a digest of what the SDK says of the person."""

    __tablename__ = "issue_user"

    issue_id: Mapped[int] = mapped_column(
        ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True
    )
    hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)


class IssueHour(Base):
    """Events of an issue within one hour; `hour` counts from 1970-01-01T00 UTC."""

    __tablename__ = "issue_hour"
    __table_args__ = (Index("ix_issue_hour_hour", "hour"),)

    issue_id: Mapped[int] = mapped_column(
        ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True
    )
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_count: Mapped[int]
