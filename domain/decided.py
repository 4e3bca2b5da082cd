"""What becomes of people's decisions as releases and events come in (sentry-api.md 8.3, 8.4)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.fixes import Family
from domain.provenance import Why, record_activity
from domain.regressions import Judge, Regression, as_places, find_regression
from domain.release_facts import moment_of_release
from domain.sightings import REGRESSED, Shipped, Sighting, load_shipped
from domain.verdicts import find_verdict
from models import (
    Event,
    Issue,
    IssueStatus,
    Release,
    ReleaseProject,
    Resolution,
    ResolutionKind,
)

MOST_CANDIDATES = 200  # releases after the base that are looked at for the next one


def sync_decided(
    session: Session,
    issue: Issue,
    record: Resolution,
    family: Family,
    judge: Judge,
    sightings: Sequence[Sighting],
    why: Why,
) -> bool:
    """Name the release of a decision that waited for one; let events take the decision back."""
    changed = False
    if record.kind == ResolutionKind.commit:
        fixed = find_verdict(session, issue, family, judge.graphs).fixed
        release = session.get_one(Release, fixed.release_id) if fixed else None
        changed = _name(session, issue, record, release, why)
    elif record.kind == ResolutionKind.next:
        changed = _name(session, issue, record, _find_next(session, issue, record, judge), why)
    regression = find_regression(judge, record, family, sightings, last_seen=issue.last_seen)
    if regression is not None:
        regress(session, issue, record, regression, why)
        changed = True
    return changed


def sync_regressed(
    session: Session,
    issue: Issue,
    record: Resolution,
    family: Family,
    judge: Judge,
    sightings: Sequence[Sighting],
    why: Why,
) -> bool:
    """Take back a regression that versions or dates had decided, now that the graph knows better."""
    waits = issue.status == IssueStatus.unresolved and issue.substatus == REGRESSED
    if record.judged_by is None or not waits:
        return False
    if find_regression(judge, record, family, sightings, last_seen=issue.last_seen) is not None:
        return False
    record.ended_at = record.ended_reason = record.regressed_in = record.judged_by = None
    issue.status, issue.substatus, issue.is_inbox = IssueStatus.resolved, None, False
    record_activity(
        session,
        why,
        "regression_withdrawn",
        organization_id=issue.organization_id,
        issue_id=issue.id,
        rule="release-contains-fix",
        data={"version": record.release_version or record.base_version},
    )
    return True


def regress(
    session: Session, issue: Issue, record: Resolution, regression: Regression, why: Why
) -> None:
    """The issue is back: *record* ends, and stays in the history with the reason."""
    seen_in = regression.version or "an event without release"
    record.ended_at = why.now
    record.ended_reason = f"seen again in {seen_in}"
    record.regressed_in, record.judged_by = regression.version, regression.judged_by
    issue.status, issue.substatus, issue.is_inbox = IssueStatus.unresolved, REGRESSED, True
    record_activity(
        session,
        why,
        "regression",
        organization_id=issue.organization_id,
        issue_id=issue.id,
        rule="event-of-release-with-fix",
        data={
            "event_id": _find_event(session, issue, regression),
            "version": regression.version,
            "resolved_in_version": record.release_version or record.base_version,
            "decided_by": regression.judged_by,
            "follows_semver": regression.judged_by == "version",
        },
    )
    session.flush()


def _find_event(session: Session, issue: Issue, regression: Regression) -> str | None:
    """The newest event that says so, unless all of them were removed after a while."""
    query = select(Event.event_id).where(Event.issue_id == issue.id)
    if regression.version is not None:
        releases = select(Release.id).where(
            Release.organization_id == issue.organization_id, Release.version == regression.version
        )
        query = query.where(Event.release_id.in_(releases))
    return session.scalar(query.order_by(Event.happened_at.desc(), Event.id.desc()).limit(1))


def _name(
    session: Session, issue: Issue, record: Resolution, release: Release | None, why: Why
) -> bool:
    """Let the record be of *release*, whose heads decide from now on; whether that is new."""
    if record.release_id == (release.id if release else None):
        return False
    if release is None:
        if not record.release_version or record.release_id is None:
            return False  # the release was deleted: what it was called still decides
        record.release_id, record.release_version, record.heads = None, "", []
        return True
    shipped = load_shipped(session, release)
    record.release_id, record.release_version = release.id, release.version
    record.heads, record.named_at = [list(place) for place in shipped.heads], shipped.at
    record_activity(
        session,
        why,
        "resolved_in_release",
        organization_id=issue.organization_id,
        issue_id=issue.id,
        release_id=release.id,
        rule="release-contains-fix",
        data={"version": release.version},
    )
    return True


def _find_next(session: Session, issue: Issue, record: Resolution, judge: Judge) -> Release | None:
    """The first release of the project that strictly contains the base (OURS 20); else by date."""
    bases = as_places(record.base_heads)
    candidates = _list_candidates(session, issue, record)
    by_date: Release | None = None
    for release in candidates:
        shipped = load_shipped(session, release)
        verdicts = [judge.graphs.contains(shipped.heads, base) for base in bases]
        if any(
            verdict and base not in shipped.heads
            for verdict, base in zip(verdicts, bases, strict=True)
        ):
            return release
        if all(verdict is None for verdict in verdicts) and by_date is None:
            by_date = release if _is_later(record, shipped) else None
    return by_date


def _is_later(record: Resolution, shipped: Shipped) -> bool:
    """By dates: released after the decision and after the base."""
    return shipped.at > record.created_at and (
        record.base_at is None or shipped.at > record.base_at
    )


def _list_candidates(session: Session, issue: Issue, record: Resolution) -> Sequence[Release]:
    """Releases after the base, the earliest first."""
    moment = moment_of_release()
    query = (
        select(Release)
        .join(ReleaseProject, ReleaseProject.release_id == Release.id)
        .where(ReleaseProject.project_id == issue.project_id, Release.id != record.base_id)
        .order_by(moment, Release.id)
        .limit(MOST_CANDIDATES)
    )
    if record.base_at is not None:
        query = query.where(moment >= record.base_at)
    return session.scalars(query).all()
