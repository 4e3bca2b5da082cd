"""What is known of the commit graph, and of the people in it.

Shas are kept as text wherever one commit names another: facts arrive in any order, and a parent or
a push's *before* may be named long before its own row exists.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

SHA_LENGTH = 64
# Before every date, on PostgreSQL and, as text, on SQLite. Queries that are to be in this order have
# to say it in the same words, or the index does not serve.
UNDATED = "'-infinity'"
COMMIT_MOMENT = f"coalesce(committed_at, {UNDATED})"


class Author(Base):
    """Name and address in commits of one organization."""

    __tablename__ = "author"
    __table_args__ = (UniqueConstraint("organization_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(75))  # lower case
    name: Mapped[str] = mapped_column(String(128))
    login: Mapped[str | None] = mapped_column(String(128), index=True)
    github_id: Mapped[int | None] = mapped_column(BigInteger)
    is_bot: Mapped[bool] = mapped_column(default=False)
    # Who it is, and what says so: an IdentityState, or "nobody" where an admin said that it is none.
    member_id: Mapped[int | None] = mapped_column(
        ForeignKey("member.id", ondelete="SET NULL"), index=True
    )
    matched_by: Mapped[str | None] = mapped_column(String(16))


class Commit(Base):
    """One commit of a repository, as far as it is known.

    `rank`, `floor` and `span_id` are derived (see `domain/graph.py`): a commit with a rank is
    *closed*: its reach is known in full, through its parents or, with `span_id`, through that span.
    `is_stated`: all that is known is what a client said of it; a push or GitHub knows better.
    """

    __tablename__ = "commit"
    __table_args__ = (
        UniqueConstraint("repository_id", "sha"),
        Index("ix_commit_repository_id_rank", "repository_id", "rank"),
        Index("ix_commit_repository_id_moment", "repository_id", text(COMMIT_MOMENT), "id"),
        Index("ix_commit_author_id", "author_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    sha: Mapped[str] = mapped_column(String(SHA_LENGTH))
    message: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id", ondelete="SET NULL"))
    authored_at: Mapped[datetime | None]
    committed_at: Mapped[datetime | None]
    parents: Mapped[str | None] = mapped_column(Text)  # shas, space between; None: not known
    pushed_onto: Mapped[str | None] = mapped_column(String(SHA_LENGTH))  # *before* of its push
    files_known: Mapped[bool] = mapped_column(default=False)
    is_hidden: Mapped[bool] = mapped_column(default=False)  # says #skipsentry
    is_stated: Mapped[bool] = mapped_column(default=False, server_default=false())
    rank: Mapped[int | None]
    floor: Mapped[int | None]
    span_id: Mapped[int | None]


class CommitCoAuthor(Base):
    """People named in `Co-authored-by` trailers."""

    __tablename__ = "commit_co_author"

    commit_id: Mapped[int] = mapped_column(
        ForeignKey("commit.id", ondelete="CASCADE"), primary_key=True
    )
    author_id: Mapped[int] = mapped_column(
        ForeignKey("author.id", ondelete="CASCADE"), primary_key=True
    )


class CommitFile(Base):
    """A path that a commit added (A), changed (M) or deleted (D)."""

    __tablename__ = "commit_file"
    __table_args__ = (UniqueConstraint("commit_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    commit_id: Mapped[int] = mapped_column(ForeignKey("commit.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(1))


class CommitRelation(Base):
    """What a commit's message says of another commit: that it reverts it, or was picked from it."""

    __tablename__ = "commit_relation"
    __table_args__ = (
        UniqueConstraint("repository_id", "sha", "kind", "target_sha"),
        Index("ix_commit_relation_repository_id_target_sha", "repository_id", "target_sha"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    sha: Mapped[str] = mapped_column(String(SHA_LENGTH))
    kind: Mapped[str] = mapped_column(String(16))  # reverts, picked
    target_sha: Mapped[str] = mapped_column(String(SHA_LENGTH))


class Span(Base):
    """What one push says: reach(after) = reach(before) + listed. An empty *before*: from nothing.

    `is_complete` is False when the list may be cut or the push was forced; such a span says
    nothing yet.
    """

    __tablename__ = "span"
    __table_args__ = (UniqueConstraint("repository_id", "after", "before"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id", ondelete="CASCADE"))
    before: Mapped[str] = mapped_column(String(SHA_LENGTH))
    after: Mapped[str] = mapped_column(String(SHA_LENGTH))
    listed: Mapped[str] = mapped_column(Text)  # shas, space between, oldest first
    is_complete: Mapped[bool]
