"""What jobs are given: made once a process, after any fork, and passed down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from config import Settings
from integrations.github.client import GitHubApp
from models import utcnow
from models.session import Database


class Queue(Protocol):
    """Carries "something is due" to a worker, perhaps in another process."""

    def send(self) -> None: ...
    def close(self) -> None: ...


@dataclass
class Runtime:
    """Settings, database and clients of one process; the queue is None where jobs are drained."""

    settings: Settings
    db: Database
    queue: Queue | None = None
    github: GitHubApp | None = None  # made from the settings, where they name the App
    now: Callable[[], datetime] = utcnow
    # At most one worker of a process does long work, so that deliveries always find another.
    long_work: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        app = self.settings.github
        if self.github is None and app.app_id is not None and app.private_key is not None:
            self.github = GitHubApp(
                app.app_id, app.private_key, app.api_url, now=lambda: self.now()
            )

    @property
    def hosts(self) -> tuple[str, ...]:
        """This server's names, for issues that a message names by URL."""
        host = urlsplit(self.settings.public_url).hostname
        return (host,) if host else ()

    def webhook_secrets(self) -> Sequence[str]:
        """The secrets that a delivery may be signed with, at this moment."""
        return self.settings.github.webhook_secrets

    def close(self) -> None:
        if self.queue is not None:
            self.queue.close()
        if self.github is not None:
            self.github.close()
        self.db.close()


def enqueue(runtime: Runtime) -> None:
    """Have a worker look for what is due; call it after the commit that made something due.

    Never fails and never blocks: should the message be lost, the sweep finds the row in seconds.
    """
    if runtime.queue is not None:
        runtime.queue.send()
