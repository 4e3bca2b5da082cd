"""Signing in with GitHub: the OAuth web flow of a GitHub App (github.md 4, "As a user").

GitHub answers errors of the token endpoint with status 200; scopes mean nothing for Apps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests  # noqa: TID251 (Authlib raises its exceptions)
from authlib.common.security import generate_token  # type: ignore[import-untyped]  # has no types
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]

from integrations.github.errors import HalfAnswerError, SignInError, UnreachableError

TIMEOUT = 10  # seconds for each socket operation
MAX_TOKEN = 4096
LONGEST = timedelta(days=3650)  # a token that claims to live longer lives that long


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """Who we are to GitHub when people sign in; *url* is the web's root, *api_url* the API's."""

    client_id: str
    client_secret: str = field(repr=False)
    url: str
    api_url: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """A user's pair. Without expiring tokens there is no refresh token, and no moment either."""

    access_token: str = field(repr=False)
    access_expires_at: datetime | None = None
    refresh_token: str | None = field(default=None, repr=False)
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that has begun: where the browser goes, and what has to be kept until it is back."""

    url: str
    state: str
    verifier: str = field(repr=False)


def begin_sign_in(settings: OAuthSettings, *, redirect_uri: str) -> Attempt:
    """Where to send the browser, with proof by PKCE that the answer is for us; no request is made."""
    verifier = generate_token(48)
    with _client(settings) as client:
        url, state = client.create_authorization_url(
            f"{settings.url}/login/oauth/authorize",
            code_verifier=verifier,
            redirect_uri=redirect_uri,
        )
    return Attempt(url, state, verifier)


def fetch_tokens(
    settings: OAuthSettings, *, code: str, verifier: str, redirect_uri: str, now: datetime
) -> Tokens:
    """What the code that the browser brought back is worth, once.

    Raises SignInError, UnreachableError, HalfAnswerError.
    """
    return _ask(
        settings,
        now,
        lambda client, url: client.fetch_token(
            url, code=code, code_verifier=verifier, redirect_uri=redirect_uri
        ),
    )


def refresh_tokens(settings: OAuthSettings, refresh_token: str, *, now: datetime) -> Tokens:
    """A new pair; the old one is dead from now on. Errors as of `fetch_tokens`."""
    return _ask(
        settings,
        now,
        lambda client, url: client.refresh_token(url, refresh_token=refresh_token),
    )


def _ask(
    settings: OAuthSettings, now: datetime, what: Callable[[Any, str], Mapping[str, Any]]
) -> Tokens:
    with _client(settings) as client:
        try:
            answer = what(client, f"{settings.url}/login/oauth/access_token")
        except OAuthError as error:
            raise SignInError(str(error.error)[:64]) from None
        except requests.JSONDecodeError:
            raise HalfAnswerError("GitHub gave no tokens, nor said why") from None
        except requests.RequestException as error:
            raise UnreachableError(f"GitHub was not reached: {type(error).__name__}") from None
        except (ValueError, TypeError, KeyError, AttributeError):  # Authlib reads before we do
            raise HalfAnswerError("GitHub gave no tokens, nor said why") from None
    return _parse_tokens(answer, now)


def _client(settings: OAuthSettings) -> Any:
    client = OAuth2Session(
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 (a method's name)
        code_challenge_method="S256",
        default_timeout=TIMEOUT,
    )
    client.headers["User-Agent"] = "Shiplog"
    return client


def _parse_tokens(answer: Mapping[str, Any], now: datetime) -> Tokens:
    token, refresh = answer.get("access_token"), answer.get("refresh_token")
    if not _is_token(token) or not (refresh is None or _is_token(refresh)):
        raise HalfAnswerError("GitHub's answer holds no token")
    return Tokens(
        access_token=str(token),
        access_expires_at=_end(answer.get("expires_in"), now),
        refresh_token=refresh,
        refresh_expires_at=_end(answer.get("refresh_token_expires_in"), now) if refresh else None,
    )


def _is_token(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and 0 < len(value) <= MAX_TOKEN


def _end(seconds: object, now: datetime) -> datetime | None:
    """When a token ends; None for one that does not."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, str)):
        return None
    text = str(seconds)
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        return None
    return now + min(timedelta(seconds=int(text)), LONGEST)
