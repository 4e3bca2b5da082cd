"""How far an import is, and how long it may still take, from what its work row counts.

The pace is measured over time at work alone: a pause, or waiting for the rate limit, begins a new
measurement. One commit is one step; a release's list is worth a few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LIST_STEPS = 5  # what computing a list takes, in commits read and recorded
BREAK = timedelta(seconds=30)  # without a slice: the work was waiting for something
FEWEST_STEPS = 200  # before these the pace says nothing


@dataclass(frozen=True)
class Pace:
    """*share* from 0 to 1; *seconds_left* of work, None until a pace is known."""

    share: float
    seconds_left: float | None


def note_pace(progress: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """*progress* with where the present measurement began, as JSON."""
    seen = progress.get("pace")
    done = _done(progress)
    if seen is None or now - datetime.fromisoformat(seen["at"]) > BREAK or done < seen["done"]:
        seen = {"since": now.isoformat(), "from": done}
    pace = {**seen, "at": now.isoformat(), "done": done}
    return {**progress, "pace": pace}


def measure_pace(progress: Mapping[str, Any]) -> Pace | None:
    """None while the size of the whole is not known."""
    total = _total(progress)
    if total is None:
        return None
    done = min(_done(progress), total)
    share = done / total if total else 1.0
    seen = progress.get("pace")
    if seen is None or seen["done"] - seen["from"] < FEWEST_STEPS:
        return Pace(share, None)
    at, since = (datetime.fromisoformat(seen[name]) for name in ("at", "since"))
    seconds = (at - since).total_seconds()
    return Pace(share, (total - done) * seconds / (seen["done"] - seen["from"]))


def _done(progress: Mapping[str, Any]) -> int:
    expected = progress.get("expected_commits")
    commits = int(progress.get("commits") or 0)
    if expected is not None:
        commits = min(commits, int(expected))
    return commits + LIST_STEPS * int(progress.get("lists") or 0)


def _total(progress: Mapping[str, Any]) -> int | None:
    """Before the first page of commits was read, nobody knows how many there are."""
    if progress.get("phase") in ("lists", "done"):
        commits = min(
            int(progress.get("commits") or 0),
            int(progress.get("expected_commits") or progress.get("commits") or 0),
        )
    elif progress.get("expected_commits") is not None:
        commits = int(progress["expected_commits"])
    else:
        return None
    lists = int(progress.get("expected_lists") or progress.get("tags") or 0)
    return commits + LIST_STEPS * lists
