"""The check list, line by line, against GitHub over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape

import pytest

from config import Settings
from demo.github import StandIn
from models.session import Database
from tests.clock import Clock, Ticks
from tests.server import free_port
from tests.webapp.setup.conftest import Browser, Site, rows, serving
from webapp.app_check import KEPT_SECONDS

GOOD, BAD, WAITING = "works", "broken", "waiting"


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def site(
    bare: Settings, github: StandIn, database: Database, clock: Clock, ticks: Ticks
) -> Iterator[Site]:
    with serving(bare, github, database, clock, ticks=ticks) as site:
        yield site


@pytest.fixture
def browser(site: Site) -> Browser:
    browser = site.browser()
    assert browser.register().status_code == 303
    return browser


def read(page: str) -> dict[str, tuple[str, str]]:
    """State and words of each line, by its name."""
    found = re.findall(
        r'<th scope="row"><bdi>([^<]+)</bdi></th>.*?<span class="badge [^"]*">([^<]+)</span></td>'
        r"(.*?)</tr>",
        page,
        re.DOTALL,
    )
    return {
        name: (state, unescape(" ".join(re.sub("<[^>]+>", " ", rest).split())))
        for name, state, rest in found
    }


Look = Callable[[], dict[str, tuple[str, str]]]


@pytest.fixture
def look(browser: Browser, ticks: Ticks) -> Look:
    """What the list says now, asked of GitHub anew."""

    def look() -> dict[str, tuple[str, str]]:
        ticks.at += KEPT_SECONDS
        page = browser.client.get("/setup/checks")
        assert page.status_code == 200
        return read(page.text)

    return look


def test_after_registration_the_rest_is_waited_for(look: Look) -> None:
    lines = look()

    assert {name: state for name, (state, _) in lines.items()} == {
        "GitHub answers": GOOD,
        "Clock": GOOD,
        "Private key": GOOD,
        "App": GOOD,
        "Webhook URL": GOOD,
        "Permissions and events": GOOD,
        "Webhook secret": WAITING,
        "Installations": WAITING,
        "First delivery": WAITING,
    }


def test_it_refreshes_itself_until_everything_works(
    site: Site, browser: Browser, github: StandIn, look: Look
) -> None:
    assert 'id="app-checks" data-refresh="/setup/checks"' in browser.client.get("/setup/").text

    github.send_all(site.hook)
    assert look()["Webhook secret"][0] == GOOD
    github.install(github.account("acme", type="Organization"))
    github.send_all(site.hook)
    lines = look()

    assert {state for state, _ in lines.values()} == {GOOD}
    assert "Installed on acme." in lines["Installations"][1]
    page = browser.client.get("/setup/").text
    assert "data-refresh" not in page
    assert f"{github.url}/apps/acme-releases/installations/new" in page


def test_github_is_asked_three_times_in_ten_seconds(
    browser: Browser, github: StandIn, ticks: Ticks, look: Look
) -> None:
    look()
    github.reset_calls()

    for _ in range(5):
        browser.client.get("/setup/")
        browser.client.get("/setup/checks")
    assert github.count_calls() == 0
    look()

    asked = [call.path for call in github.calls]
    assert asked == ["/app", "/app/hook/config", "/app/installations"]


@pytest.mark.parametrize("trouble", ["reset", "html", "cut", "limit", "rubbish", "list"])
def test_no_failure_of_github_is_ours(github: StandIn, look: Look, trouble: str) -> None:
    hook, installations = "/app/hook/config", "/app/installations"
    for path in ("/app", hook, installations):
        if trouble == "reset":
            github.fail_next(path=path, reset=True)
        elif trouble == "cut":
            github.fail_next(200, path=path, cut=True)
        elif trouble == "limit":
            github.fail_next(403, path=path, headers={"Retry-After": "60"})
        elif trouble == "html":
            github.fail_next(502, path=path, body="<html>Unicorn</html>")
        else:
            github.fail_next(200, path=path, body={"id": "x"} if trouble == "rubbish" else [1])

        is_nothing = [(hook, "rubbish"), (installations, "rubbish"), (installations, "list")]
        assert look()["GitHub answers"][0] == (GOOD if (path, trouble) in is_nothing else BAD)
    assert look()["GitHub answers"][0] == GOOD


def test_github_is_down(bare: Settings, github: StandIn, database: Database, clock: Clock) -> None:
    app, nowhere = github.app, f"http://127.0.0.1:{free_port()}"
    named = replace(
        bare.github, api_url=nowhere, app_id=app.app_id, private_key=app.private_key_pem
    )
    with serving(replace(bare, github=named), github, database, clock) as site:
        page = site.browser().client.get("/setup/")

    assert page.status_code == 200
    lines = read(page.text)
    assert lines["GitHub answers"][0] == BAD
    assert "could not be reached" in lines["GitHub answers"][1]
    assert lines["Private key"] == (WAITING, "Not known until GitHub answers.")


def test_the_hook_leads_elsewhere(site: Site, github: StandIn, look: Look) -> None:
    github.app.hook_url = "https://elsewhere.example/hook"

    state, words = look()["Webhook URL"]

    assert state == BAD
    assert "GitHub sends to https://elsewhere.example/hook" in words
    assert f"Enter {site.hook} on the App's page" in words


def test_the_key_was_deleted_on_github(github: StandIn, look: Look) -> None:
    github.app.add_key()
    github.app.delete_first_key()

    lines = look()

    assert lines["GitHub answers"][0] == GOOD
    assert lines["Private key"][0] == BAD
    assert "Make a new key on the App's page" in lines["Private key"][1]
    assert "Webhook URL" not in lines


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [
        (0, GOOD, "agrees"),
        (50, GOOD, "agrees"),
        (90, BAD, "seconds behind GitHub's"),
        (-90, BAD, "seconds ahead of GitHub's"),
    ],
)
def test_the_clock(github: StandIn, look: Look, seconds: int, state: str, words: str) -> None:
    github.be_ahead(seconds)

    lines = look()

    assert lines["Clock"][0] == state
    assert words in lines["Clock"][1]
    if seconds < 0:  # GitHub refuses a token of the future: the key itself may be fine
        assert lines["Private key"][0] == BAD
        assert "Set the clock right first." in lines["Private key"][1]


def test_permissions_and_events_that_are_lacking(site: Site, github: StandIn, look: Look) -> None:
    installation = github.install(
        github.account("acme", type="Organization"), permissions={"metadata": "read"}
    )
    assert "not granted the permission contents: read" in look()["Installation on acme"][1]
    github.accept_permissions(installation, github.app.permissions)
    assert "Installation on acme" not in look()
    github.suspend(installation)
    assert look()["Installation on acme"][0] == BAD

    github.app.permissions = {"metadata": "read", "contents": "write"}
    github.app.events = ["push"]

    state, words = look()["Permissions and events"]
    assert state == BAD
    assert "the permission pull_requests: read" in words
    assert "contents" not in words
    assert "the event create" in words


def test_a_wrong_secret_shows_until_a_good_one_comes(
    site: Site, github: StandIn, clock: Clock, look: Look
) -> None:
    github.send_all(site.hook)
    clock.advance(minutes=1)
    right, github.app.webhook_secret = github.app.webhook_secret, "another secret"
    github.ping()
    github.send_all(site.hook)

    state, words = look()["Webhook secret"]
    assert state == BAD
    assert "1 delivery came with a wrong signature" in words

    clock.advance(minutes=1)
    github.app.webhook_secret = right
    github.ping()
    github.send_all(site.hook)
    assert look()["Webhook secret"][0] == GOOD


def test_the_first_ping_may_come_before_its_secret(
    site: Site, github: StandIn, clock: Clock, look: Look
) -> None:
    right, github.app.webhook_secret = github.app.webhook_secret, "not read yet"
    clock.advance(seconds=2)
    github.ping()
    github.send(github.queued[-1], site.hook)
    assert look()["Webhook secret"] == (
        WAITING,
        "No delivery has come yet. Have GitHub send its ping again, or install the App.",
    )

    clock.advance(seconds=2)
    github.ping()
    github.send(github.queued[-1], site.hook)
    assert look()["Webhook secret"][0] == BAD
    github.app.webhook_secret = right
    github.ping()
    github.send(github.queued[-1], site.hook)
    assert look()["Webhook secret"][0] == GOOD


def test_deliveries_of_an_app_before_prove_nothing(
    site: Site, browser: Browser, github: StandIn, clock: Clock, look: Look
) -> None:
    github.send_all(site.hook)
    clock.advance(minutes=1)

    browser.register(name="Second")

    assert look()["Webhook secret"][0] == WAITING


def test_github_sends_its_ping_again(
    site: Site, browser: Browser, github: StandIn, look: Look
) -> None:
    [lost] = [github.lose(delivery) for delivery in list(github.queued)]
    assert lost.delivery.event == "ping"

    asked = browser.post("/setup/ping")

    assert (asked.status_code, asked.location) == (303, "/setup/?done=ping")
    assert "asked to send its ping again" in browser.client.get(asked.location).text
    [again] = github.send_all(site.hook)
    assert again.status_code == 202
    assert look()["Webhook secret"][0] == GOOD


def test_github_has_no_ping_or_does_not_answer(browser: Browser, github: StandIn) -> None:
    nothing = browser.post("/setup/ping")
    github.fail_next(502, path="/app/hook/deliveries")
    failed = browser.post("/setup/ping")

    assert (nothing.status_code, failed.status_code) == (400, 400)
    assert "no ping of the last days" in nothing.text
    assert "GitHub did not send its ping" in failed.text


def test_an_app_that_was_renamed_on_github(
    site: Site, github: StandIn, database: Database, look: Look
) -> None:
    github.app.name, github.app.slug = "New name", "new-name"

    assert "new-name" in look()["App"][1]

    assert rows(database)[0].slug == "new-name"
    app = site.runtime.app_settings()
    assert app is not None
    assert app.slug == "new-name"
    assert look()["App"][0] == GOOD


def test_what_the_environment_lacks_is_said(
    bare: Settings, github: StandIn, database: Database, clock: Clock
) -> None:
    named = replace(bare.github, app_id=7, app_slug="other", private_key="not a key")
    with serving(replace(bare, github=named), github, database, clock) as site:
        lines = read(site.browser().client.get("/setup/").text)
    assert lines["Private key"][0] == BAD
    assert "GITHUB_PRIVATE_KEY" in lines["Private key"][1]
    assert lines["Webhook secret"][0] == BAD
    assert "GITHUB_WEBHOOK_SECRET" in lines["Webhook secret"][1]

    named = replace(named, private_key=github.app.private_key_pem, app_id=github.app.app_id)
    with serving(replace(bare, github=named), github, database, clock) as site:
        lines = read(site.browser().client.get("/setup/").text)
    assert lines["Private key"][0] == GOOD
    assert lines["App"][0] == BAD
    assert "Set GITHUB_APP_SLUG=shiplog" in lines["App"][1]
