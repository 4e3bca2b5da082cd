"""Issues, what names them, how they count as fixed, and what happened."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
    true,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.commit import SHA_LENGTH

ORDERS = ("last_seen", "first_seen", "event_count")  # of lists of issues
OF_ORGANIZATION = "issue_id IS NULL AND release_id IS NULL"  # lines of the audit log


class IssueStatus(StrEnum):
    unresolved = "unresolved"
    resolved = "resolved"
    ignored = "ignored"


def _when_created(context: DefaultExecutionContext) -> datetime:
    moment: datetime = context.get_current_parameters()["created_at"]  # type: ignore[no-untyped-call]  # has no types
    return moment


def _index_of_list(flag: str, order: str) -> Index:
    """For the issues of an organization for which *flag* holds: few of all, hence kept apart.

    The flag is a column too: without, SQLite finds the index of all issues as good.
    """
    return Index(
        f"ix_issue_organization_id_{flag}_{order}_id",
        "organization_id",
        flag,
        order,
        "id",
        sqlite_where=text(f"{flag} = 1"),  # as statements say it there
        postgresql_where=text(flag),
    )


class Issue(Base):
    """Events grouped as one problem, or a problem written down by a person.

    What is said of the events (title, culprit, level, `details`) is what the newest says, which
    is `newest_event_id`; `type` is error or default, as in the API. Without events `first_seen`
    and `last_seen` are when it was written down. Releases are the first and last that it was
    seen in, by the time of the events.
    """

    __tablename__ = "issue"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        Index("ix_issue_organization_id_last_seen_id", "organization_id", "last_seen", "id"),
        Index("ix_issue_organization_id_first_seen_id", "organization_id", "first_seen", "id"),
        Index("ix_issue_organization_id_event_count_id", "organization_id", "event_count", "id"),
        Index("ix_issue_project_id_last_seen_id", "project_id", "last_seen", "id"),
        Index("ix_issue_project_id_first_seen_id", "project_id", "first_seen", "id"),
        Index("ix_issue_project_id_event_count_id", "project_id", "event_count", "id"),
        Index("ix_issue_event_count", "event_count"),
        *(_index_of_list("is_inbox", order) for order in ORDERS),
        *(_index_of_list("is_bookmarked", order) for order in ORDERS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), index=True
    )
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    status: Mapped[IssueStatus] = mapped_column(
        Enum(IssueStatus, native_enum=False, length=16), default=IssueStatus.unresolved
    )
    created_at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(16), default="default", server_default="default")
    culprit: Mapped[str] = mapped_column(Text, default="", server_default="")
    level: Mapped[str] = mapped_column(String(16), default="error", server_default="error")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    first_seen: Mapped[datetime] = mapped_column(default=_when_created, server_default=func.now())
    last_seen: Mapped[datetime] = mapped_column(default=_when_created, server_default=func.now())
    event_count: Mapped[int] = mapped_column(default=0, server_default="0")
    user_count: Mapped[int] = mapped_column(default=0, server_default="0")
    newest_event_id: Mapped[str | None] = mapped_column(String(32))
    first_release_id: Mapped[int | None] = mapped_column(
        ForeignKey("release.id", ondelete="SET NULL"), index=True
    )
    last_release_id: Mapped[int | None] = mapped_column(
        ForeignKey("release.id", ondelete="SET NULL"), index=True
    )
    substatus: Mapped[str | None] = mapped_column(String(32))
    # At most one of the three: an author's address, a member, a team.
    assigned_to: Mapped[str | None] = mapped_column(String(128))
    assigned_member_id: Mapped[int | None] = mapped_column(
        ForeignKey("member.id", ondelete="SET NULL"), index=True
    )
    assigned_team_id: Mapped[int | None] = mapped_column(
        ForeignKey("team.id", ondelete="SET NULL"), index=True
    )
    is_inbox: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_bookmarked: Mapped[bool] = mapped_column(default=False, server_default=false())

    @property
    def is_assigned(self) -> bool:
        assignees = (self.assigned_to, self.assigned_member_id, self.assigned_team_id)
        return assignees != (None, None, None)

    @property
    def is_resolved(self) -> bool:
        return self.status == IssueStatus.resolved


class IgnoreCondition(Base):
    """When an ignored issue opens by itself: at a moment, or after so many events or people.

    Windows are in minutes; None: since it is ignored. `events_before` and `users_before` are what
    had been counted when counting began, of people anew with each window (`users_since`).
    """

    __tablename__ = "ignore_condition"
    __table_args__ = (Index("ix_ignore_condition_until", "until"),)

    issue_id: Mapped[int] = mapped_column(
        ForeignKey("issue.id", ondelete="CASCADE"), primary_key=True
    )
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    event_count: Mapped[int | None]
    event_window: Mapped[int | None]
    events_before: Mapped[int]
    user_count: Mapped[int | None]
    user_window: Mapped[int | None]
    users_before: Mapped[int]
    users_since: Mapped[datetime]


class PullRequest(Base):
    """A pull request; `merge_sha` only once it is merged."""

    __tablename__ = "pull_request"
    __table_args__ = (
        UniqueConstraint("repository_id", "number"),
        Index("ix_pull_request_repository_id_merge_sha", "repository_id", "merge_sha"),
        Index("ix_pull_request_repository_id_updated_at", "repository_id", "updated_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    author_login: Mapped[str | None] = mapped_column(String(128))
    merge_sha: Mapped[str | None] = mapped_column(String(SHA_LENGTH))
    updated_at: Mapped[datetime]  # GitHub's time of the state that we hold


class IssueLink(Base):
    """A commit, or a pull request, names an issue. An ended link resolves nothing any more."""

    __tablename__ = "issue_link"
    __table_args__ = (
        UniqueConstraint("issue_id", "repository_id", "sha"),
        UniqueConstraint("issue_id", "pull_request_id"),
        Index("ix_issue_link_repository_id_sha", "repository_id", "sha"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"))
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    sha: Mapped[str | None] = mapped_column(String(SHA_LENGTH))
    pull_request_id: Mapped[int | None] = mapped_column(
        ForeignKey("pull_request.id", ondelete="CASCADE"), index=True
    )
    matched_text: Mapped[str] = mapped_column(Text)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(Text)


class ResolutionKind(StrEnum):
    """What was said: fixed by now, in a release, by a commit, after a release, or in the next one."""

    now = "now"
    release = "release"
    commit = "commit"
    after = "after"  # in whatever is released after the base
    next = "next"  # in the first release that strictly contains the base


class Resolution(Base):
    """How an issue counts as fixed: the record that holds (no `ended_at`) and those that ended.

    `heads` are the commits of the release, `base_heads` those of the base, as pairs of repository
    and sha, kept so that they still decide when the release is gone. Of one that an event ended,
    `regressed_in` is the event's release and `judged_by` says what decided: graph, version, date.
    """

    __tablename__ = "resolution"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id", ondelete="CASCADE"), index=True)
    release_id: Mapped[int | None] = mapped_column(ForeignKey("release.id", ondelete="SET NULL"))
    kind: Mapped[ResolutionKind] = mapped_column(
        Enum(ResolutionKind, native_enum=False, length=16),
        default=ResolutionKind.commit,
        server_default="commit",
    )
    release_version: Mapped[str] = mapped_column(String(200))  # survives the release; "": none
    heads: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    base_id: Mapped[int | None]  # of a release, which may be gone
    base_version: Mapped[str | None] = mapped_column(String(200))
    base_heads: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    base_at: Mapped[datetime | None]  # moment of the base
    named_at: Mapped[datetime | None]  # moment of the release
    actor: Mapped[str | None] = mapped_column(String(128))
    regressed_in: Mapped[str | None] = mapped_column(String(200))
    judged_by: Mapped[str | None] = mapped_column(String(8))
    commit_id: Mapped[int | None] = mapped_column(ForeignKey("commit.id", ondelete="SET NULL"))
    decided_by: Mapped[str] = mapped_column(String(16))  # rule or person
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(Text)


class Activity(Base):
    """One line of a timeline (of an issue, a release or a repository), with its why.

    `rule` names what decided (None: a person did), `delivery_id` what brought it about,
    `matched_text` the words that were read. Lines of no issue and no release are the audit log.
    """

    __tablename__ = "activity"
    __table_args__ = (
        Index(
            "ix_activity_audit",
            "organization_id",
            "issue_id",  # always empty: without these two, SQLite takes the index of all lines
            "release_id",
            "id",
            sqlite_where=text(OF_ORGANIZATION),
            postgresql_where=text(OF_ORGANIZATION),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), index=True
    )
    issue_id: Mapped[int | None] = mapped_column(
        ForeignKey("issue.id", ondelete="CASCADE"), index=True
    )
    release_id: Mapped[int | None] = mapped_column(
        ForeignKey("release.id", ondelete="CASCADE"), index=True
    )
    repository_id: Mapped[int | None] = mapped_column(
        ForeignKey("repository.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rule: Mapped[str | None] = mapped_column(String(64))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("delivery.id", ondelete="SET NULL"))
    matched_text: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime]
