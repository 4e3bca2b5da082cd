"""Where the App comes from, how long it is kept, and what happens when the database is away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from config import GitHubSettings, Settings
from domain.app_registration import NewApp, add_webhook_secret, store_registration
from domain.errors import AwayError
from domain.secret_box import SecretBox
from jobs import Runtime
from jobs.app_settings import KEPT_SECONDS, AppSource
from models.session import Database
from tests.clock import Ticks
from tests.factories import NOW
from tests.webapp.conftest import StatementCounter

BOX = SecretBox(["a key for tests"])


def register(database: Database, secret: str) -> None:
    new = NewApp(7, "ship", "Ship", "acme", "Iv1", "client", secret, "pem")
    with database.transaction() as session:
        store_registration(
            session,
            BOX,
            new,
            github_url="https://github.com",
            api_url="https://api.github.com",
            replaces_id=None,
            now=NOW,
        )


def test_the_environment_is_never_overruled_and_costs_no_query(database: Database) -> None:
    register(database, "hook secret")
    named = GitHubSettings(app_id=3, app_slug="mine", webhook_secrets=("s",), private_key="k")
    source = AppSource(named, database, BOX, clock=Ticks())

    with StatementCounter().on(database) as counter:
        app = source.look().settings
        source.forget()
        assert source.look().settings == app
    assert app is not None
    assert (app.app_id, app.webhook_secrets, app.source) == (3, ("s",), "environment")
    assert counter.statements == []


def test_a_change_is_seen_after_some_seconds_and_here_at_once(database: Database) -> None:
    ticks = Ticks()
    source = AppSource(GitHubSettings(), database, BOX, clock=ticks)
    assert source.look().settings is None
    register(database, "hook secret")
    assert source.look().settings is None
    ticks.at += KEPT_SECONDS
    app = source.look().settings
    assert app is not None
    assert (app.app_id, app.webhook_secrets, app.source) == (7, ("hook secret",), "registration")

    with database.transaction() as session:
        add_webhook_secret(session, BOX, "new secret", now=NOW + timedelta(seconds=1))
    assert source.look().settings == app
    source.forget()
    changed = source.look().settings

    assert changed is not None
    assert changed.webhook_secrets == ("new secret", "hook secret")


def test_secrets_of_the_environment_are_accepted_beside(
    settings: Settings, database: Database
) -> None:
    github = replace(settings.github, webhook_secrets=("from outside",))
    runtime = Runtime(replace(settings, github=github), database)
    assert list(runtime.webhook_secrets()) == ["from outside"]

    register(database, "hook secret")
    runtime.forget_app()

    assert list(runtime.webhook_secrets()) == ["hook secret", "from outside"]


def test_many_threads_cost_one_query(database: Database) -> None:
    register(database, "hook secret")
    source = AppSource(GitHubSettings(), database, BOX, clock=Ticks())

    with StatementCounter().on(database) as counter, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: source.look(), range(40)))

    assert len(counter.statements) == 1
    assert all(it.settings is not None for it in found)


def test_while_the_database_is_away_what_was_known_stays(tmp_path: object) -> None:
    missing = Database(f"sqlite:///{tmp_path}/no-such-directory/x.db")
    with pytest.raises(AwayError):
        AppSource(GitHubSettings(), missing, BOX, clock=Ticks()).look()
    missing.close()


def test_a_client_is_kept_until_the_key_changes(settings: Settings, database: Database) -> None:
    github = replace(settings.github, app_id=3, private_key="k")
    runtime = Runtime(replace(settings, github=github), database)

    assert runtime.github is not None
    assert runtime.github is runtime.github
    runtime.close()


def test_no_secret_is_shown_when_it_is_printed(database: Database) -> None:
    register(database, "tell nobody")
    known = AppSource(GitHubSettings(), database, BOX, clock=Ticks()).look()

    assert "tell nobody" not in repr(known)
    assert "pem" not in repr(known)
    assert "client'" not in repr(known).replace("client_id", "")
