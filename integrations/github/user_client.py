"""What GitHub says of a person, asked with that person's token (github.md 4, "As a user").

A visitor waits for these answers, so they are asked for with short time-outs, within a deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Any
from urllib.parse import quote

from github import Auth, Github
from urllib3.util import Retry

from integrations.github.client import PAGE, Answer, find_link, translated_errors
from integrations.github.errors import (
    AccessDeniedError,
    HalfAnswerError,
    LongListError,
    NotFoundOnGitHubError,
    UnreachableError,
)
from integrations.github.fields import Fields, PayloadError
from integrations.github.payloads import InstallationPayload, parse_installation

TIMEOUT = 5  # seconds for each socket operation
DEADLINE = 15.0  # seconds for all that is asked at one time
MAX_EMAILS = 100


@dataclass(frozen=True, slots=True)
class Profile:
    id: int
    login: str
    name: str  # empty if the person gave none


class UserClient:
    """Requests on behalf of one person. Every method raises the errors of `.errors`."""

    def __init__(
        self,
        api_url: str,
        token: str,
        *,
        now: Callable[[], datetime],
        deadline: float = DEADLINE,
    ) -> None:
        self._now = now
        self._end = monotonic() + deadline
        self._asked, self._many = 0, deadline  # one a second: then it is not GitHub that is slow
        self._github = Github(
            auth=Auth.Token(token),
            base_url=api_url,
            timeout=TIMEOUT,
            user_agent="Shiplog",
            retry=Retry(
                total=1,
                read=0,  # what took too long would again
                status_forcelist=(500, 502, 503, 504),
                allowed_methods={"GET"},
                respect_retry_after_header=False,
                raise_on_status=False,
            ),
            seconds_between_requests=None,
            seconds_between_writes=None,
        )

    def __enter__(self) -> UserClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._github.close()

    def fetch_profile(self) -> Profile:
        with _understanding():
            fields = Fields(self._get("/user").data)
            name = fields.optional_string("name", 128) or ""
            return Profile(fields.number("id"), fields.string("login", 128), name)

    def fetch_installations(self) -> list[InstallationPayload]:
        """All installations that this person can reach, of every page."""
        found: list[InstallationPayload] = []
        with _understanding():
            for page in self._pages("/user/installations"):
                found += [parse_installation(one) for one in Fields(page).objects("installations")]
        return found

    def fetch_emails(self) -> list[str]:
        """Verified addresses in lower case; none where the App may not read them."""
        try:
            rows = self._get("/user/emails", per_page=PAGE).data
        except (AccessDeniedError, NotFoundOnGitHubError):
            return []
        with _understanding():
            found = Fields({"emails": rows}).objects("emails")
            verified = [one.string("email", 256).lower() for one in found if one.flag("verified")]
        return verified[:MAX_EMAILS]

    def owns(self, organization: str) -> bool:
        """Whether this person is an active admin there; False where the App may not know."""
        try:
            data = self._get(f"/user/memberships/orgs/{quote(organization, safe='')}").data
        except (AccessDeniedError, NotFoundOnGitHubError):
            return False
        with _understanding():
            fields = Fields(data)
            return (fields.string("state"), fields.string("role")) == ("active", "admin")

    def _pages(self, path: str) -> Iterator[Any]:
        answer = self._get(path, per_page=PAGE)
        yield answer.data
        while answer.next_page is not None:
            answer = self._get(answer.next_page)
            yield answer.data

    def _get(self, path: str, **parameters: int) -> Answer:
        if monotonic() > self._end:
            if self._asked > self._many:
                raise LongListError("there is too much to ask GitHub about this person")
            raise UnreachableError("GitHub takes too long to answer")
        self._asked += 1
        with translated_errors(self._now):
            headers, data = self._github.requester.requestJsonAndCheck(
                "GET", path, parameters=parameters or None
            )
        return Answer(data, find_link(str(headers.get("link", "")), "next"))


@contextmanager
def _understanding() -> Iterator[None]:
    try:
        yield
    except PayloadError as error:
        raise HalfAnswerError(f"GitHub's answer is not what it should be: {error}") from None
