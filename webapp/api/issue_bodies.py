"""What clients send to change issues (sentry-api.md 8.1); fields that are null change nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from domain.ignoring import IgnoreUntil
from domain.issue_changes import Assignment, InCommit, InNextRelease, InRelease, IssueChange
from models import IssueStatus
from webapp.api.fields import FilledText, Text, at_most

MOST_MINUTES = 10 * 366 * 24 * 60
MOST_MINUTES_OF_WINDOW = 7 * 24 * 60  # events are counted one by one within it
MOST_COUNTED = 1_000_000
IN_NEXT_RELEASE = "resolvedInNextRelease"
STATUSES = {  # `muted` is what `sentry-cli` says
    "resolved": IssueStatus.resolved,
    IN_NEXT_RELEASE: IssueStatus.resolved,
    "unresolved": IssueStatus.unresolved,
    "ignored": IssueStatus.ignored,
    "muted": IssueStatus.ignored,
}

Minutes = Annotated[int, Field(ge=1, le=MOST_MINUTES)]
Window = Annotated[int, Field(ge=1, le=MOST_MINUTES_OF_WINDOW)]
Count = Annotated[int, Field(ge=1, le=MOST_COUNTED)]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, use_attribute_docstrings=True)


class _Ignoring(_Body):
    """Until when an issue is ignored; numbers are minutes where they are no counts."""

    ignore_duration: Minutes | None = None
    snooze_duration: Minutes | None = None
    ignore_count: Count | None = None
    ignore_window: Window | None = None
    ignore_user_count: Count | None = None
    ignore_user_window: Window | None = None

    def until(self, now: datetime) -> IgnoreUntil | None:
        minutes = self.ignore_duration or self.snooze_duration
        if not (minutes or self.ignore_count or self.ignore_user_count):
            return None
        return IgnoreUntil(
            at=now + timedelta(minutes=minutes) if minutes else None,
            event_count=self.ignore_count,
            event_window=self.ignore_window if self.ignore_count else None,
            user_count=self.ignore_user_count,
            user_window=self.ignore_user_window if self.ignore_user_count else None,
        )


class CommitOfIssue(_Body):
    commit: Annotated[FilledText, at_most(64)]
    repository: Annotated[FilledText, at_most(200)]


class StatusDetails(_Ignoring):
    """How a resolved issue counts as fixed, or until when one is ignored."""

    in_release: Annotated[FilledText, at_most(200)] | None = None
    in_next_release: bool | None = None
    in_commit: CommitOfIssue | None = None


def _name_of_assignee(value: object) -> object:
    """Ids come as numbers, too."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"user:{value}"
    return value


class IssueChangeBody(_Ignoring):
    """Fields that have no meaning here are accepted: clients send them along."""

    status: (
        Literal["resolved", "resolvedInNextRelease", "unresolved", "ignored", "muted"] | None
    ) = None
    status_details: StatusDetails | None = None
    assigned_to: Annotated[
        Annotated[Text, at_most(200)] | None, BeforeValidator(_name_of_assignee)
    ] = None
    """`user:<id>`, `team:<id>`, `#team`, an e-mail address or a login; null or empty: nobody."""
    is_bookmarked: bool | None = None
    inbox: bool | None = None
    has_seen: bool | None = None
    is_subscribed: bool | None = None
    is_public: bool | None = None
    priority: Annotated[Text, at_most(32)] | None = None
    substatus: Annotated[Text, at_most(32)] | None = None

    def change(self, now: datetime) -> IssueChange:
        """The change in the words of the rules; durations begin *now*."""
        is_assigning = "assigned_to" in self.model_fields_set
        return IssueChange(
            status=STATUSES[self.status] if self.status else None,
            resolution=self._resolution(),
            until=self._until(now),
            assignment=Assignment(self.assigned_to or None) if is_assigning else None,
            is_bookmarked=self.is_bookmarked,
            is_inbox=self.inbox,
        )

    def _resolution(self) -> InRelease | InNextRelease | InCommit | None:
        said = self.status_details or StatusDetails()
        if self.status == IN_NEXT_RELEASE:
            return InNextRelease()
        if self.status != "resolved":
            return None
        if said.in_next_release:
            return InNextRelease()
        if said.in_release is not None:
            return InRelease(said.in_release)
        if said.in_commit is not None:
            return InCommit(said.in_commit.repository, said.in_commit.commit.lower())
        return None

    def _until(self, now: datetime) -> IgnoreUntil | None:
        """In `statusDetails`, or beside `status`, where older clients say it."""
        if self.status is None or STATUSES[self.status] != IssueStatus.ignored:
            return None
        inside = self.status_details.until(now) if self.status_details else None
        return inside or self.until(now)
