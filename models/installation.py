"""Our App on a GitHub account, and the repositories that it shows us."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Installation(Base):
    """One installation of the App; re-installing makes a new one for the same account.

    Its repositories are listed in `organization_id`, the home, unless they were moved to another
    organization that it is shared with (`InstallationShare`). Permissions are as granted by the
    account, None until GitHub has told us.
    """

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), index=True
    )
    github_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    account_id: Mapped[int] = mapped_column(BigInteger, index=True)
    account_login: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    account_type: Mapped[str | None] = mapped_column(String(32))  # User or Organization
    permissions: Mapped[dict[str, Any] | None]
    repository_selection: Mapped[str | None] = mapped_column(String(16))  # all or selected
    installed_by_id: Mapped[int | None] = mapped_column(BigInteger)  # GitHub's id of the person
    installed_by_login: Mapped[str | None] = mapped_column(String(128))
    suspended_by_login: Mapped[str | None] = mapped_column(String(128))
    deleted_by_login: Mapped[str | None] = mapped_column(String(128))
    last_delivery_at: Mapped[datetime | None]  # exact to some minutes

    @property
    def is_working(self) -> bool:
        """Neither suspended nor deleted, as far as we were told."""
        return self.suspended_at is None and self.deleted_at is None


class InstallationShare(Base):
    """A further organization that takes some of an installation's repositories."""

    __tablename__ = "installation_share"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installation.id", ondelete="CASCADE"), primary_key=True
    )
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime]


class Repository(Base):
    """A repository, known by GitHub's numeric id; its name is an attribute that changes.

    *listed* while the installation shows it (`is_accessible`), *tracked* while its pushes and tags
    count. `was_empty` says that the import found no commit, so that the first push is the whole
    history. One without `github_id` arose from a client's list of commits: GitHub knows nothing
    of it, and it is never tracked.
    """

    __tablename__ = "repository"
    __table_args__ = (UniqueConstraint("organization_id", "github_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), index=True
    )
    installation_id: Mapped[int | None] = mapped_column(
        ForeignKey("installation.id", ondelete="SET NULL"), index=True
    )
    github_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    full_name: Mapped[str] = mapped_column(String(256), index=True)
    default_branch: Mapped[str] = mapped_column(String(255), default="main")
    is_tracked: Mapped[bool] = mapped_column(default=False)
    is_accessible: Mapped[bool] = mapped_column(default=True)
    is_archived: Mapped[bool] = mapped_column(default=False)
    was_empty: Mapped[bool] = mapped_column(default=False)
    history_known_at: Mapped[datetime | None]  # when the import of graph and tags was complete
    version_template: Mapped[str | None] = mapped_column(String(255))
    tag_pattern: Mapped[str | None] = mapped_column(String(255))  # which tags make releases
    tracked_branches: Mapped[list[Any] | None]  # globs; None: pushes to every branch count
    lost_reason: Mapped[str | None] = mapped_column(Text)  # why it is not accessible, for people
    moved_to_id: Mapped[int | None] = mapped_column(  # the organization that it counts in instead
        ForeignKey("organization.id", ondelete="SET NULL")
    )
    created_at: Mapped[datetime]

    @property
    def is_history_known(self) -> bool:
        return self.history_known_at is not None

    @property
    def number(self) -> int:
        """GitHub's id; ValueError for a repository that GitHub does not know."""
        if self.github_id is None:
            raise ValueError(f"{self.full_name} is no repository of GitHub")
        return self.github_id


class RepositoryProject(Base):
    """Which projects a repository feeds, and with which paths; without `path_globs`, with all."""

    __tablename__ = "repository_project"

    repository_id: Mapped[int] = mapped_column(
        ForeignKey("repository.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[int] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    path_globs: Mapped[list[Any] | None]


class Branch(Base):
    """The tip of a branch, as the newest push said (by GitHub's time of the push)."""

    __tablename__ = "branch"
    __table_args__ = (UniqueConstraint("repository_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    head_sha: Mapped[str | None] = mapped_column(String(64))  # None once deleted
    pushed_at: Mapped[datetime]
