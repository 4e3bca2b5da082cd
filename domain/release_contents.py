"""What is inside a release: commits with their people, files, and the heads it was compared with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.release_facts import HeadFacts
from models import (
    Author,
    Commit,
    CommitCoAuthor,
    CommitFile,
    Head,
    Release,
    ReleaseCommit,
)

FILE_KINDS = {"A": "added", "M": "changed", "D": "deleted"}


@dataclass(frozen=True)
class ListedCommit:
    """A commit as a line of a release's list."""

    head_id: int
    sha: str
    message: str
    committed_at: datetime | None
    author: str | None
    co_authors: list[str]

    @property
    def subject(self) -> str:
        return self.message.strip().partition("\n")[0].strip()

    @property
    def rest(self) -> str:
        """The message without its subject."""
        return self.message.strip().partition("\n")[2].strip()


@dataclass(frozen=True)
class Person:
    """Somebody who wrote commits of a release, and how many."""

    name: str
    commits: int


@dataclass(frozen=True)
class TouchedFile:
    """A path, what became of it (added, changed, deleted), and how many commits touched it."""

    path: str
    kind: str
    commits: int


@dataclass(frozen=True)
class TouchedFiles:
    """The first paths of a release, how many there are, and how many commits' files are unknown."""

    files: list[TouchedFile]
    total: int
    unknown_commits: int


def list_commits(
    session: Session, release_id: int, *, page: int, size: int
) -> tuple[list[ListedCommit], bool]:
    """Commits at that page (from 1) of each of the release's lists, newest first; and is there more.

    Hidden commits take their place in the page but are not shown.
    """
    begin, end = (page - 1) * size, page * size
    rows = session.execute(
        select(ReleaseCommit.head_id, ReleaseCommit.position, Commit, Author)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .outerjoin(Author, Author.id == Commit.author_id)
        .where(
            ReleaseCommit.release_id == release_id,
            ReleaseCommit.position >= begin,
            ReleaseCommit.position <= end,  # one too many, to see whether there is more
        )
        .order_by(ReleaseCommit.head_id, ReleaseCommit.position)
    ).all()
    shown = [row for row in rows if row[1] < end]
    commits = _describe(session, [(row[0], row[2], row[3]) for row in shown])
    return commits, len(shown) < len(rows)


def list_commits_named(session: Session, head: Head, shas: Sequence[str]) -> list[ListedCommit]:
    """The commits *shas* of the head's repository, in their order, hidden ones left out."""
    found = {
        commit.sha: (head.id, commit, author)
        for some in batches(shas)
        for commit, author in session.execute(
            select(Commit, Author)
            .outerjoin(Author, Author.id == Commit.author_id)
            .where(Commit.repository_id == head.repository_id, Commit.sha.in_(some))
        )
    }
    return _describe(session, [found[sha] for sha in shas if sha in found])


def _describe(
    session: Session, rows: Sequence[tuple[int, Commit, Author | None]]
) -> list[ListedCommit]:
    co_authors = _list_co_authors(session, [commit.id for _, commit, _ in rows])
    return [
        ListedCommit(
            head_id=head_id,
            sha=commit.sha,
            message=commit.message,
            committed_at=commit.committed_at,
            author=author.name or author.email if author else None,
            co_authors=co_authors[commit.id],
        )
        for head_id, commit, author in rows
        if not commit.is_hidden
    ]


def _list_co_authors(session: Session, commit_ids: Sequence[int]) -> defaultdict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for commit_id, name, email in session.execute(
        select(CommitCoAuthor.commit_id, Author.name, Author.email)
        .join(Author, Author.id == CommitCoAuthor.author_id)
        .where(CommitCoAuthor.commit_id.in_(commit_ids))
        .order_by(Author.name, Author.id)
    ):
        found[commit_id].append(name or email)
    return found


def list_people(session: Session, release_id: int, *, limit: int) -> list[Person]:
    """Authors and co-authors of the release's commits, those of most commits first."""
    of_release = listed(release_id)
    parts = union(
        select(Commit.author_id.label("author_id"), Commit.id.label("commit_id")).where(
            Commit.id.in_(of_release)
        ),
        select(CommitCoAuthor.author_id, CommitCoAuthor.commit_id).where(
            CommitCoAuthor.commit_id.in_(of_release)
        ),
    ).subquery()
    commits = func.count()
    rows = session.execute(
        select(Author.name, Author.email, commits)
        .join(parts, parts.c.author_id == Author.id)
        .group_by(Author.id, Author.name, Author.email)
        .order_by(commits.desc(), Author.name, Author.id)
        .limit(limit)
    )
    return [Person(name or email, count) for name, email, count in rows]


def list_files(session: Session, release_id: int, *, limit: int) -> TouchedFiles:
    """Paths that the release's commits touched, hidden commits apart, by name."""
    of_release = listed(release_id)
    of_listed = CommitFile.commit_id.in_(of_release)
    first, last = func.min(CommitFile.type), func.max(CommitFile.type)
    rows = session.execute(
        select(CommitFile.path, first, last, func.count())
        .where(of_listed)
        .group_by(CommitFile.path)
        .order_by(CommitFile.path)
        .limit(limit)
    )
    files = [
        TouchedFile(path, FILE_KINDS.get(one if one == other else "M", "changed"), commits)
        for path, one, other, commits in rows
    ]
    total = session.scalar(select(func.count(CommitFile.path.distinct())).where(of_listed))
    unknown = session.scalar(
        select(func.count()).select_from(
            of_release.where(Commit.files_known.is_(False)).distinct().subquery()
        )
    )
    return TouchedFiles(files, total or 0, unknown or 0)


def listed(release_id: int) -> Select[int]:
    """Ids of the release's commits, hidden ones apart."""
    return (
        select(Commit.id)
        .join(ReleaseCommit, ReleaseCommit.commit_id == Commit.id)
        .where(ReleaseCommit.release_id == release_id, Commit.is_hidden.is_(False))
    )


def find_versions_of_heads(
    session: Session, heads: Sequence[HeadFacts]
) -> dict[tuple[int, str], str]:
    """The versions of the releases that *heads* were compared with, by repository id and name."""
    names = {name for facts in heads for name in names_compared(facts.head)}
    rows = session.execute(
        select(Head.repository_id, Head.name, Release.version)
        .join(Release, Release.id == Head.release_id)
        .where(
            Head.repository_id.in_({facts.repository.id for facts in heads}),
            Head.name.in_(names),
        )
        .order_by(Head.id)
    )
    return {(repository_id, name): version for repository_id, name, version in rows}


def names_compared(head: Head) -> list[str]:
    """The names that the head was compared with: the one for people first, then the others."""
    first = [head.compared_with] if head.compared_with else []
    return list(dict.fromkeys([*first, *(str(name) for name in head.excluded)]))
