"""What releases resolve and reopen, read off links, lists, reverts and events (sentry-api.md 8.2).

`sync_issues` derives the state anew from the facts, so it is repeatable and does not depend on
the order in which they came. A list that is recomputed moves the resolutions made by this rule;
what a person decided stays, until an event of a release that contains the fix takes it back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.decided import regress, sync_decided, sync_regressed
from domain.fixes import Family, Member, Shipment, load_family
from domain.provenance import Why, record_activity
from domain.regressions import Judge, Regression, find_later_sighting, list_refuted
from domain.sightings import Graphs, Sighting, follows_semver, list_sightings, load_shipped
from domain.verdicts import Verdict, find_verdict
from models import Commit, Issue, IssueStatus, Release, Resolution

BY_RULE = "rule"


@dataclass(frozen=True)
class _Judged:
    """The verdict without the fixes that did not work, and what refuted those."""

    verdict: Verdict
    refuted: dict[Member, Regression] = field(default_factory=dict)


def sync_issues(session: Session, issue_ids: Collection[int], *, why: Why) -> list[Issue]:
    """Make the resolutions of these issues agree with releases and events; those that changed."""
    graphs = Graphs(session)
    changed = []
    for issue_id in sorted(issue_ids):
        # Two repositories may fix one issue at once: one of them judges after the other.
        issue = session.get(Issue, issue_id, with_for_update={"key_share": True})
        if issue is not None and _sync(session, issue, graphs, why):
            changed.append(issue)
    session.flush()
    return changed


def _sync(session: Session, issue: Issue, graphs: Graphs, why: Why) -> bool:
    family = load_family(session, issue)
    sightings = list_sightings(session, issue.id) if issue.event_count else []
    judge = Judge(graphs, bool(sightings) and follows_semver(session, issue.project_id))
    record = _find_last(session, issue)
    if record is not None and record.decided_by != BY_RULE:
        if record.ended_at is None:
            return sync_decided(session, issue, record, family, judge, sightings, why)
        if sync_regressed(session, issue, record, family, judge, sightings, why):
            return True
    held = record if record is not None and record.ended_at is None else None
    judged = _judge(session, issue, family, judge, sightings)
    regression = _find_regression(session, issue, held, family, judged, graphs) if held else None
    return _apply(session, issue, held, family, judged.verdict, regression, why)


def _find_last(session: Session, issue: Issue) -> Resolution | None:
    """The record that holds, else the newest."""
    return session.scalar(
        select(Resolution)
        .where(Resolution.issue_id == issue.id)
        .order_by(Resolution.ended_at.is_not(None), Resolution.id.desc())
        .limit(1)
    )


def _judge(
    session: Session,
    issue: Issue,
    family: Family,
    judge: Judge,
    sightings: Sequence[Sighting],
) -> _Judged:
    """The verdict on the fixes that no event refutes, taken away one by one."""
    refuted = list_refuted(judge, family, sightings)
    while True:
        fixes = {one: text for one, text in family.fixes.items() if one not in refuted}
        verdict = find_verdict(session, issue, Family(fixes, family.reverters), judge.graphs)
        if verdict.fixed is None or not sightings:
            return _Judged(verdict, refuted)
        fixed = load_shipped(session, session.get_one(Release, verdict.fixed.release_id))
        regression = find_later_sighting(judge, family, fixed, sightings)
        if regression is None:
            return _Judged(verdict, refuted)
        refuted |= dict.fromkeys(family.homes(verdict.fixed.member), regression)


def _find_regression(
    session: Session,
    issue: Issue,
    record: Resolution,
    family: Family,
    judged: _Judged,
    graphs: Graphs,
) -> Regression | None:
    """What an event says against a record by rule, if nothing else takes it back."""
    verdict, refuted = judged.verdict, judged.refuted
    if not refuted or verdict.fixed is not None:
        return None
    own = refuted.get(_member_of(session, record))
    if own is not None or verdict.taken_back is not None:
        return own
    # It rests on what brought a reverted fix back, and the event refutes the fix.
    without_events = find_verdict(session, issue, family, graphs).fixed
    if without_events is None or not _is_same(record, without_events):
        return None
    return next(iter(refuted.values()))


def _member_of(session: Session, record: Resolution) -> Member:
    """The commit that a record by rule rests on."""
    commit = session.get(Commit, record.commit_id) if record.commit_id is not None else None
    return Member(commit.repository_id, commit.sha) if commit else Member(0, "")


def _apply(
    session: Session,
    issue: Issue,
    record: Resolution | None,
    family: Family,
    verdict: Verdict,
    regression: Regression | None,
    why: Why,
) -> bool:
    fixed = verdict.fixed
    if record is not None and regression is not None:
        regress(session, issue, record, regression, why)
        return True
    if record is not None and record.release_id is None and verdict.taken_back is None:
        return False  # its release was deleted: what that had fixed stays fixed
    if record is not None and fixed is not None and _is_same(record, fixed):
        return False
    if record is None and (fixed is None or issue.is_resolved):
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
            heads=[[fixed.repository_id, fixed.head_sha]],
            named_at=release.released_at or release.created_at,
            decided_by=BY_RULE,
            created_at=why.now,
        )
    )
    issue.status, issue.substatus, issue.is_inbox = IssueStatus.resolved, None, False
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
    issue.status, issue.is_inbox = IssueStatus.unresolved, True
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
