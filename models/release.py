"""Releases, the tags and heads that make them, and their commits."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.commit import SHA_LENGTH

# Lists are in the order of these expressions; queries have to say them in the same words, or their
# indexes do not serve.
MOMENT = "coalesce(released_at, created_at)"
SEMVER_KEY = "coalesce(semver_key, '')"  # before every key, as bytes and, on SQLite, as text


class ListState(StrEnum):
    complete = "complete"
    incomplete = "incomplete"


class ReleaseStatus(StrEnum):
    open = "open"
    archived = "archived"


class HeadOrigin(StrEnum):
    """Who says which commit it is: a tag, a client by a ref, or a client's list of commits."""

    tag = "tag"
    ref = "ref"
    commits = "commits"


class Release(Base):
    """A version shipped in one or more projects. Counts are of its list, hidden commits apart.

    `released_at` is what a client stated (`stated_released_at`), else the date of the earliest
    tag; `url` is that of the GitHub release, `stated_url` what a client gave, which goes before.
    """

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("organization_id", "version"),
        Index("ix_release_organization_id_moment", "organization_id", text(MOMENT), "id"),
        Index(
            "ix_release_organization_id_status_moment",
            "organization_id",
            "status",
            text(MOMENT),
            "id",
        ),
        Index(
            "ix_release_organization_id_status_semver_key",
            "organization_id",
            "status",
            text(SEMVER_KEY),
            "id",
        ),
        Index("ix_release_organization_id_created_at", "organization_id", "created_at", "id"),
        Index(
            "ix_release_semver_key_missing",
            "id",
            sqlite_where=text("semver_key IS NULL"),
            postgresql_where=text("semver_key IS NULL"),
        ),
        Index(
            "ix_release_organization_id_sha_start",
            "organization_id",
            "sha_start",
            sqlite_where=text("sha_start IS NOT NULL"),
            postgresql_where=text("sha_start IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    version: Mapped[str] = mapped_column(String(200))
    status: Mapped[ReleaseStatus] = mapped_column(
        Enum(ReleaseStatus, native_enum=False, length=16),
        default=ReleaseStatus.open,
        server_default="open",
    )
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    stated_released_at: Mapped[datetime | None]
    name: Mapped[str | None] = mapped_column(Text)  # title and notes of the GitHub release
    notes: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    stated_url: Mapped[str | None] = mapped_column(Text)
    ref: Mapped[str | None] = mapped_column(String(200))  # free text that a client gave
    user_agent: Mapped[str | None] = mapped_column(String(256))  # of the client that made it
    deploy_count: Mapped[int] = mapped_column(default=0, server_default="0")
    last_deploy_id: Mapped[int | None]
    # Sorts as versions do; empty: the name is no version; None: not made yet.
    semver_key: Mapped[bytes | None]
    # Made by an event and named as a commit is: the first digits, until that commit is its head.
    sha_start: Mapped[str | None] = mapped_column(String(7))
    commit_count: Mapped[int] = mapped_column(default=0)
    hidden_count: Mapped[int] = mapped_column(default=0)
    # Commits that touch none of the paths which the release's projects take.
    outside_count: Mapped[int] = mapped_column(default=0, server_default="0")
    author_count: Mapped[int] = mapped_column(default=0)
    last_commit_id: Mapped[int | None]
    list_state: Mapped[ListState] = mapped_column(
        Enum(ListState, native_enum=False, length=16), default=ListState.incomplete
    )


class ReleaseOwner(Base):
    """Whom the client that made a release named as its owner; most releases have none."""

    __tablename__ = "release_owner"

    release_id: Mapped[int] = mapped_column(
        ForeignKey("release.id", ondelete="CASCADE"), primary_key=True
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)


class ReleaseProject(Base):
    """The projects that a release ships in."""

    __tablename__ = "release_project"

    release_id: Mapped[int] = mapped_column(
        ForeignKey("release.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Tag(Base):
    """A tag as GitHub last showed it.

    `made_at` is the tagger's date of an annotated tag, else the committer's date of its commit. A
    push names an annotated tag without its date: then `is_made_exact` is False, `made_at` is the
    commit's date, the earliest that it can be, and `pushed_at` the latest. A deleted tag keeps
    the last position that it had.
    """

    __tablename__ = "tag"
    __table_args__ = (
        UniqueConstraint("repository_id", "name"),
        Index("ix_tag_check_due_at", "check_due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(512))
    sha: Mapped[str | None] = mapped_column(String(SHA_LENGTH))  # the commit; None: not known yet
    object_sha: Mapped[str | None] = mapped_column(String(SHA_LENGTH))  # what the ref holds
    before_sha: Mapped[str | None] = mapped_column(String(SHA_LENGTH))  # what it held before
    made_at: Mapped[datetime | None]
    is_made_exact: Mapped[bool] = mapped_column(default=False)
    pushed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    check_due_at: Mapped[datetime | None]  # ask GitHub about it, not before this moment
    is_ref_in_doubt: Mapped[bool] = mapped_column(default=False)  # ask for the ref, not the date

    def look_up_ref(self, at: datetime) -> None:
        """Have GitHub asked what the ref holds, at *at* or sooner."""
        self.is_ref_in_doubt = True
        self.check_due_at = min(at, self.check_due_at) if self.check_due_at else at

    def settle(self) -> None:
        """Where the tag stands is known: nothing to ask."""
        self.is_ref_in_doubt = False
        self.check_due_at = None

    @property
    def is_deleted(self) -> bool:
        if self.deleted_at is None:
            return False
        return self.pushed_at is None or self.deleted_at >= self.pushed_at


class Head(Base):
    """A release's last commit in one repository: a point on a line of versions, with its list.

    Made by a tag, or stated by a client: at most one of those in a release and repository.
    `is_withdrawn`: the tag was deleted; the list stays, but no longer shortens those of others.
    `is_superseded`: another head of the release and repository counts, this one is no point on the
    line. Without `has_list` it adds no commits to the release: superseded, or a client stated the
    whole list. `is_stale`: to be computed again.

    What a client said stays as it was said: `stated` is the commit (any revision, possibly not
    resolved yet), `stated_previous` where its range begins; `previous_sha` is that resolved.
    `wants` says what GitHub is to be asked for this head alone, `fetched_from` the base of a range
    that it answered with.
    """

    __tablename__ = "head"
    __table_args__ = (
        Index("ix_head_repository_id_line", "repository_id", "line"),
        Index("ix_head_repository_id_is_stale", "repository_id", "is_stale"),
        Index("ix_head_repository_id_needs", "repository_id", "needs"),
        Index("ix_head_repository_id_wants", "repository_id", "wants"),
        Index(
            "uq_head_release_id_repository_id_stated",
            "release_id",
            "repository_id",
            unique=True,
            sqlite_where=text("origin <> 'tag'"),
            postgresql_where=text("origin <> 'tag'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(
        ForeignKey("release.id", ondelete="CASCADE"), index=True
    )
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    tag_id: Mapped[int | None] = mapped_column(
        ForeignKey("tag.id", ondelete="SET NULL"), unique=True
    )
    origin: Mapped[HeadOrigin] = mapped_column(
        Enum(HeadOrigin, native_enum=False, length=16),
        default=HeadOrigin.tag,
        server_default="tag",
    )
    name: Mapped[str] = mapped_column(String(512))  # tag or version; decides order among equals
    line: Mapped[str] = mapped_column(String(512))
    sha: Mapped[str] = mapped_column(String(SHA_LENGTH))
    made_at: Mapped[datetime]
    stated: Mapped[str | None] = mapped_column(String(SHA_LENGTH))
    stated_previous: Mapped[str | None] = mapped_column(String(SHA_LENGTH))
    previous_sha: Mapped[str | None] = mapped_column(String(SHA_LENGTH))
    wants: Mapped[str | None] = mapped_column(String(16))
    fetched_from: Mapped[str | None] = mapped_column(String(SHA_LENGTH))
    is_withdrawn: Mapped[bool] = mapped_column(default=False)
    is_superseded: Mapped[bool] = mapped_column(default=False, server_default=false())
    has_list: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_stale: Mapped[bool] = mapped_column(default=True)
    state: Mapped[ListState] = mapped_column(
        Enum(ListState, native_enum=False, length=16), default=ListState.incomplete
    )
    needs: Mapped[str | None] = mapped_column(String(SHA_LENGTH))  # a commit to be learnt first
    cause: Mapped[str | None] = mapped_column(Text)  # of an incomplete list
    remedy: Mapped[str | None] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(String(32), default="graph")
    compared_with: Mapped[str | None] = mapped_column(String(512))  # name of the head, for people
    excluded: Mapped[list[Any]] = mapped_column(default=list)  # names, the nearest first
    commit_count: Mapped[int] = mapped_column(default=0)
    hidden_count: Mapped[int] = mapped_column(default=0)
    outside_count: Mapped[int] = mapped_column(default=0, server_default="0")


class ReleaseCommit(Base):
    """One commit in a head's list; position 0 is the newest."""

    __tablename__ = "release_commit"
    __table_args__ = (
        Index("ix_release_commit_release_id_position_head_id", "release_id", "position", "head_id"),
        Index("ix_release_commit_commit_id", "commit_id"),
    )

    head_id: Mapped[int] = mapped_column(
        ForeignKey("head.id", ondelete="CASCADE"), primary_key=True
    )
    commit_id: Mapped[int] = mapped_column(
        ForeignKey("commit.id", ondelete="CASCADE"), primary_key=True
    )
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"))
    position: Mapped[int]


class GitHubRelease(Base):
    """A release published on GitHub; joins the release of its tag."""

    __tablename__ = "github_release"
    __table_args__ = (UniqueConstraint("repository_id", "github_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    github_id: Mapped[int] = mapped_column(BigInteger)
    tag_name: Mapped[str] = mapped_column(String(512), index=True)
    name: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None]
    updated_at: Mapped[datetime | None]  # GitHub's time of the state that we hold
    deleted_at: Mapped[datetime | None]
