"""Texts that may name issues, as they came in the last weeks: read in batches, and never too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from domain.bulk import batches
from models import Commit, PullRequest, Repository
from models.base import UtcDateTime
from models.commit import UNDATED

LONGEST_TEXT = 50_000  # characters of one text
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Text:
    """What a policy reads: the message of a commit, or the title and text of a pull request."""

    repository: str
    parts: tuple[str, ...]  # each is searched by itself
    sha: str | None = None
    number: int | None = None  # of a pull request

    @property
    def subject(self) -> str:
        return self.parts[0].strip().partition("\n")[0][:200]


Batch = tuple[list[Text], bool]  # and whether there are more than may be looked at


def list_recent_commits(
    session: Session, organization_id: int, since: datetime, most: int
) -> Iterator[Batch]:
    """Those of all repositories of the organization, the newest first, at most *most*."""
    moment = func.coalesce(Commit.committed_at, literal_column(UNDATED, UtcDateTime()))
    of_organization = select(Repository.id).where(Repository.organization_id == organization_id)
    ids = session.scalars(
        select(Commit.id)
        .where(Commit.repository_id.in_(of_organization), moment >= since)
        .order_by(moment.desc(), Commit.id.desc())
        .limit(most + 1)
    ).all()
    for some in batches(ids[:most], AT_ONCE):
        rows = session.execute(
            select(
                Repository.full_name,
                Commit.sha,
                func.substr(Commit.message, 1, LONGEST_TEXT).label("message"),
            )
            .join(Repository, Repository.id == Commit.repository_id)
            .where(Commit.id.in_(some))
            .order_by(moment.desc(), Commit.id.desc())
        )
        yield [Text(row.full_name, (row.message,), sha=row.sha) for row in rows], False
    if len(ids) > most:
        yield [], True


def list_recent_pull_requests(
    session: Session, organization_id: int, since: datetime, most: int
) -> Iterator[Batch]:
    """Those that changed since then, on GitHub, the latest change first, at most *most*."""
    of_organization = select(Repository.id).where(Repository.organization_id == organization_id)
    newest = PullRequest.updated_at.desc(), PullRequest.id.desc()
    ids = session.scalars(
        select(PullRequest.id)
        .where(PullRequest.repository_id.in_(of_organization), PullRequest.updated_at >= since)
        .order_by(*newest)
        .limit(most + 1)
    ).all()
    for some in batches(ids[:most], AT_ONCE):
        rows = session.execute(
            select(
                Repository.full_name,
                PullRequest.number,
                func.substr(PullRequest.title, 1, LONGEST_TEXT).label("title"),
                func.substr(PullRequest.body, 1, LONGEST_TEXT).label("body"),
            )
            .join(Repository, Repository.id == PullRequest.repository_id)
            .where(PullRequest.id.in_(some))
            .order_by(*newest)
        )
        yield [Text(row.full_name, (row.title, row.body), number=row.number) for row in rows], False
    if len(ids) > most:
        yield [], True
