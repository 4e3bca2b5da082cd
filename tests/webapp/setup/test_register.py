"""Registering the App by its manifest, and all that can come in between."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape

import pytest
from sqlalchemy import select, update

from config import GitHubSettings, Settings
from demo.github import StandIn
from domain.app_manifests import claim_manifest
from jobs import Runtime, drain
from jobs.app_settings import KEPT_SECONDS
from models import AppManifest, Repository
from models.session import Database
from tests.clock import Clock
from tests.webapp.conftest import StatementCounter
from tests.webapp.setup.conftest import NAME, Browser, Site, rows, serving


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser()


def manifest_of(page: str) -> dict[str, object]:
    found = re.search(r'name="manifest" value="([^"]+)"', page)
    assert found is not None
    manifest: dict[str, object] = json.loads(unescape(found[1]))
    return manifest


def secrets_of(github: StandIn) -> list[str]:
    app = github.app
    body = app.private_key_pem.splitlines()[1]
    return [app.client_secret, app.webhook_secret, body]


def test_from_nothing_to_an_app_that_takes_deliveries(
    site: Site, browser: Browser, github: StandIn, database: Database
) -> None:
    assert site.runtime.app_settings() is None
    assert "Register the App" in browser.client.get("/setup/").text

    done = browser.register(organization="acme")

    assert (done.status_code, done.location) == (303, "/setup/")
    app = site.runtime.app_settings()
    assert app is not None
    assert (app.app_id, app.slug, app.source) == (
        github.app.app_id,
        "acme-releases",
        "registration",
    )
    assert app.private_key == github.app.private_key_pem
    assert app.webhook_secrets == (github.app.webhook_secret,)
    assert (app.client_id, app.client_secret) == (github.app.client_id, github.app.client_secret)
    assert site.runtime.github is not None
    assert github.app.owner.login == "acme"
    [row] = rows(database)
    assert (row.name, row.owner_login, row.github_url) == (NAME, "acme", github.url)
    [ping] = github.send_all(site.hook)
    assert ping.status_code == 202
    assert "acme-releases" in browser.client.get("/setup/").text


def test_the_manifest_asks_for_reading_alone(site: Site, browser: Browser, github: StandIn) -> None:
    page = browser.begin()

    assert manifest_of(page.text) == {
        "name": NAME,
        "url": site.url,
        "description": "Every tag becomes a release with exactly the commits that are new in it.",
        "public": False,
        "hook_attributes": {"url": site.hook, "active": True},
        "redirect_url": f"{site.url}/setup/registered",
        "callback_urls": [f"{site.url}/auth/github/callback"],
        "setup_url": f"{site.url}/installed",
        "setup_on_update": True,
        "request_oauth_on_install": False,
        "default_permissions": {"metadata": "read", "contents": "read", "pull_requests": "read"},
        "default_events": ["push", "create", "delete", "release", "pull_request", "repository"],
    }
    assert f'action="{github.url}/settings/apps/new?state=' in page.text
    assert "csrf_token" not in page.text.partition("<main")[2]  # GitHub must not get ours
    policy = page.headers["Content-Security-Policy"]
    assert f"form-action 'self' {github.url};" in policy
    assert github.url not in browser.client.get("/setup/").headers["Content-Security-Policy"]


def test_an_organization_and_a_public_app(browser: Browser, github: StandIn) -> None:
    page = browser.begin(organization="@acme", public="on")

    assert manifest_of(page.text)["public"] is True
    assert f'action="{github.url}/organizations/acme/settings/apps/new?state=' in page.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "1 to 34 characters"),
        ({"name": "x" * 35}, "1 to 34 characters"),
        ({"name": "a\x07b"}, "1 to 34 characters"),
        ({"organization": "a/../b"}, "no organization"),
        ({"organization": "é"}, "no organization"),
    ],
)
def test_what_cannot_be_is_said_and_kept_in_the_form(
    browser: Browser, database: Database, fields: dict[str, str], sentence: str
) -> None:
    page = browser.begin(**fields)

    assert page.status_code == 400
    assert sentence in page.text
    with database.reading() as session:
        assert session.scalars(select(AppManifest)).all() == []


def test_loading_the_way_back_again_does_no_harm(
    browser: Browser, github: StandIn, database: Database
) -> None:
    back = browser.confirm(browser.begin())

    answers = [browser.client.get(back) for _ in range(3)]

    assert [(answer.status_code, answer.location) for answer in answers] == [(303, "/setup/")] * 3
    assert len(rows(database)) == 1
    assert github.count_calls("conversions") == 1


def test_of_many_ways_back_at_once_one_exchanges_the_code(
    site: Site, browser: Browser, github: StandIn, database: Database
) -> None:
    back = browser.confirm(browser.begin())
    cookie = browser.client.get_cookie("shiplog_session")
    assert cookie is not None

    def load(_: int) -> int:
        client = site.stranger().client
        client.set_cookie("shiplog_session", cookie.value)
        return client.get(back).status_code

    with ThreadPoolExecutor(6) as threads:
        statuses = set(threads.map(load, range(6)))

    assert statuses <= {303, 409}
    assert len(rows(database)) == 1
    assert github.count_calls("conversions") == 1


@pytest.mark.parametrize("way", ["forged", "missing", "foreign", "old"])
def test_a_state_that_is_not_this_browsers(
    site: Site, browser: Browser, github: StandIn, database: Database, clock: Clock, way: str
) -> None:
    back = browser.confirm(browser.begin())
    reader = browser
    if way == "forged":
        back = re.sub("state=[^&]+", "state=forged", back)
    if way == "missing":
        back = re.sub("&?state=[^&]+", "", back)
    if way == "foreign":
        reader = site.browser()  # an operator as well, who began nothing
    if way == "old":
        clock.advance(hours=1)

    answer = reader.client.get(back)

    assert answer.status_code == 410
    assert "not begun in this browser" in answer.text
    assert rows(database) == []
    assert github.count_calls("conversions") == 0


def test_a_browser_without_a_session_learns_where_to_go_on(
    site: Site, browser: Browser, github: StandIn, database: Database
) -> None:
    back = browser.confirm(browser.begin())

    answer = site.stranger().client.get(back)

    assert answer.status_code == 401
    assert "in the browser in which you began" in answer.text
    assert github.count_calls("conversions") == 0
    assert browser.client.get(back).status_code == 303
    assert len(rows(database)) == 1


@pytest.mark.parametrize("code", ["", "unknown", "a%2Fb", "x" * 200, "old"])
def test_a_code_that_github_does_not_take(
    browser: Browser, github: StandIn, database: Database, code: str
) -> None:
    back = browser.confirm(browser.begin())
    if code == "old":
        github.clock.advance(minutes=61)
    else:
        back = re.sub("code=[^&]+", f"code={code}", back)

    answer = browser.client.get(back)

    assert answer.status_code == 410
    assert "egin again" in answer.text
    assert rows(database) == []
    assert browser.register().status_code == 303


@pytest.mark.parametrize("trouble", ["reset", "502", "cut", "limit", "page"])
def test_github_fails_and_the_same_page_works_later(
    browser: Browser, github: StandIn, database: Database, trouble: str
) -> None:
    back = browser.confirm(browser.begin())
    path = "/app-manifests/unknown" if trouble in ("reset", "502") else "conversions"
    good = re.sub("code=[^&]+", "code=unknown", back) if path != "conversions" else back
    if trouble == "reset":
        github.fail_next(path=path, reset=True)
    elif trouble == "502":
        github.fail_next(502, path=path, body="<html>Bad gateway</html>")
    elif trouble == "cut":
        github.fail_next(503, path=path, cut=True)
    elif trouble == "limit":
        github.fail_next(403, path=path, headers={"Retry-After": "60"})
    else:
        github.fail_next(500, path=path, body="<html>Unicorn</html>")

    failed = browser.client.get(good)

    assert failed.status_code == 502
    assert "Load this page again" in failed.text
    assert rows(database) == []
    again = browser.client.get(back)
    # The stand-in has taken the code where it failed after that, as GitHub may have.
    assert again.status_code == (303 if path != "conversions" else 410)


def test_an_answer_without_what_is_needed_stores_nothing(
    browser: Browser, github: StandIn, database: Database
) -> None:
    back = browser.confirm(browser.begin())
    github.fail_next(201, path="conversions", body={"id": 7, "slug": "x"})

    answer = browser.client.get(back)

    assert answer.status_code == 410
    assert "Delete the App on GitHub and begin again" in answer.text
    assert rows(database) == []


def test_killed_between_the_claim_and_the_row(
    site: Site, browser: Browser, github: StandIn, database: Database, clock: Clock
) -> None:
    back = browser.confirm(browser.begin())
    with database.transaction() as session:  # what the request that was killed had committed
        manifest = session.scalars(select(AppManifest)).one()
        found = re.search("state=([^&]+)", back)
        assert found is not None
        claim_manifest(session, manifest.setup_link_id, found[1], now=clock())

    assert browser.client.get(back).status_code == 409
    clock.advance(minutes=2)

    assert browser.client.get(back).status_code == 303
    assert len(rows(database)) == 1


def test_killed_after_the_exchange(
    browser: Browser, github: StandIn, database: Database, clock: Clock
) -> None:
    back = browser.confirm(browser.begin())
    browser.client.get(back)
    with database.transaction() as session:  # all that it committed, and the kill undid
        session.delete(session.merge(rows(database)[0]))
        lapsed = clock() + (clock() - clock())
        session.execute(update(AppManifest).values(used_at=None, claimed_until=lapsed))

    answer = browser.client.get(back)

    assert answer.status_code == 410
    assert "delete it there; then begin again" in answer.text
    assert rows(database) == []


def test_another_app_takes_the_place_of_the_first_whose_secrets_are_forgotten(
    site: Site, browser: Browser, github: StandIn, database: Database
) -> None:
    browser.register()
    assert "takes its place" in browser.client.get("/setup/?again=1").text

    assert browser.register(name="Second").status_code == 303

    first, second = rows(database)
    assert first.replaced_at is not None
    assert (first.client_secret, first.webhook_secrets, first.private_key) == ("", "", "")
    assert (second.slug, second.replaced_at) == ("second", None)
    app = site.runtime.app_settings()
    assert app is not None
    assert app.slug == "second"


def test_one_that_was_begun_before_another_was_registered_is_refused(
    site: Site, browser: Browser, database: Database
) -> None:
    late = browser.confirm(browser.begin(name="Late"))
    browser.register()

    answer = browser.client.get(late)

    assert answer.status_code == 409
    assert "is in use. Delete" in answer.text
    assert [row.slug for row in rows(database)] == ["acme-releases"]


def test_a_name_that_is_taken_is_said_by_github(browser: Browser, github: StandIn) -> None:
    github.take_name(NAME)

    with pytest.raises(AssertionError):
        browser.confirm(browser.begin())
    assert browser.register(name="Free").status_code == 303


def test_no_secret_is_kept_in_clear_shown_or_logged(
    browser: Browser,
    github: StandIn,
    database: Database,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    back = browser.confirm(browser.begin())
    code = re.search("code=([^&]+)", back)
    assert code is not None
    shown = [browser.client.get(back).text, browser.client.get("/setup/").text]
    shown += [browser.client.get("/setup/checks").text]
    [row] = rows(database)
    kept = " ".join(str(value) for value in vars(row).values())
    with database.reading() as session:
        kept += " ".join(str(vars(manifest)) for manifest in session.scalars(select(AppManifest)))
    out, err = capfd.readouterr()
    logged = out + err + caplog.text

    assert "the App is registered" in logged
    for secret in [*secrets_of(github), code[1]]:
        assert secret not in kept
        assert secret not in logged
        assert not any(secret in page for page in shown)


def test_the_environment_wins(
    settings: Settings, github: StandIn, database: Database, clock: Clock
) -> None:
    app = github.app
    named = GitHubSettings(
        url=github.url,
        api_url=github.url,
        app_id=app.app_id,
        app_slug=app.slug,
        private_key=app.private_key_pem,
        webhook_secrets=(app.webhook_secret,),
    )
    with serving(replace(settings, github=named), github, database, clock) as site:
        browser = site.browser()
        page = browser.client.get("/setup/?again=1")
        assert "wins over whatever is registered" in page.text
        assert "Register the App" not in page.text
        refused = browser.begin()
        assert refused.status_code == 400
        assert "none is registered here" in refused.text
        changed = browser.post("/setup/webhook-secret", secret="another secret")
        assert changed.status_code == 400
        assert "change its variables" in changed.text


def test_a_registration_made_elsewhere_is_picked_up_without_a_restart(
    site: Site, bare: Settings, github: StandIn, database: Database, clock: Clock
) -> None:
    at = 100.0
    with serving(bare, github, database, clock, ticks=lambda: at) as other:
        github.ping()
        [before] = github.send_all(other.hook)
        site.browser().register()
        [meanwhile] = github.send_all(other.hook)
        at += KEPT_SECONDS
        github.ping()
        [after] = github.send_all(other.hook)

        assert [it.status_code for it in (before, meanwhile, after)] == [401, 401, 202]
        assert other.runtime.github is not None


def test_deliveries_do_not_ask_for_the_app_each_time(
    bare: Settings, github: StandIn, database: Database, clock: Clock
) -> None:
    at = 100.0
    with serving(bare, github, database, clock, ticks=lambda: at) as site:
        site.browser().register()
        github.send_all(site.hook)
        with StatementCounter().on(database) as counter:
            for _ in range(5):
                github.ping()
            assert [it.status_code for it in github.send_all(site.hook)] == [202] * 5
            assert [it for it in counter.statements if "app_registration" in it] == []
            at += KEPT_SECONDS
            github.ping()
            github.send_all(site.hook)
            assert len([it for it in counter.statements if "app_registration" in it]) == 1


def test_a_worker_of_its_own_works_as_the_app_that_was_registered_meanwhile(
    site: Site, bare: Settings, github: StandIn, database: Database, clock: Clock
) -> None:
    at = 100.0
    worker = Runtime(bare, database, now=clock, ticks=lambda: at)
    assert worker.github is None
    github.repository("acme", "web")
    site.browser().register()
    github.install(github.account("acme"))
    github.send_all(site.hook)

    at += KEPT_SECONDS
    drain(worker)

    with database.reading() as session:
        assert session.scalars(select(Repository.full_name)).all() == ["acme/web"]
    assert github.count_calls("/installation/repositories") == 1
    worker.close()
