"""What every slice of long work is given, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.provenance import Why
from integrations.github.client import InstallationClient
from models import Repository, Work
from models.session import Database


@dataclass(frozen=True)
class WorkOutcome:
    """What became of a slice: `due_at` None means finished, else when the next slice is due."""

    due_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Slice:
    """One slice: fetch through *client* outside of transactions, then write in short ones."""

    db: Database
    work_id: int
    subject_id: int
    client: InstallationClient
    now: Callable[[], datetime]
    hosts: Collection[str] = ()

    def why(self, source: str) -> Why:
        return Why(now=self.now(), source=source)

    def lock(self, session: Session) -> tuple[Work, Repository]:
        """The work row and its repository, for writing; other writers of the repository wait."""
        lock = {"key_share": True}  # rows that refer to it can still be added
        repository = session.get_one(Repository, self.subject_id, with_for_update=lock)
        return session.get_one(Work, self.work_id, with_for_update=True), repository
