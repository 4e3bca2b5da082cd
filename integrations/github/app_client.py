"""Questions that the App asks about itself, by JWT, while a person waits: short time-outs, no retries.

Also unauthenticated, for the one question that is asked before there is an App.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from github import Auth, Github, GithubException, GithubIntegration

from domain.errors import InvalidError
from integrations.github.client import translated_errors

TIMEOUT = 4  # seconds for each socket operation: somebody looks at an empty page meanwhile


def require_private_key(pem: str) -> str:
    """*pem* as it is kept; raises InvalidError unless it is an RSA key that needs no password."""
    text = pem.replace("\r\n", "\n").strip() + "\n"
    try:
        key = load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise InvalidError(
            "This is no private key as GitHub makes it: a PEM file that begins with "
            "-----BEGIN RSA PRIVATE KEY-----."
        )
    return text


class AppClient:
    """One conversation with GitHub; close it, or use it as a context manager."""

    def __init__(
        self, api_url: str, key: tuple[int, str] | None, *, now: Callable[[], datetime]
    ) -> None:
        """*key* is the App's id and PEM key, as `require_private_key` lets through; None asks as nobody."""
        self._now = now
        options: dict[str, Any] = {
            "base_url": api_url,
            "timeout": TIMEOUT,
            "user_agent": "Shiplog",
            "retry": None,
            "seconds_between_requests": None,
            "seconds_between_writes": None,
        }
        self._github: Github | GithubIntegration = (
            Github(**options)
            if key is None
            else GithubIntegration(auth=Auth.AppAuth(*key), **options)
        )
        self.date: datetime | None = None  # of the last answer, errors included

    def __enter__(self) -> AppClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._github.close()

    def ask(self, verb: str, path: str, **parameters: str | int) -> Any:
        """The answer's JSON. Raises the errors of `integrations.github.errors`."""
        with translated_errors(self._now):
            try:
                headers, data = self._github.requester.requestJsonAndCheck(
                    verb, path, parameters=parameters or None
                )
            except GithubException as error:
                self.date = _date(error.headers or {})
                raise
        self.date = _date(headers)
        return data


def _date(headers: Mapping[str, Any]) -> datetime | None:
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        return parsedate_to_datetime(str(lower["date"]))
    except (KeyError, ValueError):
        return None
