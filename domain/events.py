"""Events become issues: stored once, grouped, counted.

Everything is done for a batch at once, in a number of statements that does not grow with it.
Repeating a batch changes nothing, and any order of events gives the same issues and counts: what
is first and last goes by the time of the events, what the issue is called by the newest of them.

Two workers may digest events of one project at once. What they share is locked in one order:
releases, environments, the project's counter of issues, the issues.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import batches, insert_missing
from domain.event_issues import issues_of
from domain.event_reading import ReadEvent
from domain.event_releases import resolve_releases
from domain.event_summary import EventSummary
from domain.event_tally import StoredEvent, count_events
from domain.ignoring import open_after_events
from domain.provenance import Why
from domain.resolution import sync_issues
from domain.row_arrays import is_one_of
from models import Environment, Event, Issue, IssueStatus, Project

AT_ONCE = 250
_LONGEST_RELEASE = 200


@dataclass
class Digested:
    """What became of a batch: row ids of the issues that got events, and how many events."""

    issue_ids: set[int] = field(default_factory=set)
    stored: int = 0
    repeated: int = 0


@dataclass(frozen=True)
class _Places:
    """Row ids by the names in the events."""

    releases: Mapping[str, int]
    environments: Mapping[str, int]

    def release_of(self, event: EventSummary) -> int | None:
        return self.releases.get(event.release or "")

    def place(self, event: EventSummary) -> StoredEvent:
        environment_id = self.environments[event.environment]
        return StoredEvent(event, self.release_of(event), environment_id)


def digest(
    session: Session, project_id: int, events: Sequence[ReadEvent], *, now: datetime
) -> Digested:
    """Store those of *events* that are new, each with the issue that it belongs to.

    An event id that the project has, or twice in the batch, counts once. Events of a project that
    is gone are forgotten. Flushes, does not commit.
    """
    done = Digested()
    for some in batches(events, AT_ONCE):
        _digest(session, project_id, some, now, done)
    return done


def on_events_of_resolved_issues(
    session: Session, issue_ids: Collection[int], *, now: datetime
) -> None:
    """New events came to issues that count as fixed: those whose release contains the fix are back."""
    session.flush()
    sync_issues(session, issue_ids, why=Why(now=now, source="event"))


def _digest(
    session: Session, project_id: int, events: Sequence[ReadEvent], now: datetime, done: Digested
) -> None:
    project = session.get(Project, project_id)
    if project is None:
        return
    reads = _leave_known(session, project, events)
    done.repeated += len(events) - len(reads)
    if not reads:
        return
    places = _find_places(session, project, reads, now)
    ids = issues_of(session, project, [read.event for read in reads], now=now)
    issues = _lock_issues(session, set(ids.values()))
    stored = _store(session, project, reads, ids, places)
    done.stored += len(stored)
    done.repeated += len(reads) - len(stored)
    new: defaultdict[int, list[StoredEvent]] = defaultdict(list)
    for read in stored:
        new[ids[read.event.hash]].append(places.place(read.event))
    done.issue_ids |= new.keys()
    resolved = [issue.id for issue in issues if issue.is_resolved and issue.id in new]
    ignored = {
        issue.id: issue.user_count
        for issue in issues
        if issue.status == IssueStatus.ignored and issue.id in new
    }
    count_events(session, issues, new)
    open_after_events(session, ignored, now=now)
    on_events_of_resolved_issues(session, resolved, now=now)


def _leave_known(session: Session, project: Project, reads: Sequence[ReadEvent]) -> list[ReadEvent]:
    by_id = {read.event.event_id: read for read in reversed(reads)}
    known = set(
        session.scalars(
            select(Event.event_id).where(
                Event.project_id == project.id, is_one_of(session, Event.event_id, by_id)
            )
        )
    )
    return [by_id[id_] for id_ in sorted(by_id) if id_ not in known]


def _find_places(
    session: Session, project: Project, reads: Sequence[ReadEvent], now: datetime
) -> _Places:
    """Releases and environments; what the organization does not have yet is made."""
    names: dict[str, datetime] = {}
    for read in reads:
        if (name := read.event.release) is not None:
            names[name] = min(read.event.happened_at, names.get(name, read.event.happened_at))
    releases = resolve_releases(session, project, names, now=now)
    return _Places(releases, _environments(session, project, reads, now))


def _environments(
    session: Session, project: Project, reads: Sequence[ReadEvent], now: datetime
) -> dict[str, int]:
    names = {read.event.environment for read in reads}
    query = select(Environment.name, Environment.id).where(
        Environment.organization_id == project.organization_id, Environment.name.in_(names)
    )
    found = dict(session.execute(query).all())
    if names - found.keys():
        rows = [
            {"organization_id": project.organization_id, "name": name, "created_at": now}
            for name in sorted(names - found.keys())
        ]
        insert_missing(session, Environment, rows)
        found = dict(session.execute(query).all())
    return found


def _lock_issues(session: Session, ids: set[int]) -> list[Issue]:
    """The issues as they are now, and until the transaction ends."""
    return list(
        session.scalars(
            select(Issue)
            .where(Issue.id.in_(ids))
            .order_by(Issue.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def _store(
    session: Session,
    project: Project,
    reads: Sequence[ReadEvent],
    ids: Mapping[str, int],
    places: _Places,
) -> list[ReadEvent]:
    """Those that were not there: another worker may have stored some in the meantime."""
    rows = [
        {
            "project_id": project.id,
            "issue_id": ids[read.event.hash],
            "event_id": read.event.event_id,
            "received_at": read.received_at,
            "happened_at": read.event.happened_at,
            "release_id": places.release_of(read.event),
            "release_name": read.event.release and read.event.release[:_LONGEST_RELEASE],
            "environment": read.event.environment,
            "level": read.event.level,
            "title": read.event.title,
            "hash": read.event.hash,
            "tags": read.event.tags,
            "data": read.data,
        }
        for read in reads
    ]
    stored = {
        row.event_id for row in insert_missing(session, Event, rows, returning=(Event.event_id,))
    }
    return [read for read in reads if read.event.event_id in stored]
