"""Commits as they arrive, from pushes and from GitHub's answers, recorded once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from domain.author_matching import match_new_authors
from domain.bulk import batches, insert_missing, table_of
from domain.identity import AuthorKey, is_bot, normalise_author, parse_co_authors, parse_noreply
from domain.reverts import find_cherry_picked, find_reverted
from domain.text import clean_text, fit_bytes
from models import (
    Author,
    Commit,
    CommitCoAuthor,
    CommitFile,
    CommitRelation,
    Head,
    ReleaseCommit,
    Repository,
    Span,
)

HIDING_WORD = "#skipsentry"  # case-sensitive, anywhere in the message (sentry-api.md 5.2)
MAX_PATH_BYTES = 2500  # an entry of a PostgreSQL index holds about 2,700


@dataclass(frozen=True, slots=True)
class CommitData:
    """One commit as a source tells it; None where the source does not say.

    `is_stated`: a client says so, and a push or GitHub knows better.
    """

    sha: str
    message: str
    author: AuthorKey | None = None
    author_id: int | None = None  # GitHub's numeric id of the author's account
    authored_at: datetime | None = None
    committed_at: datetime | None = None
    parents: tuple[str, ...] | None = None
    files: tuple[tuple[str, str], ...] | None = None  # (path, A | M | D)
    pushed_onto: str | None = None
    is_stated: bool = False


@dataclass
class Recorded:
    """Row ids by sha, and those whose message was not known before, or only by a client's word."""

    ids: dict[str, int] = field(default_factory=dict)
    new: list[CommitData] = field(default_factory=list)


def record_commits(
    session: Session, repository: Repository, commits: Sequence[CommitData]
) -> Recorded:
    """Store what is missing of *commits*: rows, parents, files, authors, reverts. Repeatable."""
    recorded = Recorded()
    for some in batches(list({commit.sha: commit for commit in commits}.values())):
        _record_batch(session, repository, some, recorded)
    return recorded


def _record_batch(
    session: Session, repository: Repository, commits: Sequence[CommitData], recorded: Recorded
) -> None:
    shas = [commit.sha for commit in commits]
    query = select(
        Commit.sha,
        Commit.id,
        Commit.parents,
        Commit.pushed_onto,
        Commit.files_known,
        Commit.is_stated,
        Commit.is_hidden,
    ).where(Commit.repository_id == repository.id, Commit.sha.in_(shas))
    known = {row.sha: row for row in session.execute(query)}
    fresh = [commit for commit in commits if commit.sha not in known]
    better = [commit for commit in commits if _knows_better(commit, known.get(commit.sha))]
    new = [*fresh, *better]
    authors = record_authors(session, repository.organization_id, new)
    rows = [_row(repository, commit, authors) for commit in fresh]
    for row in insert_missing(session, Commit, rows, returning=(Commit.sha, Commit.id)):
        recorded.ids[row.sha] = row.id
    recorded.ids.update({sha: row.id for sha, row in known.items()})
    recorded.new += new
    _correct(session, better, known, authors)
    _learn_more(session, commits, known)
    with_files = [
        commit
        for commit in commits
        if commit.files is not None and not (commit.sha in known and known[commit.sha].files_known)
    ]
    record_files(session, with_files, recorded.ids)
    record_co_authors(session, repository, new, recorded.ids)
    record_relations(session, repository, new)


def _row(repository: Repository, commit: CommitData, authors: dict[str, int]) -> dict[str, Any]:
    return {
        "repository_id": repository.id,
        "sha": commit.sha,
        "message": commit.message,
        "author_id": authors.get(commit.author.email) if commit.author else None,
        "authored_at": commit.authored_at,
        "committed_at": commit.committed_at,
        "parents": " ".join(commit.parents) if commit.parents is not None else None,
        "pushed_onto": commit.pushed_onto,
        "files_known": commit.files is not None,
        "is_hidden": HIDING_WORD in commit.message,
        "is_stated": commit.is_stated,
    }


def _knows_better(commit: CommitData, row: Any) -> bool:
    return row is not None and row.is_stated and not commit.is_stated


def _correct(
    session: Session,
    commits: Sequence[CommitData],
    known: dict[str, Any],
    authors: dict[str, int],
) -> None:
    """What a client said of *commits* gives way to what a push or GitHub says."""
    if not commits:
        return
    table = table_of(Commit)
    values = [
        {
            "row_id": known[commit.sha].id,
            "message": commit.message,
            "author_id": authors.get(commit.author.email) if commit.author else None,
            "authored_at": commit.authored_at,
            "committed_at": commit.committed_at,
            "is_hidden": HIDING_WORD in commit.message,
            "is_stated": False,
        }
        for commit in commits
    ]
    session.execute(update(table).where(table.c.id == bindparam("row_id")), values)
    listed = select(ReleaseCommit.head_id).where(
        ReleaseCommit.commit_id.in_([value["row_id"] for value in values])
    )
    session.execute(update(Head).where(Head.id.in_(listed)).values(is_stale=True))


