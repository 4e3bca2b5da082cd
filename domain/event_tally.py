"""Counting new events: into their issues, releases, environments, hours and people."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.bulk import insert_missing, update_each
from domain.event_counts import add_counts, hour_of
from domain.event_summary import EventSummary
from models import Issue, IssueEnvironment, IssueHour, IssueRelease, IssueUser

# What an issue is called after its newest event.
_SAID = ("title", "culprit", "level", "type", "details")


@dataclass(slots=True)
class _Seen:
    """When, and how often."""

    first: datetime
    last: datetime
    count: int = 0

    def add(self, moment: datetime) -> None:
        self.first, self.last = min(self.first, moment), max(self.last, moment)
        self.count += 1


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A new event, and the rows that it belongs to."""

    event: EventSummary
    release_id: int | None
    environment_id: int


def count_events(
    session: Session, issues: Sequence[Issue], new: Mapping[int, Sequence[StoredEvent]]
) -> None:
    """Add *new* events, by the row id of their issue, to all counters. The issues are locked."""
    releases: dict[tuple[int, int], _Seen] = {}
    environments: dict[tuple[int, int], _Seen] = {}
    hours: Counter[tuple[int, int]] = Counter()
    users: set[tuple[int, str]] = set()
    for issue_id, stored in new.items():
        for one in stored:
            at, identity = one.event.happened_at, one.event.identity
            if one.release_id is not None:
                releases.setdefault((issue_id, one.release_id), _Seen(at, at)).add(at)
            environments.setdefault((issue_id, one.environment_id), _Seen(at, at)).add(at)
            hours[issue_id, hour_of(at)] += 1
            if identity is not None:
                users.add((issue_id, _digest_of(identity)))
    add_counts(session, IssueRelease, _rows(releases, "release_id"))
    add_counts(session, IssueEnvironment, _rows(environments, "environment_id"))
    rows = [{"issue_id": id_, "hour": hour, "event_count": n} for (id_, hour), n in hours.items()]
    add_counts(session, IssueHour, rows)
    new_users = _add_users(session, users)
    touched = [issue for issue in issues if issue.id in new]
    changes = [_change(issue, new[issue.id], new_users[issue.id]) for issue in touched]
    update_each(session, Issue, changes)
    for issue in touched:
        session.expire(issue)
    note_releases(session, sorted({issue_id for issue_id, _ in releases}))


def _rows(seen: Mapping[tuple[int, int], _Seen], name: str) -> list[dict[str, Any]]:
    return [
        {
            "issue_id": issue_id,
            name: other_id,
            "first_seen": one.first,
            "last_seen": one.last,
            "event_count": one.count,
        }
        for (issue_id, other_id), one in seen.items()
    ]


def _add_users(session: Session, users: set[tuple[int, str]]) -> Counter[int]:
    """How many people each issue had not befallen before."""
    rows = [{"issue_id": issue_id, "hash": digest} for issue_id, digest in sorted(users)]
    return Counter(
        row.issue_id
        for row in insert_missing(session, IssueUser, rows, returning=(IssueUser.issue_id,))
    )


def _digest_of(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def _change(issue: Issue, stored: Sequence[StoredEvent], new_users: int) -> dict[str, Any]:
    """The issue's columns with the new events in them."""
    events = [one.event for one in stored]
    moments = [event.happened_at for event in events]
    was_seen = [issue.first_seen, issue.last_seen] if issue.event_count else []
    newest = max(events, key=lambda event: (event.happened_at, event.event_id))
    is_newer = issue.newest_event_id is None or (newest.happened_at, newest.event_id) > (
        issue.last_seen,
        issue.newest_event_id,
    )
    said = {name: getattr(newest if is_newer else issue, name) for name in _SAID}
    newest_id = newest.event_id if is_newer else issue.newest_event_id
    return {
        "id": issue.id,
        "first_seen": min([*moments, *was_seen]),
        "last_seen": max([*moments, *was_seen]),
        "event_count": issue.event_count + len(events),
        "user_count": issue.user_count + new_users,
        "newest_event_id": newest_id,
        **said,
    }


def note_releases(session: Session, issue_ids: Sequence[int]) -> None:
    """The first and the last release that each issue was seen in."""
    if not issue_ids:
        return
    of_issue = select(IssueRelease.release_id).where(IssueRelease.issue_id == Issue.id).limit(1)
    first = of_issue.order_by(IssueRelease.first_seen, IssueRelease.release_id)
    last = of_issue.order_by(IssueRelease.last_seen.desc(), IssueRelease.release_id.desc())
    session.execute(
        update(Issue)
        .where(Issue.id.in_(issue_ids))
        .values(first_release_id=first.scalar_subquery(), last_release_id=last.scalar_subquery())
        .execution_options(synchronize_session=False)
    )
