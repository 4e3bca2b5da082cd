"""New keys and secrets of a registered App, and stored ones that cannot be read."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from config import Settings
from demo.github import StandIn
from models.session import Database
from tests.clock import Clock
from tests.webapp.setup.conftest import Browser, Site, rows, serving


@pytest.fixture
def browser(site: Site) -> Browser:
    browser = site.browser()
    assert browser.register().status_code == 303
    return browser


def key_of(site: Site) -> str | None:
    app = site.runtime.app_settings()
    return app.private_key if app else None


def test_a_new_key_is_used_once_github_accepts_it(
    site: Site, browser: Browser, github: StandIn, database: Database
) -> None:
    old, new = key_of(site), github.app.add_key()
    unknown = new.replace("\n", "\r\n")  # as a browser on Windows sends it

    answer = browser.post("/setup/key", key=unknown)

    assert (answer.status_code, answer.location) == (303, "/setup/?done=key")
    assert key_of(site) == new != old
    github.app.delete_first_key()
    assert site.runtime.github is not None
    assert "GitHub accepts what the key signs" in browser.client.get("/setup/").text
    assert "PRIVATE KEY" not in rows(database)[0].private_key


def test_a_key_can_be_uploaded(site: Site, browser: Browser, github: StandIn) -> None:
    new = github.app.add_key()

    answer = browser.post("/setup/key", key_file=(io.BytesIO(new.encode()), "app.pem"))

    assert answer.status_code == 303
    assert key_of(site) == new


def test_a_key_that_does_not_fit_changes_nothing(
    site: Site, browser: Browser, github: StandIn
) -> None:
    old = key_of(site)
    foreign = github.app.add_key()
    github.app.public_keys.pop()  # deleted on GitHub again

    for pem, sentence in [
        ("", "no private key as GitHub makes it"),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", "no private key"),
        ("\x00é", "no private key"),
        (foreign, "GitHub does not take this key"),
    ]:
        answer = browser.post("/setup/key", key=pem)
        assert answer.status_code == 400
        assert sentence in answer.text
        assert "AAAA" not in answer.text
    github.fail_next(502, path="/app")
    untried = browser.post("/setup/key", key=old)
    assert "so the key was not tried" in untried.text
    assert key_of(site) == old


def test_webhook_secrets_are_replaced_without_a_gap(
    site: Site, browser: Browser, github: StandIn
) -> None:
    old = github.app.webhook_secret
    github.send_all(site.hook)

    answer = browser.post("/setup/webhook-secret", secret=" a new secret ")

    assert answer.location == "/setup/?done=secret"
    assert site.runtime.webhook_secrets() == ("a new secret", old)
    assert "Two webhook secrets are accepted" in browser.client.get("/setup/").text
    for secret in (old, "a new secret"):
        github.app.webhook_secret = secret
        github.ping()
        assert [it.status_code for it in github.send_all(site.hook)] == [202]
    assert browser.post("/setup/webhook-secret/drop").location == "/setup/?done=dropped"
    assert site.runtime.webhook_secrets() == ("a new secret",)
    github.app.webhook_secret = old
    github.ping()
    assert [it.status_code for it in github.send_all(site.hook)] == [401]


def test_the_same_secret_again_and_a_third_one(site: Site, browser: Browser) -> None:
    [first] = site.runtime.webhook_secrets()
    browser.post("/setup/webhook-secret", secret=first)
    assert site.runtime.webhook_secrets() == (first,)

    browser.post("/setup/webhook-secret", secret="second secret")
    browser.post("/setup/webhook-secret", secret="third secret")

    assert site.runtime.webhook_secrets() == ("third secret", "second secret")


@pytest.mark.parametrize("secret", ["", "short", "with,a,comma", "nul\x00inside it"])
def test_a_secret_that_cannot_be(site: Site, browser: Browser, secret: str) -> None:
    before = site.runtime.webhook_secrets()

    answer = browser.post("/setup/webhook-secret", secret=secret)

    assert answer.status_code == 400
    assert "at least 8 characters and no comma" in answer.text
    assert site.runtime.webhook_secrets() == before


def test_without_an_app_there_is_nothing_to_change(site: Site) -> None:
    browser = site.browser()

    for path in ("key", "webhook-secret", "webhook-secret/drop", "ping"):
        answer = browser.post(f"/setup/{path}", secret="a long secret", key="k")
        assert answer.status_code == 400


def test_secrets_that_cannot_be_read_are_told_and_all_else_works(
    site: Site, browser: Browser, bare: Settings, github: StandIn, database: Database, clock: Clock
) -> None:
    lost = replace(bare, secret_keys=("another key",))
    with serving(lost, github, database, clock) as after:
        page = after.browser().client.get("/setup/")
        assert page.status_code == 200
        assert "cannot be read with <code>SECRET_KEY</code>" in page.text
        assert "put the key that wrote it back" in (after.runtime.app_trouble() or "")
        assert (after.runtime.app_settings(), after.runtime.github) == (None, None)
        [refused] = github.send_all(after.hook)
        assert refused.status_code == 401
        client = after.app.test_client()
        assert client.get("/").status_code == client.get("/metrics").status_code == 200

        again = after.browser().register(name="Second")

        assert again.status_code == 303
        assert after.runtime.app_settings() is not None
        assert after.runtime.app_trouble() is None


def test_the_key_comes_back(
    site: Site, browser: Browser, bare: Settings, github: StandIn, database: Database, clock: Clock
) -> None:
    both = replace(bare, secret_keys=("another key", *bare.secret_keys))
    with serving(both, github, database, clock) as after:
        assert after.runtime.app_settings() == site.runtime.app_settings()
