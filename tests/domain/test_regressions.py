"""The table of sentry-api.md 8.4: which event takes which decision back, and what decided.

Here the graph knows nothing; where it does, tests/flows/test_regressions.py has the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from domain.fixes import Family
from domain.regressions import Judge, find_regression
from domain.sightings import Graphs, Shipped, Sighting
from models import Resolution, ResolutionKind
from tests.factories import NOW

KINDS: dict[str, dict[str, Any]] = {
    "in 2.0": {"kind": ResolutionKind.release, "release_version": "web@2.0", "named_at": NOW},
    "by a commit in 2.0": {
        "kind": ResolutionKind.commit,
        "release_version": "web@2.0",
        "named_at": NOW,
    },
    "by a commit": {"kind": ResolutionKind.commit, "release_version": ""},
    "after 2.0": {
        "kind": ResolutionKind.after,
        "release_version": "",
        "base_version": "web@2.0",
        "base_at": NOW,
    },
    "in the next": {
        "kind": ResolutionKind.next,
        "release_version": "",
        "base_version": "web@2.0",
        "base_at": NOW,
    },
    "now": {"kind": ResolutionKind.now, "release_version": ""},
}
EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """An event of *version*, a release made *at*, some time after the decision."""

    resolved: str
    version: str | None
    at: datetime
    semver: bool
    taken_back_by: str | None


TABLE = [
    Row("in 2.0", "web@2.0", EARLIER, True, "graph"),  # the very release
    Row("in 2.0", "web@1.9", LATER, True, None),  # however late it was made
    Row("in 2.0", "web@2.1", EARLIER, True, "version"),
    Row("in 2.0", "web@2.0-rc1", LATER, True, None),
    Row("in 2.0", "web@2.0-rc10", LATER, True, None),
    Row("in 2.0", "nightly", LATER, True, "date"),  # is no version
    Row("in 2.0", "nightly", EARLIER, True, None),
    Row("in 2.0", "web@1.9", LATER, False, "date"),
    Row("in 2.0", "web@2.1", EARLIER, False, None),
    Row("in 2.0", None, LATER, True, None),
    Row("by a commit in 2.0", "web@1.9", LATER, True, None),
    Row("by a commit in 2.0", "web@2.1", EARLIER, True, "version"),
    Row("by a commit in 2.0", "web@1.9", LATER, False, "date"),
    Row("by a commit in 2.0", None, LATER, True, None),
    Row("by a commit", "web@9.0", LATER, True, None),  # is in no release yet
    Row("by a commit", "web@9.0", LATER, False, None),
    Row("after 2.0", "web@2.0", LATER, True, None),
    Row("after 2.0", "web@1.9", LATER, True, None),
    Row("after 2.0", "web@2.1", EARLIER, True, "version"),
    Row("after 2.0", "web@2.1", EARLIER, False, None),
    Row("after 2.0", "web@1.9", LATER, False, "date"),
    Row("in the next", "web@2.0", LATER, True, None),
    Row("in the next", "web@2.1", LATER, False, "date"),
    Row("in the next", "web@2.1", EARLIER, False, None),
    Row("in the next", None, LATER, False, None),
    Row("now", "web@0.1", EARLIER, True, "date"),  # whatever it is
    Row("now", None, LATER, True, "date"),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_what_takes_a_decision_back(session: Session, row: Row) -> None:
    record = Resolution(issue_id=1, heads=[], base_heads=[], created_at=NOW, **KINDS[row.resolved])
    seen = NOW + timedelta(days=2)
    sightings = [Sighting(Shipped(1, row.version, row.at, ()), seen, seen)] if row.version else []
    judge = Judge(Graphs(session), row.semver)

    found = find_regression(judge, record, Family(), sightings, last_seen=seen)

    assert (found and found.judged_by) == row.taken_back_by


@pytest.mark.parametrize("resolved", KINDS)
def test_what_was_seen_before_the_decision_takes_nothing_back(
    session: Session, resolved: str
) -> None:
    record = Resolution(issue_id=1, heads=[], base_heads=[], created_at=NOW, **KINDS[resolved])
    sightings = [Sighting(Shipped(1, "web@9.0", LATER, ()), EARLIER, NOW)]

    judge = Judge(Graphs(session), follows_semver=True)
    assert find_regression(judge, record, Family(), sightings, last_seen=NOW) is None
