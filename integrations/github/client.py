"""HTTP to GitHub: the App's tokens, paging, limits and retries, on top of PyGithub.

PyGithub's own retries sleep inside the worker, for up to an hour, and repeat writes; ours retry
only GETs on connection errors and 5xx, briefly. A limit becomes `RateLimitedError` with the moment
to come back, and the job is moved there. Answers are raw JSON: PyGithub's objects complete
themselves with further requests. One client an installation, used by one worker at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Lock
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from github import Auth, Github, GithubException, GithubIntegration
from jwt.algorithms import RSAAlgorithm
from urllib3.util import Retry

from integrations.github.errors import (
    AccessDeniedError,
    AppRefusedError,
    GitHubError,
    GraphQLError,
    NotFoundOnGitHubError,
    RateLimitedError,
    TokenRefusedError,
    UnreachableError,
)

TIMEOUT = 20  # seconds for each socket operation
PAGE = 100
TOKEN_MARGIN = timedelta(minutes=2)  # a token this close to its end is not used any more
SECONDARY_WAIT = timedelta(minutes=1)  # GitHub's advice where it names no time
BACKOFF = 0.3  # seconds: a failed GET is repeated at once, after twice and four times as long
_LINK = r'<([^>]+)>;\s*rel="%s"'

KEY_REFUSED = (
    "GitHub refuses the private key of the App ({}). It was replaced or deleted there: give this "
    "server a key that the App's page on GitHub lists."
)
APP_GONE = (
    "GitHub does not know the App any more ({}). It was deleted there, or the App's id is wrong: "
    "register it again."
)

Headers = Mapping[str, Any]


def _retry(backoff: float) -> Retry:
    return Retry(
        total=3,
        backoff_factor=backoff,
        backoff_jitter=backoff * 2 / 3,
        status_forcelist=(500, 502, 503, 504),
        allowed_methods={"GET"},
        respect_retry_after_header=False,
        raise_on_status=False,
    )


def _signer(private_key: str) -> Callable[[dict[str, Any]], str]:
    """Signs the App's tokens; to read and check the key takes far longer, so it is done once."""
    algorithm = RSAAlgorithm(RSAAlgorithm.SHA256)

    @cache
    def key() -> RSAPrivateKey:
        found = algorithm.prepare_key(private_key)
        if not isinstance(found, RSAPrivateKey):
            raise jwt.InvalidKeyError("the App's key is a public one")
        return found

    def sign(payload: dict[str, Any]) -> str:
        return jwt.encode(payload, key(), "RS256")

    return sign


@dataclass(frozen=True, slots=True)
class Answer:
    """Parsed JSON, and the addresses of the next and the last page, if there are such."""

    data: Any
    next_page: str | None = None
    last_page: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """An installation's primary rate limit."""

    remaining: int
    limit: int
    reset_at: datetime


