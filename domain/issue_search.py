"""What people type to find issues: `is:unresolved release:web@1.2 assigned:none cart`.

Keys by sentry-api.md 8.1; a key that is not known is text like any other. `!` before a term finds
what does not have it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select, true
from sqlalchemy.sql.elements import SQLCoreOperations

from domain.assignee_search import is_assigned_to
from domain.errors import InvalidError
from domain.event_data import LEVELS
from models import Head, Issue, IssueRelease, IssueStatus, Release, Tag

LONGEST = 1000
MOST_WORDS = 20
INBOX, BOOKMARKED = "inbox", "bookmarked"  # values of `is:` beside the states
STATES = {each: each for each in (*IssueStatus.__members__, INBOX, BOOKMARKED)} | {
    "muted": "ignored"
}
_KEYS = {
    "is:": "is:unresolved",
    "release:": "release:web@1.2.0",
    "level:": "level:fatal",
    "assigned:": "assigned:none",
}
_WORD = re.compile(r'(!)?(?:([A-Za-z]+):)?(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True)
class IssueSearch:
    """All of these hold for an issue that is found; an empty one narrows nothing."""

    status: IssueStatus | None = None
    releases: tuple[str, ...] = ()  # versions; seen in each of them
    levels: tuple[str, ...] = ()  # any of these
    assignees: tuple[str, ...] = ()  # any of these, as `is_assigned_to` knows them
    words: tuple[str, ...] = ()  # each in title or culprit
    unwanted: tuple[IssueSearch, ...] = ()  # none of these finds it; each is of one term
    me: int | None = None  # the member who asks
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
        found += map(_is_seen_in, self.releases)
        if self.assignees:
            found.append(or_(*(is_assigned_to(name, self.me) for name in self.assignees)))
        found += [
            or_(
                Issue.title.icontains(word, autoescape=True),
                Issue.culprit.icontains(word, autoescape=True),
            )
            for word in self.words
        ]
        found += [not_(and_(true(), *one.conditions())) for one in self.unwanted]
        return found


EVERYTHING = IssueSearch()


def _is_seen_in(name: str) -> ColumnElement[bool]:
    """In the release of that version, or in one that has the tag of that name (interface.md)."""
    tagged = select(Head.release_id).join(Tag, Tag.id == Head.tag_id).where(Tag.name == name)
    return (
        exists()
        .where(IssueRelease.issue_id == Issue.id)
        .where(IssueRelease.release_id == Release.id)
        .where(or_(Release.version == name, Release.id.in_(tagged)))
    )


def parse_search(
    text: str, *, status: IssueStatus | None = None, me: int | None = None
) -> IssueSearch:
    """What *text* asks for; *status* holds if it says none, `is:` counts as said last.

    *me* is the row id of the member who asks, if one does. Raises InvalidError for a value that a
    key cannot have: it would find nothing, and not say why.
    """
    wanted, unwanted = _Terms(me, status), []
    for match in list(_WORD.finditer(text[:LONGEST]))[:MOST_WORDS]:
        terms = _Terms(me) if match[1] else wanted
        value = match[3] if match[3] is not None else match[4]
        terms.add((match[2] or "").lower(), value, match[0].removeprefix(match[1] or ""))
        if match[1]:
            unwanted.append(terms.search())
    return wanted.search(tuple(unwanted))


@dataclass
class _Terms:
    me: int | None
    status: IssueStatus | None = None
    releases: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    is_inbox: bool = False
    is_bookmarked: bool = False

    def add(self, key: str, value: str, whole: str) -> None:
        """*whole* is key and value as written: a text where the key is none of ours."""
        low = value.lower()
        named = f"{key}:" if key else whole.lower()
        if named in _KEYS and not (key and value):
            raise InvalidError(f"“{whole}” lacks what is looked for, as in {_KEYS[named]}")
        if key == "is":
            self._be(_choose(key, low, STATES))
        elif key == "level":
            self.levels.append(_choose(key, low, {level: level for level in LEVELS}))
        elif key == "release":
            self.releases.append(value)
        elif key == "assigned":
            self.assignees.append(low)
        elif whole != '""':
            self.words.append(whole if key else value)

    def _be(self, state: str) -> None:
        if state == INBOX:
            self.is_inbox = True
        elif state == BOOKMARKED:
            self.is_bookmarked = True
        else:
            self.status = IssueStatus(state)

    def search(self, unwanted: tuple[IssueSearch, ...] = ()) -> IssueSearch:
        return IssueSearch(
            self.status,
            tuple(self.releases),
            tuple(self.levels),
            tuple(self.assignees),
            tuple(self.words),
            unwanted,
            self.me,
            self.is_inbox,
            self.is_bookmarked,
        )


def _choose(key: str, value: str, known: Mapping[str, str]) -> str:
    if value not in known:
        raise InvalidError(f"“{key}:{value}” finds nothing: {key}: takes {', '.join(known)}")
    return known[value]
