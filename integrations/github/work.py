"""Slices of long work on GitHub's side: listing, history import, completing gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from models.session import Database


@dataclass(frozen=True)
class WorkOutcome:
    """What became of a slice: `due_at` None means finished, else when the next slice is due."""

    due_at: datetime | None = None
    reason: str | None = None


def run_slice(
    db: Database, work_id: int, *, now: Callable[[], datetime], github: object | None = None
) -> WorkOutcome:
    """Do the next bounded slice of the work row *work_id*; effects and progress commit together."""
    return WorkOutcome()
