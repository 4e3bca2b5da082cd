"""What the address of the list of issues asks for, and the addresses of other parts of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flask import abort, request, url_for

from domain.errors import InvalidError
from domain.issue_queries import SORTS
from domain.issue_search import BOOKMARKED, INBOX, IssueSearch, parse_search
from models import IssueStatus
from webapp.security import current_membership

TABS = ("", *IssueStatus.__members__, INBOX, BOOKMARKED)  # values of `status`; the first is all
BY_DATE = "date"


@dataclass(frozen=True)
class WantedList:
    """A tab, what is searched for in it, in one project or in all, in which order, from where on."""

    tab: str
    text: str
    slug: str
    sort: str
    after: str | None
    me: int | None  # the member who asks

    @property
    def search(self) -> IssueSearch:
        """What the text says of the status overrides the tab."""
        return self._parsed[0]

    @property
    def trouble(self) -> str | None:
        """Why the search can find nothing, if it cannot."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[IssueSearch, str | None]:
        tab = f"is:{self.tab}" if self.tab else ""
        try:
            return parse_search(f"{tab} {self.text}", me=self.me), None
        except InvalidError as error:
            return parse_search(tab), str(error)

    @property
    def shown_tab(self) -> str:
        """The tab that the search comes to."""
        if self.search.status is not None:
            return self.search.status.value
        if self.search.is_inbox:
            return INBOX
        return BOOKMARKED if self.search.is_bookmarked else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether more is asked for than a tab."""
        return bool(self.text or self.slug or self.after)

    def address(self, *, tab: str | None = None, after: str | None = None) -> str:
        """Of the same list from *after* on, or of another tab."""
        return url_for(
            "tenant.issues.list_page",
            status=(self.tab if tab is None else tab) or None,
            q=self.text or None,
            project=self.slug or None,
            sort=self.sort if self.sort != BY_DATE else None,
            after=after,
        )


def list_asked_for() -> WantedList:
    """Aborts with 400 if there is no such tab or order."""
    given = request.args
    wanted = WantedList(
        tab=given.get("status", ""),
        text=given.get("q", "").strip(),
        slug=given.get("project", ""),
        sort=given.get("sort", BY_DATE),
        after=given.get("after") or None,
        me=current_membership().member_id,
    )
    if wanted.tab not in TABS or wanted.sort not in SORTS:
        abort(400)
    return wanted
