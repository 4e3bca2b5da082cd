"""What the buttons of an issue's page and of the list of issues mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.assignees import PERSON
from domain.errors import InvalidError
from domain.ignoring import IgnoreUntil
from domain.issue_changes import LATEST, Assignment, InNextRelease, InRelease, IssueChange
from models import IssueStatus

A_DAY = timedelta(days=1)
MINUTES_OF_A_DAY = 24 * 60


def _resolve(_now: datetime) -> IssueChange:
    return IssueChange(status=IssueStatus.resolved)


def _resolve_in_newest(_now: datetime) -> IssueChange:
    return IssueChange(status=IssueStatus.resolved, resolution=InRelease(LATEST))


def _resolve_in_next(_now: datetime) -> IssueChange:
    return IssueChange(status=IssueStatus.resolved, resolution=InNextRelease())


def _open(_now: datetime) -> IssueChange:
    return IssueChange(status=IssueStatus.unresolved)


def _ignoring(**until: Any) -> Callable[[datetime], IssueChange]:
    """Until so much time is over, or so much has happened; for good if nothing is said."""

    def ignore(now: datetime) -> IssueChange:
        ends = {key: now + value if key == "at" else value for key, value in until.items()}
        return IssueChange(status=IssueStatus.ignored, until=IgnoreUntil(**ends) if ends else None)

    return ignore


IGNORING = {  # how long an issue may be ignored, in the words of pages
    "ignore-for-a-day": "for a day",
    "ignore-for-a-week": "for a week",
    "ignore-for-ten-events": "until it happens 10 more times",
    "ignore-for-hundred-in-a-day": "until it happens 100 times a day",
    "ignore-for-ten-people": "until 10 more people meet it",
    "ignore": "for good",
}


def _bookmark(_now: datetime) -> IssueChange:
    return IssueChange(is_bookmarked=True)


def _remove_bookmark(_now: datetime) -> IssueChange:
    return IssueChange(is_bookmarked=False)


def _take_out(_now: datetime) -> IssueChange:
    return IssueChange(is_inbox=False)


DECISIONS: dict[str, Callable[[datetime], IssueChange]] = {  # by the value of a button
    "resolve": _resolve,
    "resolve-in-newest": _resolve_in_newest,
    "resolve-in-next": _resolve_in_next,
    "open": _open,
    "ignore-for-a-day": _ignoring(at=A_DAY),
    "ignore-for-a-week": _ignoring(at=7 * A_DAY),
    "ignore-for-ten-events": _ignoring(event_count=10),
    "ignore-for-hundred-in-a-day": _ignoring(event_count=100, event_window=MINUTES_OF_A_DAY),
    "ignore-for-ten-people": _ignoring(user_count=10),
    "ignore": _ignoring(),
    "take-out": _take_out,
    "bookmark": _bookmark,
    "remove-bookmark": _remove_bookmark,
}


def change_asked_for(
    form: Mapping[str, str], *, now: datetime, me: int | None = None
) -> IssueChange:
    """The change that a form stands for, sent by the member *me*; raises InvalidError."""
    decision = form.get("decision", "")
    if decision in DECISIONS:
        return DECISIONS[decision](now)
    if decision == "assign":
        return IssueChange(assignment=Assignment(form.get("person") or None))
    if decision == "assign-to-me" and me is not None:
        return IssueChange(assignment=Assignment(f"{PERSON}{me}"))
    raise InvalidError("This form says nothing that can be decided.")
