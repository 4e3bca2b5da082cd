"""What jobs are given: made once a process, after any fork, and passed down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from config import Settings
from domain.secret_box import SecretBox
from integrations.github.client import BACKOFF, GitHubApp
from jobs.app_settings import AppSettings, AppSource
from jobs.event_turns import EventTurns
from jobs.relief import Relief
from models import utcnow
from models.session import Database


class Queue(Protocol):
    """Carries "something is due" to a worker, perhaps in another process."""

    def send(self) -> None: ...
    def send_later(self, seconds: float) -> None: ...
    def close(self) -> None: ...


@dataclass
class Runtime:
    """Settings, database and clients of one process; the queue is None where jobs are drained."""

    settings: Settings
    db: Database
    queue: Queue | None = None
    now: Callable[[], datetime] = utcnow
    ticks: Callable[[], float] = time.monotonic  # seconds, for what is kept for a while
    backoff: float = BACKOFF  # seconds, of repeated requests to GitHub
    # At most one worker of a process does long work, so that deliveries always find another.
    long_work: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self.event_turns = EventTurns(self.ticks)
        self.relief = Relief(self.settings, self.ticks)
        self.secret_box = SecretBox(self.settings.secret_keys)
        self._app = AppSource(
            self.settings.github, self.db, self.secret_box, clock=lambda: self.ticks()
        )
        self._clients = AppClients(
            self.settings.github.api_url, now=lambda: self.now(), backoff=self.backoff
        )

    def app_settings(self) -> AppSettings | None:
        """The App that we are: named by the environment, else registered; see `jobs.app_settings`.

        Costs a query every few seconds at most. Raises AwayError while the database is away and
        was not asked before.
        """
        return self._app.look().settings

    def app_trouble(self) -> str | None:
        """Why the App that is registered cannot be used, in a sentence."""
        return self._app.look().trouble

    def forget_app(self) -> None:
        """Have the registration read again: it was just changed here."""
        self._app.forget()

    @property
    def github(self) -> GitHubApp | None:
        """We as the App; None where none is set up, or its key is missing."""
        app = self.app_settings()
        if app is None or app.private_key is None:
            return None
        return self._clients.of(app.app_id, app.private_key)

    @property
    def hosts(self) -> tuple[str, ...]:
        """This server's names, for issues that a message names by URL."""
        host = urlsplit(self.settings.public_url).hostname
        return (host,) if host else ()

    def webhook_secrets(self) -> Sequence[str]:
        """The secrets that a delivery may be signed with, at this moment; raises AwayError."""
        app = self.app_settings()
        return app.webhook_secrets if app else self.settings.github.webhook_secrets

    def close(self) -> None:
        if self.queue is not None:
            self.queue.close()
        self.relief.close()
        self._clients.close()
        self.db.close()


class AppClients:
    """The client of the App as it is now; one of before stays open for work that still has it."""

    def __init__(self, api_url: str, *, now: Callable[[], datetime], backoff: float) -> None:
        self._api_url, self._now, self._backoff = api_url, now, backoff
        self._made: dict[tuple[int, str], GitHubApp] = {}
        self._lock = threading.Lock()

    def of(self, app_id: int, private_key: str) -> GitHubApp:
        with self._lock:
            client = self._made.get((app_id, private_key))
            if client is None:
                client = GitHubApp(
                    app_id, private_key, self._api_url, now=self._now, backoff=self._backoff
                )
                self._made[app_id, private_key] = client
            return client

    def close(self) -> None:
        with self._lock:
            for client in self._made.values():
                client.close()
            self._made.clear()


def enqueue(runtime: Runtime) -> None:
    """Have a worker look for what is due; call it after the commit that made something due.

    Never fails and never blocks: should the message be lost, the sweep finds the row in seconds.
    """
    if runtime.queue is not None:
        runtime.queue.send()
