"""The commits that fix an issue, with what reverts them, and the releases where they shipped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from domain.bulk import batches
from domain.stored_lines import NO_ORDER, order_of
from domain.tags import Order
from models import (
    Commit,
    CommitRelation,
    Head,
    HeadOrigin,
    Issue,
    IssueLink,
    ListState,
    PullRequest,
    ReleaseCommit,
    ReleaseProject,
)

SHORTEST_SHA = 7
NAMES_AT_ONCE = 10_000  # each commit has 34 names; databases take some 30,000 in a statement
MOST_RELATED = 500  # reverts of reverts and picks of picks beyond this are not followed


@dataclass(frozen=True, slots=True)
class Member:
    """A commit of an issue's family: a fix, or one that reverts (a revert of) a fix."""

    repository_id: int
    sha: str


@dataclass
class Family:
    """Everything that decides whether an issue's fix is in: fixes, and who reverts whom.

    A cherry-pick is the fix that it was picked from, in another home; `origins` names that.
    """

    fixes: dict[Member, str] = field(default_factory=dict)  # → matched text
    reverters: dict[Member, set[Member]] = field(default_factory=dict)
    origins: dict[Member, Member] = field(default_factory=dict)

    def homes(self, fix: Member) -> set[Member]:
        """*fix* with all that is the same fix elsewhere."""
        origin = self.origins.get(fix, fix)
        return {one for one in self.fixes if self.origins.get(one, one) == origin} | {fix}

    @property
    def members(self) -> set[Member]:
        return self.fixes.keys() | {one for some in self.reverters.values() for one in some}


@dataclass(frozen=True, slots=True)
class Shipment:
    """A complete list of a release of the issue's project that holds a member of the family."""

    head_id: int
    release_id: int
    repository_id: int
    head_sha: str
    line: str
    committed_at: datetime  # of the release's head
    order: Order
    name: str
    member: Member
    commit_id: int

    @property
    def line_key(self) -> tuple[int, str]:
        return (self.repository_id, self.line)


def load_family(session: Session, issue: Issue) -> Family:
    """The fixes that *issue*'s links name, their cherry-picks, and all reverts behind them."""
    family = Family(fixes=_linked(session, issue))
    _add_picks(session, family)
    _drop_hidden(session, family)
    frontier = set(family.fixes)
    while frontier and len(family.reverters) < MOST_RELATED:
        found = list_related(session, frontier, "reverts")
        family.reverters.update(found)
        known = family.fixes.keys() | family.reverters.keys()
        frontier = {one for some in found.values() for one in some} - known
    return family


def _linked(session: Session, issue: Issue) -> dict[Member, str]:
    query = (
        select(
            IssueLink.repository_id, IssueLink.sha, PullRequest.merge_sha, IssueLink.matched_text
        )
        .outerjoin(PullRequest, PullRequest.id == IssueLink.pull_request_id)
        .where(IssueLink.issue_id == issue.id, IssueLink.ended_at.is_(None))
        .order_by(IssueLink.sha.is_(None), IssueLink.id)
    )
    fixes: dict[Member, str] = {}
    for row in session.execute(query):
        sha = row.sha or row.merge_sha
        if sha:
            fixes.setdefault(Member(row.repository_id, sha), row.matched_text)
    return fixes


def _add_picks(session: Session, family: Family) -> None:
    """A cherry-pick of a fix is the same fix with a second home."""
    frontier = set(family.fixes)
    while frontier and len(family.fixes) < MOST_RELATED:
        following: set[Member] = set()
        for origin, picks in list_related(session, frontier, "picked").items():
            for pick in picks - family.fixes.keys():
                family.fixes[pick] = family.fixes[origin]
                family.origins[pick] = family.origins.get(origin, origin)
                following.add(pick)
        frontier = following


def _drop_hidden(session: Session, family: Family) -> None:
    for some in batches(list(family.fixes)):
        query = select(Commit.repository_id, Commit.sha).where(
            Commit.sha.in_([member.sha for member in some]), Commit.is_hidden.is_(True)
        )
        for row in session.execute(query):
            family.fixes.pop(Member(row.repository_id, row.sha), None)


def list_related(
    session: Session, members: Collection[Member], kind: str
) -> dict[Member, set[Member]]:
    """Commits that say *kind* of one of *members*; git may have abbreviated the name."""
    by_name = {
        (member.repository_id, member.sha[:length]): member
        for member in members
        for length in range(SHORTEST_SHA, len(member.sha) + 1)
    }
    found: dict[Member, set[Member]] = {}
    for some in batches(sorted({name for _, name in by_name}), NAMES_AT_ONCE):
        query = select(
            CommitRelation.repository_id, CommitRelation.sha, CommitRelation.target_sha
        ).where(CommitRelation.kind == kind, CommitRelation.target_sha.in_(some))
        for row in session.execute(query):
            member = by_name.get((row.repository_id, row.target_sha))
            if member is not None:
                found.setdefault(member, set()).add(Member(row.repository_id, row.sha))
    return found