def _learn_more(session: Session, commits: Iterable[CommitData], known: dict[str, Any]) -> None:
    """Fill in what earlier sources did not say; what is known stays as it is."""
    changes = []
    for commit in commits:
        row = known.get(commit.sha)
        if row is None:
            continue
        parents = row.parents
        if parents is None and commit.parents is not None:
            parents = " ".join(commit.parents)
        onto = row.pushed_onto or commit.pushed_onto
        files_known = row.files_known or commit.files is not None
        if (parents, onto, files_known) != (row.parents, row.pushed_onto, row.files_known):
            changes.append(
                {"row_id": row.id, "learnt": parents, "onto": onto, "with_files": files_known}
            )
    if changes:
        table = table_of(Commit)
        session.execute(
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values(
                parents=bindparam("learnt"),
                pushed_onto=bindparam("onto"),
                files_known=bindparam("with_files"),
            ),
            changes,
        )


def record_authors(
    session: Session, organization_id: int, commits: Iterable[CommitData]
) -> dict[str, int]:
    """Row ids of the authors of *commits* by address; those not known yet are added."""
    wanted = {
        commit.author.email: (commit.author, commit.author_id)
        for commit in commits
        if commit.author is not None
    }
    return _author_ids(session, organization_id, wanted)


def _author_ids(
    session: Session, organization_id: int, wanted: dict[str, tuple[AuthorKey, int | None]]
) -> dict[str, int]:
    ids: dict[str, int] = {}
    for emails in batches(sorted(wanted)):
        found = _find_authors(session, organization_id, emails)
        rows = [
            _author_row(organization_id, *wanted[email]) for email in emails if email not in found
        ]
        added = insert_missing(session, Author, rows, returning=(Author.email, Author.id))
        ids |= found | {row.email: row.id for row in added}
        match_new_authors(session, organization_id, [row.id for row in added])
        beside = [email for email in emails if email not in ids]
        if beside:  # another repository's delivery added them in this moment
            ids |= _find_authors(session, organization_id, beside)
    return ids


def _find_authors(session: Session, organization_id: int, emails: Sequence[str]) -> dict[str, int]:
    query = select(Author.email, Author.id).where(
        Author.organization_id == organization_id, Author.email.in_(emails)
    )
    return {row.email: row.id for row in session.execute(query)}


def _author_row(organization_id: int, author: AuthorKey, github_id: int | None) -> dict[str, Any]:
    noreply = parse_noreply(author.email)
    return {
        "organization_id": organization_id,
        "email": author.email,
        "name": author.name,
        "login": author.username or (noreply.login if noreply else None),
        "github_id": github_id or (noreply.user_id if noreply else None),
        "is_bot": is_bot(author),
    }


def record_files(session: Session, commits: Iterable[CommitData], ids: dict[str, int]) -> None:
    """Store the paths that *commits* touched; *ids* are the row ids by sha."""
    rows = [
        {
            "commit_id": ids[commit.sha],
            "path": _storable(path),
            "type": kind,
        }
        for commit in commits
        for path, kind in commit.files or ()
    ]
    insert_missing(session, CommitFile, rows)


def _storable(path: str) -> str:
    path = clean_text(path)
    return path if len(path) * 4 <= MAX_PATH_BYTES else fit_bytes(path, MAX_PATH_BYTES)


def record_co_authors(
    session: Session, repository: Repository, commits: Iterable[CommitData], ids: dict[str, int]
) -> None:
    """Store the people whom trailers of *commits* name."""
    named: list[tuple[str, AuthorKey]] = []
    for commit in commits:
        for name, email in parse_co_authors(commit.message):
            author = normalise_author(name, email)
            if author and (commit.author is None or author.email != commit.author.email):
                named.append((commit.sha, author))
    if not named:
        return
    wanted: dict[str, tuple[AuthorKey, int | None]] = {
        author.email: (author, None) for _, author in named
    }
    authors = _author_ids(session, repository.organization_id, wanted)
    rows = [{"commit_id": ids[sha], "author_id": authors[author.email]} for sha, author in named]
    insert_missing(session, CommitCoAuthor, rows)


def record_relations(
    session: Session, repository: Repository, commits: Iterable[CommitData]
) -> None:
    """Store what *commits* say of others: that they revert them, or were picked from them."""
    rows = [
        {"repository_id": repository.id, "sha": commit.sha, "kind": kind, "target_sha": target}
        for commit in commits
        for kind, find in (("reverts", find_reverted), ("picked", find_cherry_picked))
        for target in find(commit.message)
    ]
    insert_missing(session, CommitRelation, rows)


def record_span(
    session: Session,
    repository: Repository,
    *,
    before: str,
    after: str,
    listed: Sequence[str],
    is_complete: bool,
) -> None:
    """Store what one push says of reach(after). A complete span replaces one that was open."""
    key = (Span.repository_id == repository.id, Span.after == after, Span.before == before)
    span = session.scalar(select(Span).where(*key))
    if span is None:
        row = {
            "repository_id": repository.id,
            "before": before,
            "after": after,
            "listed": " ".join(listed),
            "is_complete": is_complete,
        }
        insert_missing(session, Span, [row])
    elif is_complete and not span.is_complete:
        span.is_complete, span.listed = True, " ".join(listed)
        session.flush()
