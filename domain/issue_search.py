"""What people type to find issues: `is:unresolved release:web@1.2 assigned:none cart`.

Keys by sentry-api.md 8.1; a key that is not known is text like any other. `!` before a term finds
what does not have it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.sql.elements import SQLCoreOperations

from domain.errors import InvalidError
from domain.event_data import LEVELS
from models import Author, Head, Issue, IssueRelease, IssueStatus, Release, Tag

LONGEST = 1000
MOST_WORDS = 20
NOBODY = "none"
ME = "me"
STATUSES = {status.value: status.value for status in IssueStatus} | {"muted": "ignored"}
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
    assignees: tuple[str, ...] = ()  # any of these: e-mail addresses, logins, or NOBODY
    words: tuple[str, ...] = ()  # each in title or culprit
    unwanted: tuple[IssueSearch, ...] = ()  # none of these finds it; each is of one term

    def conditions(self) -> list[ColumnElement[bool] | SQLCoreOperations[bool]]:
        """For a query of issues; the organization is the caller's affair."""
        found: list[ColumnElement[bool] | SQLCoreOperations[bool]] = []
        if self.status is not None:
            found.append(Issue.status == self.status)
        if self.levels:
            found.append(Issue.level.in_(self.levels))
        found += map(_is_seen_in, self.releases)
        if self.assignees:
            found.append(or_(*map(_is_assigned_to, self.assignees)))
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


def _is_assigned_to(name: str) -> ColumnElement[bool]:
    """Teams have no issues; `me` is nobody where nobody is known: tokens belong to organizations."""
    if name == NOBODY:
        return Issue.assigned_to.is_(None)
    if name == ME or name.startswith("#"):
        return false()
    emails = select(Author.email).where(
        Author.organization_id == Issue.organization_id,
        or_(Author.email == name, func.lower(Author.login) == name),
    )
    # Of nobody the first is false; the second alone would be null, and so would its contrary.
    return and_(Issue.assigned_to.is_not(None), Issue.assigned_to.in_(emails))


def parse_search(
    text: str, *, status: IssueStatus | None = None, own_names: Collection[str] = ()
) -> IssueSearch:
    """What *text* asks for; *status* holds if it says none, `is:` counts as said last.

    *own_names* are the addresses and logins that `assigned:me` stands for. Raises InvalidError
    for a value that a key cannot have: it would find nothing, and not say why.
    """
    wanted, unwanted = _Terms(status), []
    for match in list(_WORD.finditer(text[:LONGEST]))[:MOST_WORDS]:
        terms = _Terms() if match[1] else wanted
        value = match[3] if match[3] is not None else match[4]
        terms.add((match[2] or "").lower(), value, match[0].removeprefix(match[1] or ""), own_names)
        if match[1]:
            unwanted.append(terms.search())
    return wanted.search(tuple(unwanted))


@dataclass
class _Terms:
    status: IssueStatus | None = None
    releases: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def add(self, key: str, value: str, whole: str, own_names: Collection[str]) -> None:
        """*whole* is key and value as written: a text where the key is none of ours."""
        low = value.lower()
        named = f"{key}:" if key else whole.lower()
        if named in _KEYS and not (key and value):
            raise InvalidError(f"“{whole}” lacks what is looked for, as in {_KEYS[named]}")
        if key == "is":
            self.status = IssueStatus(_choose(key, low, STATUSES))
        elif key == "level":
            self.levels.append(_choose(key, low, {level: level for level in LEVELS}))
        elif key == "release":
            self.releases.append(value)
        elif key == "assigned":
            self.assignees += own_names if low == ME and own_names else [low]
        elif whole != '""':
            self.words.append(whole if key else value)

    def search(self, unwanted: tuple[IssueSearch, ...] = ()) -> IssueSearch:
        lists = (self.releases, self.levels, self.assignees, self.words)
        releases, levels, assignees, words = map(tuple, lists)
        return IssueSearch(self.status, releases, levels, assignees, words, unwanted)


def _choose(key: str, value: str, known: Mapping[str, str]) -> str:
    if value not in known:
        raise InvalidError(f"“{key}:{value}” finds nothing: {key}: takes {', '.join(known)}")
    return known[value]
