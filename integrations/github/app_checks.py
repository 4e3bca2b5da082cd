"""The check list after registration: what works, what does not, why, and what to do about it.

No I/O: from what GitHub says and what we know, to sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from integrations.github.app_facts import AppFacts, InstallationThere
from integrations.github.manifest import EVENTS, PERMISSIONS, hook_url

MOST_SKEW_SECONDS = 60  # GitHub refuses tokens that are dated later than that (github.md 4)
_LEVELS = ("", "read", "write", "admin")


class CheckState(StrEnum):
    good = "good"
    bad = "bad"
    waiting = "waiting"


@dataclass(frozen=True)
class Check:
    """One line: what is, and what to do; `url` is where, on GitHub."""

    name: str
    state: CheckState
    says: str
    remedy: str = ""
    url: str | None = None


@dataclass(frozen=True)
class Arrived:
    """What reached our intake: moments of good signatures, and of wrong ones since the start."""

    last_good: datetime | None = None
    last_event: str | None = None  # of the newest delivery that was no ping
    last_event_at: datetime | None = None
    refused: int = 0
    last_refused: datetime | None = None


@dataclass(frozen=True)
class Ours:
    """What we hold of the App, secrets apart; *names* say where each is changed."""

    app_id: int
    slug: str | None
    public_url: str
    github_url: str
    is_from_environment: bool
    has_key: bool
    has_webhook_secret: bool
    secret_since: datetime | None  # deliveries before are another secret's, or another App's


def list_checks(ours: Ours, facts: AppFacts, arrived: Arrived) -> list[Check]:
    """The lines in the order in which things have to work."""
    checks = [_answers(facts), _clock(facts), _key(ours, facts)]
    if facts.failure is None:
        checks += [_identity(ours, facts), _hook(ours, facts), _rights(facts)]
    checks += [_secret(ours, facts, arrived)]
    if facts.failure is None:
        checks += [_installed(facts), *_installation_rights(facts)]
    return [*checks, _events(ours, arrived)]


def install_url(ours: Ours, facts: AppFacts) -> str:
    """Where an owner installs the App on an account."""
    page = facts.url or f"{ours.github_url}/apps/{quote(facts.slug or ours.slug or '', safe='')}"
    return f"{page}/installations/new"


def _answers(facts: AppFacts) -> Check:
    name = "GitHub answers"
    if facts.failure == "unreachable":
        remedy = "This list asks again by itself; look at the network of this server if it lasts."
        return Check(name, CheckState.bad, _sentence(facts.reason), remedy)
    if facts.failure == "key":
        return Check(name, CheckState.waiting, "GitHub was not asked: the key cannot be used.")
    return Check(name, CheckState.good, "GitHub answers in time.")


def _clock(facts: AppFacts) -> Check:
    name, skew = "Clock", facts.skew_seconds
    if skew is None:
        return Check(name, CheckState.waiting, "GitHub has not told its time yet.")
    if abs(skew) > MOST_SKEW_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        says = f"The clock of this server is {abs(skew):.0f} seconds {way} GitHub's."
        return Check(name, CheckState.bad, says, "Let it follow a time server (NTP).")
    return Check(name, CheckState.good, "The clock of this server agrees with GitHub's.")


def _key(ours: Ours, facts: AppFacts) -> Check:
    name = "Private key"
    where = "GITHUB_PRIVATE_KEY" if ours.is_from_environment else "the form below"
    if not ours.has_key:
        return Check(name, CheckState.bad, "There is no private key.", f"Give one by {where}.")
    if facts.failure == "key":
        return Check(name, CheckState.bad, facts.reason, f"Give a new key by {where}.")
    if facts.failure == "refused":
        skewed = abs(facts.skew_seconds or 0) > MOST_SKEW_SECONDS
        remedy = (
            "Set the clock right first."
            if skewed
            else f"Make a new key on the App's page on GitHub and give it by {where}."
        )
        says = f"GitHub does not accept what the key signs: {_sentence(facts.reason)}"
        return Check(name, CheckState.bad, says, remedy)
    if facts.failure is not None:
        return Check(name, CheckState.waiting, "Not known until GitHub answers.")
    return Check(name, CheckState.good, "GitHub accepts what the key signs.")


def _identity(ours: Ours, facts: AppFacts) -> Check:
    name = "App"
    if facts.app_id != ours.app_id:
        says = f"The key belongs to the App with id {facts.app_id}, not {ours.app_id}."
        return Check(name, CheckState.bad, says, "Give that App's own key.")
    if ours.slug is not None and ours.slug != facts.slug:
        remedy = (
            f"Set GITHUB_APP_SLUG={facts.slug}."
            if ours.is_from_environment
            else "Links on these pages follow GitHub; nothing is to be done."
        )
        says = f"The App is called {facts.slug} on GitHub, and {ours.slug} here."
        state = CheckState.bad if ours.is_from_environment else CheckState.good
        return Check(name, state, says, remedy)
    says = f"{facts.name} ({facts.slug}, id {facts.app_id})."
    return Check(name, CheckState.good, says, url=facts.settings_url)


def _hook(ours: Ours, facts: AppFacts) -> Check:
    name, wanted = "Webhook URL", hook_url(ours.public_url)
    if facts.hook_url != wanted:
        says = f"GitHub sends to {facts.hook_url or 'no address at all'}; this server is {wanted}."
        remedy = (
            f"Enter {wanted} on the App's page on GitHub, or set PUBLIC_URL to the address there."
        )
        return Check(name, CheckState.bad, says, remedy, facts.settings_url)
    return Check(name, CheckState.good, f"GitHub sends to {wanted}.")


def _rights(facts: AppFacts) -> Check:
    name = "Permissions and events"
    lacks = list(_list_lacks(facts.permissions, facts.events))
    if lacks:
        says = f"The App does not ask for {_listed(lacks)}."
        remedy = "Add that on the App's page on GitHub, under Permissions & events."
        return Check(name, CheckState.bad, says, remedy, f"{facts.settings_url}/permissions")
    return Check(name, CheckState.good, "The App asks for all that is needed.")


def _secret(ours: Ours, facts: AppFacts, arrived: Arrived) -> Check:
    name = "Webhook secret"
    where = "GITHUB_WEBHOOK_SECRET" if ours.is_from_environment else "the form below"
    if not ours.has_webhook_secret:
        says = "There is no webhook secret, so every webhook is refused."
        return Check(name, CheckState.bad, says, f"Give the App's secret by {where}.")
    good = arrived.last_good
    if good is not None and ours.secret_since is not None and good < ours.secret_since:
        good = None
    bad = arrived.last_refused
    if bad is not None and (good is None or bad > good):
        says = f"{_counted(arrived.refused, 'delivery', 'deliveries')} came with a wrong signature, the last at {_moment(bad)}."
        remedy = f"If they are GitHub's, set a new secret on the App's page there, and the same by {where}."
        return Check(name, CheckState.bad, says, remedy, facts.settings_url or None)
    if good is None:
        return Check(
            name,
            CheckState.waiting,
            "No delivery has come yet.",
            "Have GitHub send its ping again, or install the App.",
        )
    return Check(name, CheckState.good, f"The last signed delivery came at {_moment(good)}.")


def _installed(facts: AppFacts) -> Check:
    name = "Installations"
    if not facts.installations:
        says = "The App is installed nowhere yet."
        return Check(name, CheckState.waiting, says, "Install it on an account.")
    names = _listed([item.account for item in facts.installations[:10]])
    more = " and more" if len(facts.installations) > 10 else ""
    return Check(name, CheckState.good, f"Installed on {names}{more}.")


def _installation_rights(facts: AppFacts) -> Iterator[Check]:
    for item in facts.installations:
        if (check := _lacking(item)) is not None:
            yield check


def _lacking(item: InstallationThere) -> Check | None:
    name = f"Installation on {item.account}"
    if item.is_suspended:
        remedy = "An owner of the account can end that on GitHub."
        return Check(name, CheckState.bad, "It is suspended: nothing arrives.", remedy, item.url)
    lacks = list(_list_lacks(item.permissions, item.events))
    if not lacks:
        return None
    says = f"It has not granted {_listed(lacks)}."
    remedy = "An owner of the account accepts new permissions on the installation's page on GitHub."
    return Check(name, CheckState.bad, says, remedy, item.url)


def _events(ours: Ours, arrived: Arrived) -> Check:
    name, at = "First delivery", arrived.last_event_at
    if at is None or (ours.secret_since is not None and at < ours.secret_since):
        says = "Nothing but pings has come from GitHub yet."
        return Check(name, CheckState.waiting, says, "Install the App, or push to a repository.")
    return Check(name, CheckState.good, f"The last one was {arrived.last_event}, at {_moment(at)}.")


def _list_lacks(permissions: Mapping[str, str], events: Iterable[str]) -> Iterator[str]:
    for name, level in PERMISSIONS.items():
        has = permissions.get(name, "")
        if name != "metadata" and (has not in _LEVELS or _LEVELS.index(has) < _LEVELS.index(level)):
            yield f"the permission {name}: {level}"
    subscribed = set(events)
    for event in EVENTS:
        if event not in subscribed:
            yield f"the event {event}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _sentence(reason: str) -> str:
    return reason if reason.endswith(".") else f"{reason}."
