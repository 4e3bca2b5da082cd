"""The server and the stand-in for GitHub, for as long as the tests run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from flask import Flask

from config import Settings
from demo.github import StandIn
from jobs import Runtime
from models.session import Database
from tests.server import Server
from webapp import create_app
from webapp.context import shiplog


class Place:
    """A server that believes that the stand-in is github.com, and its database from outside."""

    def __init__(self, server: Server, github: StandIn, app: Flask) -> None:
        self.server, self.github, self.app = server, github, app
        self.url = server.environ["PUBLIC_URL"]
        self.numbers = count(1)  # of organizations: each test has its own

    @property
    def db(self) -> Database:
        return shiplog(self.app).runtime.db

    def settle(self) -> None:
        """Post what GitHub queued, signed; wait until the server has worked it off."""
        for attempt in self.github.send_all(f"{self.url}/webhooks/github"):
            assert attempt.succeeded, attempt
        self.server.wait_until_worked_off()


@contextmanager
def serving(directory: Path, database_url: str) -> Iterator[Place]:
    """Both, on free ports of the loopback; the server makes its tables, as at its first start."""
    with StandIn(directory / "github") as github:
        server = Server(directory, database_url)
        server.environ |= {
            "PUBLIC_URL": f"http://127.0.0.1:{server.port}",
            "GITHUB_API_URL": github.url,  # the web stays github.com, as in the remotes of clones
            "GITHUB_APP_ID": str(github.app.app_id),
            "GITHUB_PRIVATE_KEY": github.app.private_key_pem,
            "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
        }
        server.start()
        app = commands_of(server)
        try:
            yield Place(server, github, app)
        finally:
            shiplog(app).close()
            status = server.stop()
        assert status == 0, server.log.read_text()[-3000:]


def commands_of(server: Server) -> Flask:
    """The application as `flask` commands have it, beside the running server."""
    own = {"DATA_DIR": str(server.data_dir), "DATABASE_URL": server.database_url or ""}
    own |= {"PORT": str(server.port), "LOG_FORMAT": "json"}
    settings = Settings.from_environ({"PATH": os.environ["PATH"]} | own | server.environ)
    return create_app(Runtime(settings, Database(settings.database_url)))
