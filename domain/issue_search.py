"""What people type to find issues: `is:unresolved release:web@1.2 assigned:none cart`.

Keys by sentry-api.md 8.1; a key that is not known is text like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.sql.elements import SQLCoreOperations

from domain.assignee_search import is_assigned_to
from domain.event_data import LEVELS
from models import Issue, IssueRelease, IssueStatus, Release

LONGEST = 1000
MOST_WORDS = 20
_WORD = re.compile(r'(?:([A-Za-z]+):)?(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True)
class IssueSearch:
    """All of these hold for an issue that is found; an empty one narrows nothing."""

    status: IssueStatus | None = None
    releases: tuple[str, ...] = ()  # versions; seen in each of them
    levels: tuple[str, ...] = ()  # any of these
    assignees: tuple[str, ...] = ()  # any of these, as `is_assigned_to` knows them
    me: int | None = None  # the member who asks
    words: tuple[str, ...] = field(default=())  # each in title or culprit

    def conditions(self) -> list[ColumnElement[bool] | SQLCoreOperations[bool]]:
        """For a query of issues; the organization is the caller's affair."""
        found: list[ColumnElement[bool] | SQLCoreOperations[bool]] = []
        if self.status is not None:
            found.append(Issue.status == self.status)
        if self.levels:
            found.append(Issue.level.in_(self.levels))
        found += [
            exists()
            .where(IssueRelease.issue_id == Issue.id)
            .where(IssueRelease.release_id == Release.id)
            .where(Release.version == version)
            for version in self.releases
        ]
        if self.assignees:
            found.append(or_(*(is_assigned_to(name, self.me) for name in self.assignees)))
        found += [
            or_(
                Issue.title.icontains(word, autoescape=True),
                Issue.culprit.icontains(word, autoescape=True),
            )
            for word in self.words
        ]
        return found


EVERYTHING = IssueSearch()


def parse_search(
    text: str, *, status: IssueStatus | None = None, me: int | None = None
) -> IssueSearch:
    """Any text is a search; *status* holds if the text says none, `is:` counts as said last.

    *me* is the row id of the member who asks, if one does.
    """
    releases, levels, assignees, words = [], [], [], []
    for match in list(_WORD.finditer(text[:LONGEST]))[:MOST_WORDS]:
        key, value = (match[1] or "").lower(), match[2] if match[2] is not None else match[3]
        if key == "is" and value.lower() in IssueStatus.__members__:
            status = IssueStatus(value.lower())
        elif key == "release" and value:
            releases.append(value)
        elif key == "level" and value.lower() in LEVELS:
            levels.append(value.lower())
        elif key == "assigned" and value:
            assignees.append(value.lower())
        elif match[0] not in ('""', ""):
            words.append(match[0] if key else value)
    return IssueSearch(status, tuple(releases), tuple(levels), tuple(assignees), me, tuple(words))
