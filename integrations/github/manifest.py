"""Registers the App: the manifest that GitHub makes it from, and the exchange of the code.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from domain.app_registration import NAMES, NewApp
from domain.errors import InvalidError, ShiplogError
from integrations.github.app_client import AppClient, require_private_key
from integrations.github.errors import (
    AccessDeniedError,
    GitHubError,
    NotFoundOnGitHubError,
    RateLimitedError,
)
from integrations.github.fields import Fields, PayloadError

NAME_LENGTH = 34  # more, GitHub does not take
PERMISSIONS = {"metadata": "read", "contents": "read", "pull_requests": "read"}
EVENTS = ("push", "create", "delete", "release", "pull_request", "repository")
_CODE = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)
_LOGIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,38}", re.ASCII)


class RegistrationError(ShiplogError):
    """The code was not exchanged; *is_over* says that the same code will never be."""

    def __init__(self, message: str, *, is_over: bool) -> None:
        super().__init__(message)
        self.is_over = is_over


def suggest_name(public_url: str) -> str:
    """A name that is probably free: names are unique on all of GitHub."""
    host = urlsplit(public_url).hostname or ""
    if "." not in host or host.replace(".", "").isdigit():
        host = secrets.token_hex(3)  # many servers are called so
    return f"Shiplog {host}"[:NAME_LENGTH].rstrip(" .-")


def require_name(name: str) -> str:
    """The App's name as GitHub will take it; raises InvalidError."""
    name = " ".join(name.split())
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise InvalidError(f"The App's name has 1 to {NAME_LENGTH} characters.")
    return name


def require_organization(login: str) -> str | None:
    """The organization's login, None for the personal account; raises InvalidError."""
    login = login.strip().removeprefix("@")
    if login and _LOGIN.fullmatch(login) is None:
        raise InvalidError("That is no organization's name: letters, digits and hyphens only.")
    return login or None


def build_manifest(name: str, public_url: str, *, is_public: bool) -> dict[str, Any]:
    """What the App is and may do: it reads three things and writes nothing.

    People come back to `setup_url` after installing. GitHub knows either that or signing in during
    the installation (`request_oauth_on_install`), and an installation by somebody else than an
    owner is told to the former alone.
    """
    return {
        "name": name,
        "url": public_url,
        "description": "Every tag becomes a release with exactly the commits that are new in it.",
        "public": is_public,
        "hook_attributes": {"url": hook_url(public_url), "active": True},
        "redirect_url": f"{public_url}/setup/registered",
        "callback_urls": [f"{public_url}/auth/github/callback"],
        "setup_url": f"{public_url}/installed",
        "setup_on_update": True,
        "request_oauth_on_install": False,
        "default_permissions": dict(PERMISSIONS),
        "default_events": list(EVENTS),
    }


def hook_url(public_url: str) -> str:
    """Where GitHub sends webhooks to."""
    return f"{public_url}/webhooks/github"


def registration_url(github_url: str, organization: str | None, state: str) -> str:
    """Where the manifest is posted to."""
    owner = f"/organizations/{quote(organization, safe='')}" if organization else ""
    return f"{github_url}{owner}/settings/apps/new?state={quote(state, safe='')}"


def exchange_code(api_url: str, code: str, *, now: Callable[[], datetime]) -> NewApp:
    """The App that GitHub made, with all its secrets, in exchange for *code*, once.

    Raises RegistrationError, in words for the operator.
    """
    if _CODE.fullmatch(code) is None:
        raise RegistrationError("GitHub sent no usable code. Begin again.", is_over=True)
    try:
        with AppClient(api_url, None, now=now) as client:
            answer = client.ask("POST", f"/app-manifests/{code}/conversions")
    except GitHubError as error:
        raise _describe(error) from None  # the cause names the address, and the code in it
    try:
        return _parse_app(Fields(answer))
    except (PayloadError, InvalidError) as error:
        raise RegistrationError(
            f"GitHub made the App, but its answer cannot be used ({error}). Delete the App on "
            "GitHub and begin again.",
            is_over=True,
        ) from None


def _parse_app(fields: Fields) -> NewApp:
    permissions = fields.value.get("permissions")
    return NewApp(
        app_id=fields.number("id"),
        slug=fields.name("slug", NAMES),
        name=fields.string("name", NAMES),
        owner_login=fields.object("owner").string("login", NAMES),
        client_id=fields.name("client_id", NAMES),
        client_secret=fields.string("client_secret"),
        webhook_secret=fields.string("webhook_secret"),
        private_key=require_private_key(fields.string("pem")),
        permissions=permissions if isinstance(permissions, dict) else {},
    )


def _describe(error: GitHubError) -> RegistrationError:
    if isinstance(error, NotFoundOnGitHubError):
        return RegistrationError(
            "GitHub does not know this code (any more): it works once, within an hour. If an App "
            "of that name is in your settings on GitHub, delete it there; then begin again.",
            is_over=True,
        )
    if isinstance(error, RateLimitedError):
        text = (
            "GitHub asks us to wait. Load this page again in some minutes: the code lives an hour."
        )
        return RegistrationError(text, is_over=False)
    if isinstance(error, AccessDeniedError):
        return RegistrationError(f"GitHub refused the code: {error}. Begin again.", is_over=True)
    return RegistrationError(
        "GitHub does not answer at the moment. Load this page again: the code lives an hour.",
        is_over=False,
    )
