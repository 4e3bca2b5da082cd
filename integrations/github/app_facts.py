"""What GitHub says of our App, asked in at most three calls; a failure is a fact like others."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from domain.errors import InvalidError
from integrations.github.app_client import AppClient, require_private_key
from integrations.github.errors import GitHubError, RateLimitedError, UnreachableError
from integrations.github.fields import Fields, PayloadError
from models import utcnow

FailureKind = Literal["key", "unreachable", "refused"]
MOST_INSTALLATIONS = 100  # a page


@dataclass(frozen=True)
class InstallationThere:
    """The App on one account, as GitHub says."""

    id: int
    account: str
    selection: str  # all or selected
    is_suspended: bool
    permissions: dict[str, str]
    events: tuple[str, ...]
    url: str


@dataclass(frozen=True)
class AppFacts:
    """All of it; empty after `failure`, which is what kept GitHub from telling.

    `skew_seconds` is by how much the machine's clock is ahead of GitHub's.
    """

    failure: FailureKind | None = None
    reason: str = ""
    skew_seconds: float | None = None
    app_id: int = 0
    slug: str = ""
    name: str = ""
    url: str = ""  # the App's public page
    settings_url: str = ""  # where its owner changes it
    permissions: dict[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    hook_url: str | None = None
    installations: tuple[InstallationThere, ...] = ()


def fetch_app_facts(
    api_url: str,
    github_url: str,
    app_id: int,
    private_key: str,
    *,
    now: Callable[[], datetime],
    clock: Callable[[], datetime] = utcnow,
) -> AppFacts:
    """Ask GitHub. Never raises what GitHub causes. *clock* is the one that signs: the machine's."""
    try:
        key = (app_id, require_private_key(private_key))
    except InvalidError as error:
        return AppFacts("key", str(error))
    with AppClient(api_url, key, now=now) as client:
        facts = AppFacts()
        try:
            asked_at = clock()
            facts = _parse_app(Fields(client.ask("GET", "/app")), github_url)
            facts = replace(facts, skew_seconds=_skew(asked_at, client.date))
            hook = client.ask("GET", "/app/hook/config")
            listed = client.ask("GET", "/app/installations", per_page=MOST_INSTALLATIONS)
            return replace(
                facts,
                hook_url=Fields(hook).optional_string("url"),
                installations=tuple(_parse_installations(listed)),
            )
        except (GitHubError, PayloadError) as error:
            skew = facts.skew_seconds or _skew(asked_at, client.date)
            return AppFacts(_kind(error), _reason(error), skew)


def verify_private_key(
    api_url: str, app_id: int, private_key: str, *, now: Callable[[], datetime]
) -> str:
    """The key as it is kept, seen to be accepted by GitHub as the App's.

    Raises InvalidError if it is none, or another App's; the errors of `integrations.github.errors`.
    """
    pem = require_private_key(private_key)
    with AppClient(api_url, (app_id, pem), now=now) as client:
        try:
            client.ask("GET", "/app")
        except (UnreachableError, RateLimitedError):
            raise
        except GitHubError as error:
            raise InvalidError(
                f"GitHub does not take this key for our App: {_reason(error)}"
            ) from None
    return pem


def request_ping(
    api_url: str, app_id: int, private_key: str, *, now: Callable[[], datetime]
) -> bool:
    """Have GitHub send its newest ping again; False if it has none any more (it keeps three days).

    A delivery that is sent again is signed with the secret of that moment. Raises the errors of
    `integrations.github.errors`, and InvalidError for a key that is none.
    """
    key = (app_id, require_private_key(private_key))
    with AppClient(api_url, key, now=now) as client:
        listed = client.ask("GET", "/app/hook/deliveries", per_page=100)
        for item in listed if isinstance(listed, list) else []:
            fields = Fields(item)
            if fields.value.get("event") == "ping":
                client.ask("POST", f"/app/hook/deliveries/{fields.number('id')}/attempts")
                return True
    return False


def _kind(error: Exception) -> FailureKind:
    waits = isinstance(error, (UnreachableError, RateLimitedError, PayloadError))
    return "unreachable" if waits else "refused"


def _reason(error: Exception) -> str:
    """What GitHub said, without the words that programs look for."""
    return re.sub(r"^Error Communicating with GitHub \((HTTP \d+)\): ", r"(\1) ", str(error))


def _skew(ours: datetime, theirs: datetime | None) -> float | None:
    return (ours - theirs).total_seconds() if theirs else None


def _parse_app(fields: Fields, github_url: str) -> AppFacts:
    slug, owner = fields.string("slug"), fields.object("owner")
    is_organization = owner.value.get("type") == "Organization"
    place = f"/organizations/{owner.string('login')}" if is_organization else ""
    return AppFacts(
        app_id=fields.number("id"),
        slug=slug,
        name=fields.string("name"),
        url=fields.optional_string("html_url") or f"{github_url}/apps/{slug}",
        settings_url=f"{github_url}{place}/settings/apps/{slug}",
        permissions=_levels(fields),
        events=tuple(fields.strings("events")),
    )


def _parse_installations(listed: Any) -> list[InstallationThere]:
    items = [Fields(item, "installations") for item in listed if isinstance(item, dict)]
    return [
        InstallationThere(
            id=item.number("id"),
            account=item.object("account").optional_string("login") or "an enterprise",
            selection=item.optional_string("repository_selection") or "",
            is_suspended=item.has("suspended_at"),
            permissions=_levels(item),
            events=tuple(item.strings("events")),
            url=item.optional_string("html_url") or "",
        )
        for item in items
    ]


def _levels(fields: Fields) -> dict[str, str]:
    value = fields.value.get("permissions")
    found = value if isinstance(value, dict) else {}
    return {str(name): str(level) for name, level in found.items()}
