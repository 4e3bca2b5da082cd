"""The issue of each event: found by its fingerprint, or made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from domain.event_summary import EventSummary
from domain.provenance import Why, record_activity
from models import Issue, IssueFingerprint, IssueStatus, Project


def issues_of(
    session: Session,
    project: Project,
    events: Sequence[EventSummary],
    *,
    now: datetime,
) -> dict[str, int]:
    """Row ids of issues by the hash of each event's grouping; issues that are missing are made."""
    wanted: dict[str, EventSummary] = {}
    for event in sorted(events, key=lambda one: one.happened_at):
        wanted.setdefault(event.hash, event)
    found = _find(session, project, wanted)
    if wanted.keys() - found.keys():
        # Of two workers with the same new fingerprint one waits here, and finds it afterwards.
        session.execute(
            select(Project.id).where(Project.id == project.id).with_for_update(key_share=True)
        )
        found = _find(session, project, wanted)
        missing = {hash_: one for hash_, one in wanted.items() if hash_ not in found}
        found |= _make(session, project, missing, now)
    return found


def _find(session: Session, project: Project, hashes: Collection[str]) -> dict[str, int]:
    rows = session.execute(
        select(IssueFingerprint.hash, IssueFingerprint.issue_id).where(
            IssueFingerprint.project_id == project.id, IssueFingerprint.hash.in_(hashes)
        )
    )
    return dict(rows.all())


def _make(
    session: Session,
    project: Project,
    missing: Mapping[str, EventSummary],
    now: datetime,
) -> dict[str, int]:
    """One issue a fingerprint, numbered in the order of the events; counted they are later."""
    if not missing:
        return {}
    first = _take_numbers(session, project, len(missing))
    hashes = dict(enumerate(missing, start=first))
    rows = [
        {
            "organization_id": project.organization_id,
            "project_id": project.id,
            "number": number,
            "title": missing[hash_].title,
            "status": IssueStatus.unresolved,
            "created_at": now,
            "first_seen": missing[hash_].happened_at,
            "last_seen": missing[hash_].happened_at,
        }
        for number, hash_ in hashes.items()
    ]
    made = session.execute(insert(Issue).returning(Issue.number, Issue.id), rows)
    ids = {hashes[number]: id_ for number, id_ in made}
    fingerprints = [
        {
            "project_id": project.id,
            "hash": hash_,
            "issue_id": ids[hash_],
            "rule": event.grouping.rule,
            "explanation": event.grouping.explanation,
            "created_at": now,
        }
        for hash_, event in missing.items()
    ]
    session.execute(insert(IssueFingerprint), fingerprints)
    for hash_, event in missing.items():
        record_activity(
            session,
            Why(now, source="event"),
            "issue_created",
            organization_id=project.organization_id,
            issue_id=ids[hash_],
            rule="event-makes-issue",
            data={"event_id": event.event_id},
        )
    session.flush()
    return ids


def _take_numbers(session: Session, project: Project, count: int) -> int:
    """The first of *count* numbers that no other issue of the project gets."""
    last = session.scalar(
        update(Project)
        .where(Project.id == project.id)
        .values(last_issue_number=Project.last_issue_number + count)
        .returning(Project.last_issue_number)
        .execution_options(synchronize_session=False)
    )
    if last is None:
        raise RuntimeError(f"the project {project.slug!r} is gone")
    session.expire(project, ["last_issue_number"])
    return last - count + 1
