"""What jobs are given: made once a process, after any fork, and passed down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from config import Settings
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
    github: object | None = None  # makes API clients for installations; given to `run_slice`
    now: Callable[[], datetime] = utcnow
    # At most one worker of a process does long work, so that deliveries always find another.
    long_work: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def webhook_secrets(self) -> Sequence[str]:
        """The secrets that a delivery may be signed with, at this moment."""
        return self.settings.github.webhook_secrets

    def close(self) -> None:
        if self.queue is not None:
            self.queue.close()
        self.db.close()


def enqueue(runtime: Runtime) -> None:
    """Have a worker look for what is due; call it after the commit that made something due.

    Never fails and never blocks: should the message be lost, the sweep finds the row in seconds.
    """
    if runtime.queue is not None:
        runtime.queue.send()
