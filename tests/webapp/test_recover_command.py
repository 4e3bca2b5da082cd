"""`flask deliveries recover`, against GitHub's stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from demo.github import StandIn
from jobs import Runtime
from models import Delivery, Organization
from models.session import Database
from tests.clock import Clock
from tests.webapp.test_commands import document_of, lines_of, run
from webapp import create_app
from webapp.context import shiplog


@pytest.fixture
def github(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / "github") as github:
        yield github


@pytest.fixture
def app(github: StandIn, settings: Settings, database: Database, clock: Clock) -> Iterator[Flask]:
    """A server of the App that the stand-in knows."""
    clock.at = github.clock.now()
    named = replace(
        settings.github,
        url=github.url,
        api_url=github.url,
        app_id=github.app.app_id,
        private_key=github.app.private_key_pem,
    )
    runtime = Runtime(replace(settings, github=named), database, now=clock)
    app = create_app(runtime)
    yield app
    shiplog(app).committer.close()


def test_all_that_happened_while_the_server_was_down(
    app: Flask, github: StandIn, clock: Clock
) -> None:
    repository = github.repository("acme", "web")
    github.install(github.account("acme"))
    sha = repository.git.commit({"a": "b"}, message="One")
    github.push(repository, "refs/heads/main", sha)
    github.push(repository, "refs/tags/v1.0.0", sha)
    for delivery in list(github.queued):
        github.lose(delivery)

    assert lines_of(app, "deliveries", "recover")[-2:] == [
        "deliveries: 5 recovered, 0 asked for again, 0 given up",
        "repositories: 1 compared, 0 branches and tags were different",
    ]
    with shiplog(app).runtime.db.reading() as session:
        ended = session.execute(select(Delivery.event, Delivery.state).order_by(Delivery.id)).all()
    assert [tuple(one) for one in ended] == [  # in the order in which they were made
        ("installation", "done"),
        ("push", "done"),
        ("create", "ignored"),
        ("push", "done"),
        ("create", "done"),
    ]
    clock.advance(minutes=1)  # what was compared by now is compared again
    github.push_tags(repository, {f"v1.0.{number}": sha for number in range(1, 6)})
    told = json.loads(lines_of(app, "deliveries", "recover", "--org", "acme", "--json")[-1])
    assert told == {
        "deliveries": {"found": 0, "stored": 0, "asked_again": 0, "given_up": 0},
        "repositories": 1,
        "different": 5,
        "troubles": [],
    }
    listed = document_of(app, "release", "list", "--org", "acme")
    assert len(listed) == 6


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--org", "nowhere"], 1, "no organization 'nowhere'"),
        (["--organization"], 2, "No such option"),
    ],
)
def test_errors_are_one_line(app: Flask, arguments: list[str], status: int, words: str) -> None:
    result = run(app, "deliveries", "recover", *arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_key_that_github_refuses_is_one_line(app: Flask, github: StandIn) -> None:
    github.replace_private_key()
    result = run(app, "deliveries", "recover", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "GitHub refuses the private key of the App" in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_an_app_it_says_so(
    settings: Settings, database: Database, clock: Clock, organization: Organization
) -> None:
    app = create_app(Runtime(settings, database, now=clock))
    result = run(app, "deliveries", "recover")
    shiplog(app).committer.close()
    assert result.exit_code == 1
    assert "no GitHub App is set up" in result.stderr
