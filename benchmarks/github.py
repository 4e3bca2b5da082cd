"""The stand-in for GitHub with our server beside it, installed on an organization `acme`."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks.server import Serving, serving
from demo.github import Delivery, Installation, StandIn
from models.session import Database

SENDERS = 8


@dataclass
class World:
    """A server with its worker embedded, as `make run` starts it, and the GitHub that it talks to."""

    github: StandIn
    server: Serving
    db: Database  # the server's, to see what people can read by now
    installation: Installation

    @property
    def webhook(self) -> str:
        return f"{self.server.url}/webhooks/github"

    def send_all(self) -> None:
        self.github.send_all(self.webhook)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 300) -> float:
        """Wait until *condition* holds; the moment (of `perf_counter`) at which it did."""
        deadline = time.perf_counter() + seconds
        while not condition():
            if time.perf_counter() > deadline:
                log = (self.server.data_dir / "server.log").read_text()
                sys.exit(f"nothing came of it in {seconds} s:\n{log[-2000:]}")
            time.sleep(0.002)
        return time.perf_counter()

    def send_copies(self, delivery: Delivery, copies: int) -> None:
        """Post the delivery so many times, each under a guid of its own."""

        def send(number: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            for _ in range(number):
                headers = {**delivery.headers, "X-GitHub-Delivery": str(uuid4())}
                connection.request("POST", "/webhooks/github", delivery.body, headers)
                connection.getresponse().read()
            connection.close()

        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(send, [copies // SENDERS] * SENDERS))


@contextmanager
def world() -> Iterator[World]:
    with TemporaryDirectory() as directory, StandIn(Path(directory) / "github") as github:
        acme = github.account("acme", type="Organization")
        environ = {
            "GITHUB_URL": github.url,
            "GITHUB_API_URL": github.url,
            "GITHUB_APP_ID": str(github.app.app_id),
            "GITHUB_PRIVATE_KEY": github.app.private_key_pem,
            "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
            "DATABASE_URL": "",
        }
        data_dir = Path(directory) / "data"
        with serving("gunicorn.conf.py", data_dir, environ) as server:
            db = Database(f"sqlite:///{data_dir / 'shiplog.db'}")
            yield World(github, server, db, github.install(acme))
            db.close()
