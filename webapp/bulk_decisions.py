"""What members decide of many issues at once, with the form of the list of issues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from domain.decisions import NO_RELEASES
from domain.errors import FieldsInvalidError, InvalidError, NotFoundError
from domain.issue_changes import (
    MOST,
    NO_SUCH_RELEASE,
    SEVERAL_PROJECTS,
    change_issues,
    is_as_asked,
    lock_issues,
)
from domain.issue_records import IssueFilter
from domain.paging import find_id
from domain.provenance import Why
from webapp.decisions import DECISIONS, IGNORING

MOST_TICKED = MOST
NONE_TICKED = "No issue is selected. Tick the boxes of those that are meant."
NO_DECISION = "Choose what to do with the selected issues."
TOO_MANY = f"At most {MOST_TICKED} issues can be decided of at once."
NO_RELEASE = (
    "Their project has no release yet, so none can be named as the one that fixes them. "
    "“Resolve” needs no release."
)
REASONS = {  # in the words of pages, by those of the API
    SEVERAL_PROJECTS: (
        "The selected issues belong to several projects, and each project has releases of its own. "
        "Narrow the list to one project, or choose “Resolve”."
    ),
    NO_SUCH_RELEASE: NO_RELEASE,
    NO_RELEASES: NO_RELEASE,
}


@dataclass(frozen=True)
class _Words:
    """Of a decision: what issues now are, and how those were that it did not change."""

    done: str
    already: str = ""


WORDS = {
    "resolve": _Words("resolved", "resolved"),
    "resolve-in-newest": _Words("resolved in {version}", "resolved"),
    "resolve-in-next": _Words("resolved in the next release", "resolved"),
    "open": _Words("opened again", "open"),
    **{value: _Words(f"ignored {words}") for value, words in IGNORING.items()},
    "take-out": _Words("taken out of the inbox", "out of it"),
    "bookmark": _Words("bookmarked", "bookmarked"),
    "remove-bookmark": _Words("no longer bookmarked", "without a bookmark"),
}


def decide_of_many(
    db: Session, organization_id: int, form: MultiDict[str, str], *, why: Why
) -> str:
    """Do what *form* says to the issues that it names by id; what was done, in a sentence or two.

    Raises InvalidError, and NotFoundError if one of them is none of the organization's; nothing
    is changed then, if the caller rolls back.
    """
    ids = _ids(form.getlist("id"))
    decision = form.get("decision", "")
    if decision not in DECISIONS:
        raise InvalidError(NO_DECISION)
    change = DECISIONS[decision](why.now)
    issues = lock_issues(db, organization_id, IssueFilter(ids=ids))
    if len(issues) != len(ids):
        raise NotFoundError("no such issue in this organization")
    changing = sum(not is_as_asked(issue, change) for issue in issues)
    applied = change_issues(db, issues, change, why=why)
    version = applied.release.version if applied.release is not None else ""
    return _tell(WORDS[decision], changing, len(issues) - changing, version)


def reason_of(error: InvalidError) -> str:
    """Why nothing was done, for people."""
    words = _first(error.messages) if isinstance(error, FieldsInvalidError) else str(error)
    return REASONS.get(words, words)


def _first(messages: Any) -> str:
    """The first text, however deep it stands."""
    while not isinstance(messages, str):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return messages


def _ids(texts: list[str]) -> list[int]:
    if not texts:
        raise InvalidError(NONE_TICKED)
    if len(texts) > MOST_TICKED:
        raise InvalidError(TOO_MANY)
    found = {find_id(text) for text in texts}
    if None in found:
        raise NotFoundError("no such issue in this organization")
    return [number for number in found if number is not None]


def _tell(words: _Words, changed: int, others: int, version: str) -> str:
    done = f"{_issues(changed)} {words.done.format(version=version)}." if changed else ""
    if not others:
        return done
    if not changed:
        whose = "The issue was" if others == 1 else f"All {others} issues were"
        return f"Nothing to do. {whose} {words.already} already."
    return f"{done} {others} {'was' if others == 1 else 'were'} {words.already} already."


def _issues(count: int) -> str:
    return f"{count} issue{'' if count == 1 else 's'}"
