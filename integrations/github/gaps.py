"""What no push brought and a release needs: asked of GitHub with the fewest calls.

A slice looks up the tags that are in doubt and completes one open end of the graph by comparing
it with the nearest commit whose reach is known: the answer lists exactly what it adds, with
parents. Several slices follow one another until nothing is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.graph_store import StoredGraph
from domain.membership import list_open_ends
from domain.releases import sync_release_of
from domain.stored_lines import load_line
from domain.tag_updates import Move, TagPosition, record_deletion, record_position
from domain.upkeep import PATIENCE, bring_up_to_date, next_check
from integrations.github.errors import NotFoundOnGitHubError
from integrations.github.ranges import OpenEnd, fetch_missing
from integrations.github.recording import record_with_links
from integrations.github.slices import Slice, WorkOutcome
from integrations.github.stated import Wanted, answer, next_wanted
from integrations.github.tag_lookup import look_up_tag
from models import Branch, Commit, Delivery, DeliveryState, Head, Repository, Tag

TAGS_A_SLICE = 20
LONGEST_PATIENCE = timedelta(minutes=1)


@dataclass(frozen=True)
class Plan:
    """What this slice will ask: decided in one transaction, fetched outside, written in another."""

    repository_id: int  # GitHub's
    tags: list[tuple[int, str, str | None, bool]]  # row id, name, object, whether to ask the ref
    open_end: OpenEnd | None
    wanted: Wanted | None
    more: bool


def fill_gaps(some: Slice) -> WorkOutcome:
    """Do one slice; due again at once while there is more, or when the next tag is to be asked."""
    if _is_patient(some):
        return WorkOutcome(some.now() + PATIENCE, reason="pushes are being worked off first")
    plan = _plan(some)
    _look_up_tags(some, plan)
    if plan.open_end is not None:
        _complete(some, plan, plan.open_end)
    if plan.wanted is not None:
        answer(some, plan.repository_id, plan.wanted)
    with some.db.reading() as session:
        repository = session.get_one(Repository, some.subject_id)
        due_at = next_check(session, repository)
    if plan.tags or plan.open_end or plan.wanted or plan.more:
        due_at = some.now()
    return WorkOutcome(due_at)


def _is_patient(some: Slice) -> bool:
    """Whether to wait for deliveries that may hold what is missing, but not for ever.

    Under steady load some delivery always waits: after a minute of patience GitHub is asked.
    """
    now = some.now()
    waiting = exists().where(
        Delivery.state.in_((DeliveryState.received, DeliveryState.running)),
        Delivery.due_at <= now,
        Delivery.attempts <= 1,
    )
    with some.db.transaction() as session:
        work, _ = some.lock(session)
        since = datetime.fromisoformat(work.progress.get("patient_since", now.isoformat()))
        is_waiting = bool(session.scalar(select(waiting)))
        progress = {key: value for key, value in work.progress.items() if key != "patient_since"}
        work.progress = progress | ({"patient_since": since.isoformat()} if is_waiting else {})
        return is_waiting and now - since < LONGEST_PATIENCE


def _plan(some: Slice) -> Plan:
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        given_up = set(work.progress.get("given_up", {}))
        done = bring_up_to_date(session, repository, why=some.why("completion"), makes_due=False)
        due = session.scalars(
            select(Tag)
            .where(Tag.repository_id == repository.id, Tag.check_due_at <= some.now())
            .order_by(Tag.check_due_at, Tag.id)
            .limit(TAGS_A_SLICE)
        )
        tags = [(tag.id, tag.name, tag.object_sha, tag.is_ref_in_doubt) for tag in due]
        open_end = None
        for sha, head_name in list_open_ends(session, repository).items():
            if sha not in given_up and repository.is_history_known:
                alone = sha in work.progress.get("without_base", [])
                base = None if alone else _nearest_known(session, repository, sha, head_name)
                open_end = OpenEnd(sha, base)
                break
        wanted = next_wanted(session, repository, given_up)
        return Plan(repository.number, tags, open_end, wanted, more=not done.is_finished)


def _nearest_known(
    session: Session, repository: Repository, sha: str, head_name: str
) -> str | None:
    """The closed commit that *sha* probably adds least to.

    What it was pushed onto, else the best lower release of its line, else the tip of the default
    branch, else any.
    """
    onto = session.scalar(
        select(Commit.pushed_onto).where(Commit.repository_id == repository.id, Commit.sha == sha)
    )
    candidates = [onto] if onto else []
    head = session.scalar(
        select(Head).where(
            Head.repository_id == repository.id,
            Head.name == head_name,
            Head.is_superseded.is_(False),
        )
    )
    if head is not None:
        line = load_line(session, head)
        lower = [one for one in line.points if one.order < line[head.id].order]
        candidates += [one.sha for one in sorted(lower, key=lambda one: one.order, reverse=True)]
    tip = session.scalar(
        select(Branch.head_sha).where(
            Branch.repository_id == repository.id, Branch.name == repository.default_branch
        )
    )
    candidates += [tip] if tip else []
    known = StoredGraph(session, repository.id).nodes(candidates)
    for candidate in candidates:
        if candidate in known and known[candidate].rank is not None:
            return candidate
    return session.scalar(
        select(Commit.sha)
        .where(Commit.repository_id == repository.id, Commit.rank.is_not(None))
        .order_by(Commit.rank.desc())
        .limit(1)
    )


def _look_up_tags(some: Slice, plan: Plan) -> None:
    for row_id, name, object_sha, ask_ref in plan.tags:
        known = None if ask_ref else object_sha
        position = look_up_tag(some.client, plan.repository_id, name, known)
        with some.db.transaction() as session:
            _, repository = some.lock(session)
            tag = session.get_one(Tag, row_id)
            if tag.object_sha != object_sha:
                continue  # a push came in between: whether it is still in doubt is seen anew
            move = _apply_answer(tag, position, ask_ref=ask_ref, some=some)
            why = some.why("completion")
            sync_release_of(session, repository, tag, move=move, why=why)
            bring_up_to_date(session, repository, why=why, makes_due=False)


def _apply_answer(tag: Tag, position: TagPosition | None, *, ask_ref: bool, some: Slice) -> Move:
    if not ask_ref:  # asked for the date of a known object: this says nothing of the ref
        if position is not None:
            tag.made_at = position.made_at
        tag.is_made_exact = True  # gone from GitHub: its commit's date is all there is
        tag.settle()
        return Move(is_new=True)
    if position is not None:
        move = record_position(tag, position, now=some.now())
        tag.settle()
        return move
    record_deletion(tag, before_sha=tag.object_sha, deleted_at=some.now(), now=some.now())
    tag.settle()
    return Move()


def _complete(some: Slice, plan: Plan, end: OpenEnd) -> None:
    try:
        commits = fetch_missing(some.client, plan.repository_id, end)
    except NotFoundOnGitHubError as error:
        _give_up(some, end, str(error))
        return
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        why = some.why("completion")
        issue_ids = record_with_links(session, repository, commits, hosts=some.hosts, why=why)
        learnt = [commit.sha for commit in commits]
        bring_up_to_date(
            session, repository, why=why, issue_ids=issue_ids, learnt=learnt, makes_due=False
        )
        work.progress = {
            **work.progress,
            "calls": int(work.progress.get("calls", 0)) + some.client.calls,
        }
        still_open = end.sha in list_open_ends(session, repository)
        if still_open and end.base is not None:  # more than one answer holds: page its history
            alone = [*work.progress.get("without_base", []), end.sha]
            work.progress = {**work.progress, "without_base": alone}
    if still_open and end.base is None:
        _give_up(some, end, "GitHub's answer does not lead to known commits")


def _give_up(some: Slice, end: OpenEnd, reason: str) -> None:
    """Not to be asked again until something new comes in; the release says why."""
    with some.db.transaction() as session:
        work, repository = some.lock(session)
        given_up = {**work.progress.get("given_up", {}), end.sha: reason[:300]}
        work.progress = {**work.progress, "given_up": given_up}
        heads = session.scalars(
            select(Head).where(Head.repository_id == repository.id, Head.needs == end.sha)
        )
        for head in heads:
            head.cause = f"GitHub does not show commit {end.sha[:12]}: {reason[:200]}"
            head.remedy = "Push the commits, or give the App access; it is tried again then."
