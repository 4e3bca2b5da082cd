"""A fresh server on a real socket, the stand-in for GitHub, and a browser between the two."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from config import GitHubSettings, Settings
from demo.github import StandIn
from domain.setup_links import create_setup_link
from jobs import Runtime
from models import AppRegistration
from models.session import Database
from tests.clock import Clock
from tests.flows.serving import Quiet
from tests.webapp.conftest import csrf_token
from webapp import create_app
from webapp.context import shiplog

NAME = "Acme Releases"


@dataclass
class Browser:
    """Follows people's steps: our pages through the client, GitHub's over HTTP."""

    client: FlaskClient
    github: StandIn

    def post(self, path: str, **fields: object) -> TestResponse:
        token = csrf_token(self.client.get("/setup/").text)
        return self.client.post(path, data={"csrf_token": token, **fields})

    def begin(self, **fields: str) -> TestResponse:
        """Fill in the form that registers the App."""
        return self.post("/setup/manifest", **{"name": NAME, **fields})

    def confirm(self, page: TestResponse) -> str:
        """Press the button that leads to GitHub; the address to which GitHub sends us back."""
        action = re.search(r'action="(http[^"]+)"', page.text)
        manifest = re.search(r'name="manifest" value="([^"]+)"', page.text)
        assert action is not None, page.text
        assert manifest is not None, page.text
        status, target = post_form(unescape(action[1]), manifest=unescape(manifest[1]))
        assert status == 302
        parts = urlsplit(target)
        return f"{parts.path}?{parts.query}"

    def register(self, **fields: str) -> TestResponse:
        """All of it."""
        return self.client.get(self.confirm(self.begin(**fields)))


def post_form(address: str, **fields: str) -> tuple[int, str]:
    """The status, and where it leads."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "browser"}
    connection.request("POST", f"{parts.path}?{parts.query}", urlencode(fields), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers.get("Location", "")


@dataclass
class Site:
    """One server, perhaps one of several on a database."""

    app: Flask
    runtime: Runtime
    url: str
    github: StandIn

    @property
    def hook(self) -> str:
        return f"{self.url}/webhooks/github"

    def browser(self) -> Browser:
        """A browser of the operator: opens a new set-up link and presses its button."""
        client = self.stranger().client
        with self.runtime.db.transaction() as session:
            token = create_setup_link(session, now=self.runtime.now())
        form = client.get(f"/setup/{token}")
        done = client.post(f"/setup/{token}", data={"csrf_token": csrf_token(form.text)})
        assert (done.status_code, done.location) == (303, "/setup/")
        return Browser(client, self.github)

    def stranger(self) -> Browser:
        return Browser(self.app.test_client(), self.github)


@contextmanager
def serving(
    settings: Settings,
    github: StandIn,
    database: Database,
    clock: Clock,
    *,
    ticks: Callable[[], float] = time.monotonic,
) -> Iterator[Site]:
    """A server of *settings* whose public URL is where it really is."""

    def answer(environ: object, start: object) -> object:
        return made[0].wsgi_app(environ, start)  # type: ignore[arg-type]  # passed on as they are

    made: list[Flask] = []
    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=Quiet)  # type: ignore[arg-type]  # a WSGI callable
    url = f"http://127.0.0.1:{server.server_port}"
    runtime = Runtime(replace(settings, public_url=url), database, now=clock, ticks=ticks)
    made.append(create_app(runtime))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Site(made[0], runtime, url, github)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        shiplog(made[0]).committer.close()


@pytest.fixture
def github(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / "github") as github:
        yield github


@pytest.fixture
def bare(settings: Settings, github: StandIn) -> Settings:
    """Settings that name no App; GitHub is the stand-in."""
    return replace(settings, github=GitHubSettings(url=github.url, api_url=github.url))


@pytest.fixture
def site(bare: Settings, github: StandIn, database: Database, clock: Clock) -> Iterator[Site]:
    with serving(bare, github, database, clock) as site:
        yield site


def rows(database: Database) -> list[AppRegistration]:
    """All registrations, oldest first."""
    with database.reading() as session:
        return list(session.query(AppRegistration).order_by(AppRegistration.id))