def list_shipments(session: Session, issue: Issue, members: Iterable[Member]) -> list[Shipment]:
    """Where *members* are listed: line by line, in each the release with the oldest head first.

    By the date of the head and not of the tag, because that is known from the start, and because
    a tag that is filled in later does not make its content newer.
    """
    wanted = set(members)
    shipments = [
        shipment
        for some in batches(sorted({member.sha for member in wanted}))
        for row in session.execute(_select_shipments(some, issue.project_id))
        if (shipment := _shipment(row)).member in wanted
    ]
    return sorted(
        shipments,
        key=lambda one: (one.line_key, one.committed_at, one.order, one.name, one.member.sha),
    )


def _select_shipments(shas: Sequence[str], project_id: int) -> Any:
    """Complete lists of the project's releases that hold one of *shas*."""
    tip = aliased(Commit)
    return (
        select(
            Head.id,
            Head.release_id,
            Head.repository_id,
            Head.sha.label("head_sha"),
            Head.line,
            tip.committed_at,
            Head.made_at,
            Head.name,
            Head.origin,
            Commit.sha,
            Commit.id.label("commit_id"),
        )
        .join(ReleaseCommit, ReleaseCommit.head_id == Head.id)
        .join(Commit, Commit.id == ReleaseCommit.commit_id)
        .outerjoin(tip, (tip.repository_id == Head.repository_id) & (tip.sha == Head.sha))
        .join(ReleaseProject, ReleaseProject.release_id == Head.release_id)
        .where(
            Commit.sha.in_(shas),
            ReleaseProject.project_id == project_id,
            is_settled(),
        )
    )


def is_settled() -> ColumnElement[bool]:
    """Whether a list says what its release ships: complete, or all that its client asked for."""
    stated = (Head.origin != HeadOrigin.tag) & Head.needs.is_(None) & Head.wants.is_(None)
    return or_(Head.state == ListState.complete, stated)


def _shipment(row: Any) -> Shipment:
    return Shipment(
        head_id=row.id,
        release_id=row.release_id,
        repository_id=row.repository_id,
        head_sha=row.head_sha,
        line=row.line,
        committed_at=row.committed_at or row.made_at,
        order=order_of(row.name, row.origin == HeadOrigin.tag) or NO_ORDER,
        name=row.name,
        member=Member(row.repository_id, row.sha),
        commit_id=row.commit_id,
    )


def list_issues_of_commits(
    session: Session, repository_id: int, commit_ids: Collection[int]
) -> set[int]:
    """Issues whose state may depend on these commits: as fixes, picks or reverts of them."""
    has_links = session.scalar(
        select(IssueLink.id).where(IssueLink.repository_id == repository_id).limit(1)
    )
    if has_links is None:
        return set()
    shas: set[str] = set()
    for some in batches(sorted(commit_ids)):
        shas.update(session.scalars(select(Commit.sha).where(Commit.id.in_(some))))
    shas |= _targets(session, repository_id, shas)
    issues: set[int] = set()
    for some_shas in batches(sorted(shas)):
        issues.update(
            session.scalars(
                select(IssueLink.issue_id).where(
                    IssueLink.repository_id == repository_id, IssueLink.sha.in_(some_shas)
                )
            )
        )
        issues.update(
            session.scalars(
                select(IssueLink.issue_id)
                .join(PullRequest, PullRequest.id == IssueLink.pull_request_id)
                .where(
                    PullRequest.repository_id == repository_id,
                    PullRequest.merge_sha.in_(some_shas),
                )
            )
        )
    return issues


def _targets(session: Session, repository_id: int, shas: Collection[str]) -> set[str]:
    """What *shas* revert or were picked from, and so on; abbreviations in full where known."""
    found: set[str] = set()
    frontier = set(shas)
    while frontier and len(found) < MOST_RELATED:
        targets: set[str] = set()
        for some in batches(sorted(frontier)):
            targets.update(
                session.scalars(
                    select(CommitRelation.target_sha).where(
                        CommitRelation.repository_id == repository_id,
                        CommitRelation.sha.in_(some),
                    )
                )
            )
        full = {target for target in targets if len(target) >= 40}
        for short in targets - full:
            full.update(
                session.scalars(
                    select(Commit.sha)
                    .where(Commit.repository_id == repository_id, Commit.sha.startswith(short))
                    .limit(2)
                )
            )
        frontier = full - found
        found |= full
    return found