class GitHubApp:
    """We as the App: mints installation tokens and keeps them until shortly before their end."""

    def __init__(
        self,
        app_id: int,
        private_key: str,
        api_url: str,
        *,
        now: Callable[[], datetime],
        backoff: float = BACKOFF,
    ) -> None:
        self.app_id = app_id
        self.api_url = api_url
        self.now = now
        self._backoff = backoff
        self._integration = GithubIntegration(
            auth=Auth.AppAuth(app_id, sign_func=_signer(private_key)),
            base_url=api_url,
            timeout=TIMEOUT,
            user_agent="Shiplog",
            retry=_retry(self._backoff),
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        self.budgets: dict[int, Budget] = {}  # by installation
        self._clients: dict[int, tuple[Github, datetime]] = {}
        self._lock = Lock()

    def installation(self, installation_id: int) -> InstallationClient:
        """A client that acts for the installation with GitHub's id *installation_id*."""
        return InstallationClient(self, installation_id)

    def client_for(self, installation_id: int) -> Github:
        with self._lock:
            client, expires_at = self._clients.get(installation_id, (None, None))
            if client is None or expires_at is None or expires_at - TOKEN_MARGIN <= self.now():
                client, expires_at = self._mint(installation_id)
                self._clients[installation_id] = (client, expires_at)
            return client

    def drop(self, installation_id: int) -> None:
        """Forget the token: it was refused, or the installation is gone."""
        with self._lock:
            client, _ = self._clients.pop(installation_id, (None, None))
        if client is not None:
            client.close()

    def _mint(self, installation_id: int) -> tuple[Github, datetime]:
        try:
            with translated_errors(self.now):
                token = self._integration.get_access_token(installation_id)
        except TokenRefusedError as error:
            raise AppRefusedError(KEY_REFUSED.format(error)) from None
        except NotFoundOnGitHubError as error:  # says nothing of what was to be asked for
            self._verify_app_exists()
            raise AccessDeniedError(f"the App is not installed any more: {error}") from None
        client = Github(
            auth=Auth.Token(token.token),
            base_url=self.api_url,
            timeout=TIMEOUT,
            user_agent="Shiplog",
            retry=_retry(self._backoff),
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        return client, token.expires_at

    def ask(self, verb: str, path: str, **parameters: str | int) -> Answer:
        """One request of the App itself, by JWT. Raises the errors of `integrations.github.errors`.

        AppRefusedError where GitHub takes us for nobody; a POST is never repeated.
        """
        try:
            with translated_errors(self.now):
                headers, data = self._integration.requester.requestJsonAndCheck(
                    verb, path, parameters=parameters or None
                )
        except TokenRefusedError as error:
            raise AppRefusedError(KEY_REFUSED.format(error)) from None
        link = str(headers.get("link", ""))
        return Answer(data, find_link(link, "next"), find_link(link, "last"))

    def _verify_app_exists(self) -> None:
        """Raise AppRefusedError if the App itself is gone: that looks like one installation gone."""
        try:
            self.ask("GET", "/app")
        except NotFoundOnGitHubError as error:
            raise AppRefusedError(APP_GONE.format(error)) from None

    def close(self) -> None:
        with self._lock:
            for client, _ in self._clients.values():
                client.close()
            self._clients.clear()
        self._integration.close()


class InstallationClient:
    """Requests on behalf of one installation; counts them and minds the rate limit."""

    def __init__(self, app: GitHubApp, installation_id: int) -> None:
        self.app = app
        self.installation_id = installation_id
        self.calls = 0

    @property
    def budget(self) -> Budget | None:
        """What is left of the hour's requests, as the last answer said; None before the first."""
        return self.app.budgets.get(self.installation_id)

    def get(self, path: str, **parameters: str | int) -> Answer:
        """One GET. Raises the errors of `integrations.github.errors`."""
        headers, data = self._request("GET", path, parameters=parameters or None)
        link = str(headers.get("link", ""))
        return Answer(data, find_link(link, "next"), find_link(link, "last"))

    def pages(self, path: str, **parameters: str | int) -> Iterator[Any]:
        """Each page of a list, 100 items a page, as the Link header leads."""
        answer = self.get(path, per_page=PAGE, **parameters)
        yield answer.data
        while answer.next_page is not None:
            answer = self.get(answer.next_page)
            yield answer.data

    def graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """`data` of a GraphQL answer. Raises NotFoundOnGitHubError where there is no GraphQL."""
        document = {"query": query, "variables": variables}
        _, answer = self._request("POST", self._graphql_url(), payload=document)
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if errors:
            raise _graphql_error(errors, self.app.now())
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict):
            raise GraphQLError("GitHub's GraphQL answer holds no data")
        return data

    def _graphql_url(self) -> str:
        """GraphQL lives beside the REST root: /api/graphql on Enterprise Server."""
        root = self.app.api_url.rstrip("/")
        return root.removesuffix("/v3") + "/graphql"

    def _request(
        self,
        verb: str,
        path: str,
        *,
        parameters: dict[str, Any] | None = None,
        payload: dict[str, Any] | None = None,
    ) -> tuple[Headers, Any]:
        for attempt in (1, 2):
            client = self.app.client_for(self.installation_id)
            self.calls += 1
            try:
                with translated_errors(self.app.now):
                    headers, data = client.requester.requestJsonAndCheck(
                        verb, path, parameters=parameters, input=payload
                    )
            except TokenRefusedError as error:
                self.app.drop(self.installation_id)
                if attempt == 2:
                    raise AccessDeniedError(str(error)) from None
                continue
            except AccessDeniedError:  # a token has the permissions of when it was minted
                self.app.drop(self.installation_id)
                raise
            self._mind_limit(headers)
            return headers, data
        raise AssertionError("unreachable")

    def _mind_limit(self, headers: Headers) -> None:
        if headers.get("x-ratelimit-resource", "core") != "core":
            return  # GraphQL has a budget of its own
        remaining = _number(headers.get("x-ratelimit-remaining"))
        limit = _number(headers.get("x-ratelimit-limit"))
        reset = _number(headers.get("x-ratelimit-reset"))
        if remaining is not None and limit and reset:
            reset_at = datetime.fromtimestamp(reset, UTC)
            self.app.budgets[self.installation_id] = Budget(remaining, limit, reset_at)


def find_link(link: str, relation: str) -> str | None:
    found = re.search(_LINK % relation, link)
    return found[1] if found else None


class translated_errors:  # noqa: N801 (reads as the statement that it is)
    """PyGithub's and requests' exceptions as ours."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, GithubException):
            raise _translate(error, self.now()) from error
        if isinstance(error, (requests.RequestException, AssertionError, RuntimeError)):
            raise UnreachableError(
                f"GitHub could not be reached: {type(error).__name__}"
            ) from error


def _translate(error: GithubException, now: datetime) -> GitHubError:
    headers = {key.lower(): value for key, value in (error.headers or {}).items()}
    message = _message(error)
    if error.status in (403, 429):
        until = _wait_until(headers, message, now)
        if until is not None:
            return RateLimitedError(message, until=until)
        return AccessDeniedError(message)
    if error.status == 401:
        return TokenRefusedError(message)
    if error.status in (404, 409, 422):
        return NotFoundOnGitHubError(message, status=error.status)
    return UnreachableError(message) if error.status >= 500 else GitHubError(message)


def _message(error: GithubException) -> str:
    """As sentry-api.md 10.4 words it; never the whole body, which may be a page of HTML."""
    data = error.data if isinstance(error.data, dict) else {}
    said = data.get("message")
    text = said if isinstance(said, str) else "no message"
    return f"Error Communicating with GitHub (HTTP {error.status}): {text[:300]}"


def _wait_until(headers: Headers, message: str, now: datetime) -> datetime | None:
    """When to come back after a 403 or 429; None if it was no limit (github.md 6)."""
    after = _number(headers.get("retry-after"))
    if after is not None:
        return now + timedelta(seconds=min(after, 86_400))
    reset = _number(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(datetime.fromtimestamp(reset, UTC), now) + timedelta(seconds=1)
    if "rate limit" in message.lower():
        return now + SECONDARY_WAIT
    return None


def _graphql_error(errors: Any, now: datetime) -> GitHubError:
    first = errors[0] if isinstance(errors, list) and errors else {}
    first = first if isinstance(first, dict) else {}
    message = str(first.get("message", "no message"))[:300]
    if first.get("type") == "RATE_LIMITED":
        return RateLimitedError(message, until=now + SECONDARY_WAIT)
    if first.get("type") in ("NOT_FOUND", "FORBIDDEN"):
        return NotFoundOnGitHubError(message, status=404)
    return GraphQLError(f"GitHub's GraphQL: {message}")


def _number(value: object) -> int | None:
    text = str(value) if value is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
