"""What people type to find issues: `is:unresolved release:web@1.2 assigned:none cart`.

Keys by sentry-api.md 8.1; a key that is not known is text like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, exists, false, func, or_, select
from sqlalchemy.sql.elements import SQLCoreOperations

from domain.event_data import LEVELS
from models import Author, Issue, IssueRelease, IssueStatus, Release

LONGEST = 1000
MOST_WORDS = 20
NOBODY = "none"
INBOX, BOOKMARKED = LISTS = ("inbox", "bookmarked")  # values of `is:` beside the states
_WORD = re.compile(r'(?:([A-Za-z]+):)?(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True)
class IssueSearch:
    """All of these hold for an issue that is found; an empty one narrows nothing."""

    status: IssueStatus | None = None
    releases: tuple[str, ...] = ()  # versions; seen in each of them
    levels: tuple[str, ...] = ()  # any of these
    assignees: tuple[str, ...] = ()  # any of these: e-mail addresses, logins, or NOBODY
    words: tuple[str, ...] = field(default=())  # each in title or culprit
    is_inbox: bool = False  # only what needs somebody's look
    is_bookmarked: bool = False

    def conditions(self) -> list[ColumnElement[bool] | SQLCoreOperations[bool]]:
        """For a query of issues; the organization is the caller's affair."""
        found: list[ColumnElement[bool] | SQLCoreOperations[bool]] = []
        if self.status is not None:
            found.append(Issue.status == self.status)
        if self.is_inbox:
            found.append(Issue.is_inbox)
        if self.is_bookmarked:
            found.append(Issue.is_bookmarked)
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
            found.append(or_(*map(_is_assigned_to, self.assignees)))
        found += [
            or_(
                Issue.title.icontains(word, autoescape=True),
                Issue.culprit.icontains(word, autoescape=True),
            )
            for word in self.words
        ]
        return found


EVERYTHING = IssueSearch()


def _is_assigned_to(name: str) -> ColumnElement[bool]:
    """Teams have no issues, and `me` is nobody: tokens belong to organizations, not to people."""
    if name == NOBODY:
        return Issue.assigned_to.is_(None)
    if name == "me" or name.startswith("#"):
        return false()
    return Issue.assigned_to.in_(
        select(Author.email).where(
            Author.organization_id == Issue.organization_id,
            or_(Author.email == name, func.lower(Author.login) == name),
        )
    )


def parse_search(text: str, *, status: IssueStatus | None = None) -> IssueSearch:
    """Any text is a search; *status* holds if the text says none, `is:` counts as said last."""
    releases, levels, assignees, words = [], [], [], []
    lists = set()
    for match in list(_WORD.finditer(text[:LONGEST]))[:MOST_WORDS]:
        key, value = (match[1] or "").lower(), match[2] if match[2] is not None else match[3]
        if key == "is" and value.lower() in IssueStatus.__members__:
            status = IssueStatus(value.lower())
        elif key == "is" and value.lower() in LISTS:
            lists.add(value.lower())
        elif key == "release" and value:
            releases.append(value)
        elif key == "level" and value.lower() in LEVELS:
            levels.append(value.lower())
        elif key == "assigned" and value:
            assignees.append(value.lower())
        elif match[0] not in ('""', ""):
            words.append(match[0] if key else value)
    return IssueSearch(
        status,
        tuple(releases),
        tuple(levels),
        tuple(assignees),
        tuple(words),
        is_inbox=INBOX in lists,
        is_bookmarked=BOOKMARKED in lists,
    )
