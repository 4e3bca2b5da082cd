"""What another policy would have made of the commits and pull requests of the last weeks.

Texts are read by both policies and compared; nothing is written. What is read is bounded, so that
the answer comes in a moment whatever the organization pushes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import batches
from domain.issue_links import KnownIssues
from domain.recent_texts import Text, list_recent_commits, list_recent_pull_requests
from domain.resolution_policy import Policy
from domain.short_ids import format_short_id
from models import Issue, Project

PERIOD = timedelta(days=30)
MOST_COMMITS = 2000
MOST_PULL_REQUESTS = 500
MOST_CHARACTERS = 2_000_000  # of all texts together
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """A link that would appear, or would not have been made, with the words that were read."""

    text: Text
    appears: bool
    matched_text: str


@dataclass(frozen=True, slots=True)
class IssueDifferences:
    short_id: str
    title: str
    differences: list[Difference]


@dataclass
class Preview:
    """Differences by issue, the newest text first; *commits* and *pull_requests* were looked at."""

    since: datetime
    commits: int = 0
    pull_requests: int = 0
    is_cut: bool = False  # there is more than was looked at
    appearing: int = 0
    disappearing: int = 0
    issues: list[IssueDifferences] = field(default_factory=list)

    @property
    def is_shortened(self) -> bool:
        """Whether there are more differences than are listed."""
        listed = sum(len(issue.differences) for issue in self.issues)
        return listed < self.appearing + self.disappearing


@dataclass
class _Budget:
    characters: int

    def take(self, text: Text) -> bool:
        """Whether there is room for *text*, which is then used up."""
        self.characters -= sum(map(len, text.parts))
        return self.characters >= 0


def preview_policy(
    session: Session,
    organization_id: int,
    *,
    before: Policy,
    after: Policy,
    hosts: Collection[str] = (),
    now: datetime,
    most_commits: int = MOST_COMMITS,
    most_pull_requests: int = MOST_PULL_REQUESTS,
    most_characters: int = MOST_CHARACTERS,
) -> Preview:
    """Read the newest texts of the last 30 days by both policies; only reads."""
    preview = Preview(since=now - PERIOD)
    budget = _Budget(most_characters)
    found: dict[int, list[Difference]] = {}
    sources = (
        (list_recent_commits(session, organization_id, preview.since, most_commits), "commits"),
        (
            list_recent_pull_requests(session, organization_id, preview.since, most_pull_requests),
            "pull_requests",
        ),
    )
    for source, counter in sources:
        for texts, is_last in source:
            taken = [text for text in texts if budget.take(text)]
            setattr(preview, counter, getattr(preview, counter) + len(taken))
            preview.is_cut |= len(taken) < len(texts) or is_last
            _compare(session, organization_id, taken, before, after, hosts, found)
            if budget.characters < 0:
                break
    _fill(session, preview, found)
    return preview


def _compare(
    session: Session,
    organization_id: int,
    texts: list[Text],
    before: Policy,
    after: Policy,
    hosts: Collection[str],
    found: dict[int, list[Difference]],
) -> None:
    parts = (part for text in texts for part in text.parts)
    known = KnownIssues(session, organization_id, parts, before, after)
    for text in texts:
        was, would_be = (_read(known, text, policy, hosts) for policy in (before, after))
        for issue_id in was.keys() ^ would_be.keys():
            appears = issue_id in would_be
            matched = would_be[issue_id] if appears else was[issue_id]
            found.setdefault(issue_id, []).append(Difference(text, appears, matched))


def _read(known: KnownIssues, text: Text, policy: Policy, hosts: Collection[str]) -> dict[int, str]:
    """The issues that *text* names by *policy*, with the words that say so."""
    if text.number is not None and not policy.reads_pull_requests:
        return {}
    return {
        issue_id: reference.matched_text
        for part in reversed(text.parts)
        for issue_id, reference in known.references(part, policy, hosts)
    }


def _fill(session: Session, preview: Preview, found: dict[int, list[Difference]]) -> None:
    """Count the differences, and list the first of them under their issues."""
    for differences in found.values():
        appearing = sum(difference.appears for difference in differences)
        preview.appearing += appearing
        preview.disappearing += len(differences) - appearing
    room = MOST_SHOWN
    for some in batches(list(found)[:MOST_SHOWN]):
        query = (
            select(Issue.id, Issue.number, Issue.title, Project.slug)
            .join(Project, Project.id == Issue.project_id)
            .where(Issue.id.in_(some))
        )
        rows = {row.id: row for row in session.execute(query)}
        for issue_id in some:
            row, differences = rows[issue_id], found[issue_id][: max(room, 0)]
            room -= len(differences)
            if differences:
                short_id = format_short_id(row.slug, row.number)
                preview.issues.append(IssueDifferences(short_id, row.title, differences))
