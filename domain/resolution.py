"""What releases resolve and reopen, read off links, lists and reverts (sentry-api.md 8.2).

`sync_issues` derives the state anew from the facts, so it is repeatable and does not depend on
the order in which they came. A list that is recomputed moves the resolutions made by this rule;
what a person decided stays.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.fixes import Family, Member, Shipment, list_shipments, load_family
from domain.graph import contains
from domain.graph_store import StoredGraph
from domain.provenance import Why, record_activity
from domain.reverts import list_alive
from models import Issue, IssueStatus, Release, Resolution

BY_RULE = "rule"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an issue stands by its commits: fixed in a release, or taken back by one, or neither."""

    fixed: Shipment | None = None
    taken_back: Shipment | None = None  # holds the revert


def sync_issues(session: Session, issue_ids: Collection[int], *, why: Why) -> list[Issue]:
    """Make the resolutions of these issues agree with the releases; return those that changed."""
    graphs: dict[int, StoredGraph] = {}
    changed = []
    for issue_id in sorted(issue_ids):
        # Two repositories may fix one issue at once: one of them judges after the other.
        issue = session.get(Issue, issue_id, with_for_update={"key_share": True})
        if issue is None:
            continue
        family = load_family(session, issue)
        verdict = judge(session, issue, family, graphs)
        if _apply(session, issue, family, verdict, why):
            changed.append(issue)
    session.flush()
    return changed


def judge(
    session: Session, issue: Issue, family: Family, graphs: dict[int, StoredGraph]
) -> Verdict:
    """Where the issue stands by all lines of all repositories together.

    It is fixed where the first line says so, unless a line took the fix back.
    """
    shipments = list_shipments(session, issue, family.members)
    verdicts = [
        _judge_line(session, list(line), family, graphs)
        for _, line in groupby(shipments, key=lambda shipment: shipment.line_key)
    ]
    taken_back = [one.taken_back for one in verdicts if one.taken_back is not None]
    fixed = [one.fixed for one in verdicts if one.fixed is not None]
    if taken_back:
        return Verdict(taken_back=min(taken_back, key=_seniority))
    if fixed:
        return Verdict(fixed=min(fixed, key=_seniority))
    return Verdict()


def _seniority(shipment: Shipment) -> tuple[datetime, int, str]:
    return (shipment.committed_at, shipment.repository_id, shipment.name)


def _judge_line(
    session: Session, shipments: list[Shipment], family: Family, graphs: dict[int, StoredGraph]
) -> Verdict:
    """Go through the releases of one line that hold a member of the family, the earliest first.

    A release resolves with the first living fix. It takes back only what had shipped: a pick that
    is reverted before its release says nothing of the fix on other branches.
    """
    verdict = Verdict()
    shipped: set[Member] = set()
    for _, group in groupby(shipments, key=lambda shipment: shipment.head_id):
        here = list(group)
        members = _contained(session, family, here, graphs)
        living = list_alive(family.fixes, members, family.reverters)
        dead = (shipped & members) - living
        if living and verdict.fixed is None:
            fixed = next((shipment for shipment in here if shipment.member in living), here[0])
            verdict = Verdict(fixed=fixed)
        elif dead and not living and verdict.fixed is not None:
            verdict = Verdict(taken_back=here[0])
        shipped = (shipped | living) - dead
    return verdict


def _contained(
    session: Session, family: Family, here: list[Shipment], graphs: dict[int, StoredGraph]
) -> set[Member]:
    """The members of the family that this release contains: as a set of reach(head)."""
    listed = {shipment.member for shipment in here}
    if not family.reverters:
        return listed
    head = here[0]
    if head.repository_id not in graphs:
        graphs[head.repository_id] = StoredGraph(session, head.repository_id)
    graph = graphs[head.repository_id]
    return listed | {
        member
        for member in family.members - listed
        if member.repository_id == head.repository_id and contains(graph, head.head_sha, member.sha)
    }


def _apply(session: Session, issue: Issue, family: Family, verdict: Verdict, why: Why) -> bool:
    record = session.scalar(
        select(Resolution).where(Resolution.issue_id == issue.id, Resolution.ended_at.is_(None))
    )
    if record is not None and record.decided_by != BY_RULE:
        return False
    fixed = verdict.fixed
    if record is not None and record.release_id is None and verdict.taken_back is None:
        return False  # its release was deleted: what that had fixed stays fixed
    if record is not None and fixed is not None and _is_same(record, fixed):
        return False
    if record is None and (fixed is None or issue.status != IssueStatus.unresolved):
        return False
    if record is not None:
        record.ended_at = why.now
        record.ended_reason = _reason(session, verdict)
    if fixed is None:
        _reopen(session, issue, record, verdict, why)
    else:
        _resolve(session, issue, family, fixed, why)
    session.flush()
    return True


def _is_same(record: Resolution, fixed: Shipment) -> bool:
    return (record.release_id, record.commit_id) == (fixed.release_id, fixed.commit_id)


def _reason(session: Session, verdict: Verdict) -> str:
    if verdict.fixed is not None:
        return "the release lists were computed again"
    if verdict.taken_back is not None:
        release = session.get_one(Release, verdict.taken_back.release_id)
        return f"the fix was reverted by {verdict.taken_back.member.sha[:12]} in {release.version}"
    return "no release contains the fix any more"


def _resolve(session: Session, issue: Issue, family: Family, fixed: Shipment, why: Why) -> None:
    release = session.get_one(Release, fixed.release_id)
    session.add(
        Resolution(
            issue_id=issue.id,
            release_id=release.id,
            release_version=release.version,
            commit_id=fixed.commit_id,
            decided_by=BY_RULE,
            created_at=why.now,
        )
    )
    issue.status = IssueStatus.resolved
    record_activity(
        session,
        why,
        "resolved_in_release",
        organization_id=issue.organization_id,
        issue_id=issue.id,
        release_id=release.id,
        rule="release-contains-fix",
        matched_text=family.fixes.get(fixed.member),
        data={"version": release.version, "sha": fixed.member.sha},
    )


def _reopen(
    session: Session, issue: Issue, record: Resolution | None, verdict: Verdict, why: Why
) -> None:
    issue.status = IssueStatus.unresolved
    taken_back = verdict.taken_back
    record_activity(
        session,
        why,
        "reopened",
        organization_id=issue.organization_id,
        issue_id=issue.id,
        release_id=taken_back.release_id if taken_back else None,
        rule="release-reverts-fix" if taken_back else "release-contains-fix",
        data={
            "reason": _reason(session, verdict),
            "was_resolved_in": record.release_version if record else None,
        },
    )
