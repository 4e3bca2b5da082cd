"""History import: the whole graph and every tag, in slices that survive a crash.

Phases, each with its place kept in the work row: *tags* (a hundred a call, with dates), *commits*
(reach of the default branch, a hundred a call), *graph* (these put in order, without a call), *sides* (what tags reach
beside it: maintenance branches, several a call), *lists* (every release's commits, from what is
then known). Releases appear in the first phase and fill up in the last.
⌈commits/100⌉ + ⌈tags/100⌉ calls and a few.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.commits import CommitData, record_commits
from domain.graph_store import close_some
from domain.import_pace import note_pace
from domain.issue_links import link_commits
from domain.membership import count_stale, mark_all_stale, mark_incomplete_stale
from domain.named_commits import make_heads_due
from domain.tag_updates import TagPosition
from domain.upkeep import bring_up_to_date
from integrations.github.client import Answer
from integrations.github.errors import (
    AccessDeniedError,
    GraphQLError,
    NotFoundOnGitHubError,
    RateLimitedError,
)
from integrations.github.fields import Fields, PayloadError
from integrations.github.payloads import parse_api_commit, parse_repository
from integrations.github.ranges import OpenEnd, fetch_missing
from integrations.github.recording import record_branch, record_tag
from integrations.github.sides import find_sides, list_histories
from integrations.github.slices import Slice, WorkOutcome
from integrations.github.tag_lookup import list_tags_by_rest, list_tags_page
from models import Commit, Repository, Tag, Work

PAGES_A_SLICE = 5  # then what was fetched is committed
CLOSED_A_SLICE = 2_000
HEADS_A_SLICE = 100
RESERVE = 0.2  # share of the hourly limit that the import leaves for live work
_PAGE = re.compile(r"[?&]page=(\d+)")
NO_GRAPHQL = (NotFoundOnGitHubError, AccessDeniedError, GraphQLError, PayloadError)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def import_history(some: Slice) -> WorkOutcome:
    """Do the next slice of the phase that the work row names; finished after the last phase."""
    with some.db.reading() as session:
        progress = dict(session.get_one(Work, some.work_id).progress)
        repository = session.get_one(Repository, some.subject_id)
        github_id, full_name = repository.number, repository.full_name
    _spare_live_work(some)
    phase = progress.get("phase", "start")
    if phase == "start":
        _start(some, github_id)
    elif phase == "tags":
        _import_tags(some, full_name, progress)
    elif phase == "tags by rest":
        _import_tags_by_rest(some, github_id)
    elif phase == "commits":
        _import_commits(some, github_id, progress)
    elif phase == "graph":
        _close_graph(some, progress)
    elif phase == "sides":
        _import_sides(some, github_id, full_name)
    elif not _compute_lists(some):
        return WorkOutcome()
    return WorkOutcome(some.now())


def _spare_live_work(some: Slice) -> None:
    budget = some.client.budget
    if budget is None or budget.reset_at <= some.now():
        return
    if budget.remaining < budget.limit * RESERVE:
        raise RateLimitedError(
            "leaving the rest of the rate limit to live work", until=budget.reset_at
        )


def _progress(work: Work, some: Slice, **changes: Any) -> None:
    calls = int(work.progress.get("calls", 0)) + some.client.calls
    told = {**work.progress, **changes, "calls": calls}
    work.progress = note_pace(told, now=some.now())


def _start(some: Slice, github_id: int) -> None:
    """Find out where the default branch stands.

    The import pages from that commit, so that pushes under way move nothing.
    """
    payload = parse_repository(Fields(some.client.get(f"/repositories/{github_id}").data))
    branch = payload.default_branch or "main"
    tip: CommitData | None = None
    try:
        shown = Fields(some.client.get(f"/repositories/{github_id}/branches/{quote(branch)}").data)
        tip = parse_api_commit(shown.object("commit"))
        start_sha: str | None = tip.sha
    except NotFoundOnGitHubError:
        start_sha = _any_commit(some, github_id)
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        repository.default_branch = branch
        if tip is not None and tip.committed_at is not None:  # any push of it came later
            record_branch(session, repository, branch, tip.sha, tip.committed_at)
        work.started_at = some.now()
        if start_sha is None:
            repository.was_empty = True
            repository.history_known_at = some.now()
            _progress(work, some, phase="lists", commits=0, tags=0)
        else:
            _progress(work, some, phase="tags", start_sha=start_sha, page=1, commits=0, tags=0)


def _any_commit(some: Slice, github_id: int) -> str | None:
    """The newest commit of an unusual repository; None if it is empty (409)."""
    try:
        page = some.client.get(f"/repositories/{github_id}/commits", per_page=1).data
    except NotFoundOnGitHubError as error:
        if error.status == 409:
            return None
        raise
    return Fields(page[0]).sha("sha") if page else None


def _import_tags(some: Slice, full_name: str, progress: dict[str, Any]) -> None:
    try:
        positions, cursor, total = list_tags_page(some.client, full_name, progress.get("cursor"))
    except NO_GRAPHQL:
        with some.db.transaction() as session:
            work, _ = some.lock(session)
            _progress(work, some, phase="tags by rest")
        return
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        for position in positions:
            record_tag(session, repository, position, why=some.why("import"))
        done = int(progress.get("tags", 0)) + len(positions)
        following = "tags" if cursor else "commits"
        _progress(work, some, phase=following, cursor=cursor, tags=done, expected_tags=total)


def _import_tags_by_rest(some: Slice, github_id: int) -> None:
    """Where there is no GraphQL: tags without dates; these follow from commits, or are asked for."""
    tags = list(list_tags_by_rest(some.client, github_id))
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        for tag in tags:
            position = TagPosition(
                tag["name"], tag["sha"], tag["object_sha"], EPOCH, is_exact=False
            )
            record_tag(session, repository, position, why=some.why("import"))
        _progress(work, some, phase="commits", tags=len(tags), undated=True)


def _import_commits(some: Slice, github_id: int, progress: dict[str, Any]) -> None:
    page, start_sha = int(progress["page"]), str(progress["start_sha"])
    fetched: list[Any] = []
    expected = progress.get("expected_commits")
    has_more = True
    for number in range(page, page + PAGES_A_SLICE):
        answer = some.client.get(
            f"/repositories/{github_id}/commits", sha=start_sha, per_page=100, page=number
        )
        fetched += answer.data
        page = number + 1
        expected = expected or _expected(answer)
        if answer.next_page is None:
            has_more = False
            break
    commits = [parse_api_commit(Fields(item)) for item in fetched]
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        recorded = record_commits(session, repository, commits)
        why = some.why("import")
        link_commits(session, repository, recorded.new, hosts=some.hosts, why=why)
        _progress(
            work,
            some,
            phase="commits" if has_more else "graph",
            page=page,
            commits=int(progress.get("commits", 0)) + len(commits),
            expected_commits=expected,
        )


def _expected(answer: Answer) -> int | None:
    found = _PAGE.search(answer.last_page or "")
    return int(found[1]) * 100 if found else None


def _close_graph(some: Slice, progress: dict[str, Any]) -> None:
    """Close what is known, the oldest commits first, so that no transaction has all of it to do."""
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        last_id = close_some(
            session, repository.id, below=progress.get("closed_to"), limit=CLOSED_A_SLICE
        )
        following = "sides" if last_id is None else "graph"
        _progress(work, some, phase=following, closed_to=last_id)


def _import_sides(some: Slice, github_id: int, full_name: str) -> None:
    """Learn what the tags reach beside the default branch, several branches in one call."""
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        progress = dict(work.progress)
        sides = find_sides(session, repository, skipped=set(progress.get("skipped", [])))
        if not sides:
            _finish_graph(session, some, work, repository)
            return
    try:
        if progress.get("without_graphql"):
            raise NotFoundOnGitHubError("no GraphQL here", status=404)
        commits: Sequence[CommitData] = list_histories(some.client, full_name, sides)
        tried = sides
    except NO_GRAPHQL:
        commits = _fetch_one(some, github_id, sides[0], str(progress["start_sha"]))
        tried = sides[:1]
        progress["without_graphql"] = True
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        recorded = record_commits(session, repository, commits)
        why = some.why("import")
        link_commits(session, repository, recorded.new, hosts=some.hosts, why=why)
        unknown = set(tried) - {one.sha for one in commits if one.parents is not None}
        _progress(
            work,
            some,
            commits=int(progress.get("commits", 0)) + len(recorded.new),
            skipped=sorted({*progress.get("skipped", []), *unknown}),
            without_graphql=bool(progress.get("without_graphql")),
        )


def _fetch_one(some: Slice, github_id: int, sha: str, base: str) -> Sequence[CommitData]:
    try:
        return fetch_missing(some.client, github_id, OpenEnd(sha, base))
    except NotFoundOnGitHubError:
        return []


def _finish_graph(session: Session, some: Slice, work: Work, repository: Repository) -> None:
    if work.progress.get("undated"):
        _date_tags(session, some, repository)
    repository.history_known_at = some.now()
    make_heads_due(session, repository.organization_id, [repository.id], now=some.now())
    if work.progress.get("again"):  # whatever was wrong is to be right now
        mark_all_stale(session, repository.id)
    else:
        mark_incomplete_stale(session, repository.id)
    stale = count_stale(session, repository.id)
    _progress(work, some, phase="lists", lists=0, expected_lists=stale)


def _date_tags(session: Session, some: Slice, repository: Repository) -> None:
    """Give tags that were listed without dates those of their commits, now that these are known."""
    rows = session.execute(
        select(Tag, Commit.committed_at)
        .join(Commit, (Commit.sha == Tag.sha) & (Commit.repository_id == Tag.repository_id))
        .where(Tag.repository_id == repository.id, Tag.is_made_exact.is_(False))
    )
    for tag, committed_at in list(rows):
        if committed_at is None or tag.sha is None or tag.object_sha is None:
            continue
        position = TagPosition(
            tag.name,
            tag.sha,
            tag.object_sha,
            committed_at,
            is_exact=tag.object_sha == tag.sha,
            pushed_at=tag.pushed_at,
        )
        tag.made_at = committed_at
        tag.is_made_exact = position.is_exact
        record_tag(session, repository, position, why=some.why("import"))


def _compute_lists(some: Slice) -> bool:
    """Compute the next lists, the earliest releases first; False when all are done."""
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        done = bring_up_to_date(session, repository, why=some.why("import"), limit=HEADS_A_SLICE)
        stored = session.scalar(
            select(func.count()).where(
                Commit.repository_id == repository.id, Commit.parents.is_not(None)
            )
        )
        expected = int(work.progress.get("expected_lists") or 0)
        _progress(
            work,
            some,
            phase="done" if done.is_finished else "lists",
            commits=stored or 0,
            lists=max(expected - count_stale(session, repository.id), 0),
        )
        return not done.is_finished
