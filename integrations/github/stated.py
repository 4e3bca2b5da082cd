"""What only GitHub can say of one head: which commit it is, what its range holds, which files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.commits import CommitData, record_commits
from domain.list_states import FIRST_RELEASE_COMMITS
from domain.path_scopes import list_without_files
from domain.stated_heads import record_answer, record_resolved
from domain.stated_ranges import Want, base_to_ask_from
from domain.upkeep import bring_up_to_date
from integrations.github.errors import NotFoundOnGitHubError
from integrations.github.ranges import fetch_commit, fetch_latest, fetch_range, fetch_revision
from integrations.github.recording import record_with_links
from integrations.github.slices import Slice
from models import Head, Repository

PUSH_FIRST = "Push the commits first; it is tried again then."
STATE_AGAIN = "State the release's commits again, with a commit that exists."
FILES_A_SLICE = 25
TOO_LONG = "the range holds more commits than GitHub lists"


@dataclass(frozen=True)
class Wanted:
    """One head to ask about, as it was when the slice was planned."""

    head_id: int
    want: Want
    sha: str
    base: str | None  # where a range begins
    names: tuple[str, ...]  # revisions to resolve: the commit, then the start of the range

    @property
    def key(self) -> str:
        """Under which the work remembers that asking is in vain."""
        return f"{self.want}:{self.sha}:{self.base}"


def next_wanted(
    session: Session, repository: Repository, given_up: Collection[str]
) -> Wanted | None:
    """The next head of *repository* that GitHub is to be asked about, the newest first."""
    heads = session.scalars(
        select(Head)
        .where(Head.repository_id == repository.id, Head.wants.is_not(None))
        .order_by(Head.id.desc())
    )
    for head in heads:
        names = tuple(name for name in (head.stated, head.stated_previous) if name)
        base = base_to_ask_from(session, head)
        wanted = Wanted(head.id, Want(head.wants or ""), head.sha, base, names)
        if wanted.key not in given_up:
            return wanted
    return None


def answer(some: Slice, repository_number: int, wanted: Wanted) -> None:
    """Ask GitHub, and let the head have the answer. Raises the errors of a GitHub out of reach."""
    try:
        if wanted.want == Want.resolve:
            _resolve(some, repository_number, wanted)
        elif wanted.want == Want.files:
            _fetch_files(some, repository_number, wanted)
        elif wanted.want == Want.range and wanted.base is not None:
            _fetch_range(some, repository_number, wanted, wanted.base)
        else:
            latest = fetch_latest(
                some.client, repository_number, wanted.sha, count=FIRST_RELEASE_COMMITS
            )
            _record(some, wanted, latest, beside=[], fetched_from=wanted.sha)
    except NotFoundOnGitHubError as error:
        _give_up(some, wanted, str(error), PUSH_FIRST)


def _resolve(some: Slice, repository_number: int, wanted: Wanted) -> None:
    found = [fetch_revision(some.client, repository_number, name) for name in wanted.names]
    known = [sha for sha in found if sha is not None]
    if len(known) < len(found):
        missing = next(name for name, one in zip(wanted.names, found, strict=True) if one is None)
        _give_up(some, wanted, f"GitHub knows no commit {missing!r}", STATE_AGAIN)
        return
    with some.db.transaction() as session:
        _, repository = some.lock(session)
        record_resolved(session, wanted.head_id, wanted.names, known)
        bring_up_to_date(session, repository, why=some.why("completion"), makes_due=False)


def _fetch_range(some: Slice, repository_number: int, wanted: Wanted, base: str) -> None:
    found = fetch_range(some.client, repository_number, base, wanted.sha)
    if found.is_cut:
        _give_up(some, wanted, TOO_LONG, "It is known once the history is imported.")
        return
    newest_first = list(reversed(found.listed))
    _record(some, wanted, newest_first, beside=found.beside, fetched_from=base)


def _fetch_files(some: Slice, repository_number: int, wanted: Wanted) -> None:
    """What a few listed commits touched: a call each, then what was learnt is committed."""
    with some.db.reading() as session:
        head = session.get(Head, wanted.head_id)
        shas = list_without_files(session, head, FILES_A_SLICE) if head is not None else []
    commits = [fetch_commit(some.client, repository_number, sha) for sha in shas]
    with some.db.transaction() as session:
        _, repository = some.lock(session)
        record_commits(session, repository, commits)
        head = session.get(Head, wanted.head_id)
        if head is not None:
            head.is_stale = True
        why = some.why("completion")
        bring_up_to_date(session, repository, why=why, learnt=shas, makes_due=False)


def _record(
    some: Slice,
    wanted: Wanted,
    listed: Sequence[CommitData],
    *,
    beside: Sequence[CommitData],
    fetched_from: str,
) -> None:
    commits = [*listed, *beside]
    with some.db.transaction() as session:
        _, repository = some.lock(session)
        why = some.why("completion")
        issue_ids = record_with_links(session, repository, commits, hosts=some.hosts, why=why)
        shas = [commit.sha for commit in listed]
        issue_ids |= record_answer(
            session, wanted.head_id, wanted.sha, shas, fetched_from=fetched_from, why=why
        )
        learnt = [commit.sha for commit in commits]
        bring_up_to_date(
            session, repository, why=why, issue_ids=issue_ids, learnt=learnt, makes_due=False
        )


def _give_up(some: Slice, wanted: Wanted, reason: str, remedy: str) -> None:
    """Not to be asked again until something new comes in; the release says why."""
    with some.db.transaction() as session:
        work, _ = some.lock(session)
        given_up = {**work.progress.get("given_up", {}), wanted.key: reason[:300]}
        work.progress = {**work.progress, "given_up": given_up}
        head = session.get(Head, wanted.head_id)
        if head is not None and head.sha == wanted.sha:
            head.cause, head.remedy = reason[:300], remedy
