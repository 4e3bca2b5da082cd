"""From a tag's webhook to the release that people can read, against the webhook's own round trip."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import select

from benchmarks.figures import Figure
from benchmarks.github import World, world
from demo.github import Repository
from models import ListState, Release
from models import Repository as Known

TAGS = 50
COMMITS = 5  # in each release


def run(tags: int = TAGS) -> list[Figure]:
    with world() as here:
        repository = here.github.repository("acme", "web")
        here.send_all()
        here.wait_for(lambda: is_history_known(here))
        measured = []
        tip: str | None = None
        for number in range(tags):
            tip = push(here, repository, tip, number)
            measured.append(tag(here, repository, f"v1.{number}.0", tip))
    round_trips = sorted(first for first, _ in measured)
    readable = sorted(last for _, last in measured)
    p95 = len(measured) * 95 // 100
    return [
        Figure(
            f"tag's webhook to its release, p50 of {tags}",
            f"{median(readable) * 1000:.0f} ms",
            f"round trip of the webhook: {median(round_trips) * 1000:.1f} ms",
            median(readable) / median(round_trips),
        ),
        Figure(
            "  its p95",
            f"{readable[p95] * 1000:.0f} ms",
            f"round trip of the webhook: {round_trips[p95] * 1000:.1f} ms",
            readable[p95] / round_trips[p95],
        ),
    ]


def is_history_known(here: World) -> bool:
    with here.db.reading() as session:
        return bool(session.scalar(select(Known.id).where(Known.history_known_at.is_not(None))))


def push(here: World, repository: Repository, tip: str | None, number: int) -> str:
    """Push a few commits onto the branch; the new tip."""
    for change in range(COMMITS):
        parents = [tip] if tip else []
        tip = repository.git.commit(
            {f"file{change}.txt": f"{number}"},
            parents=parents,
            message=f"Change {change} of {number}",
            date=datetime.now(UTC),
        )
    if tip is None:
        raise ValueError("a push has at least one commit")
    here.github.push(repository, "refs/heads/main", tip)
    here.send_all()
    return tip


def tag(here: World, repository: Repository, name: str, sha: str) -> tuple[float, float]:
    """Seconds from sending the tag's push to its answer, and to the complete list of its release."""
    here.github.push(repository, f"refs/tags/{name}", sha)
    first, *others = list(here.github.queued)
    began = time.perf_counter()
    here.github.send(first, here.webhook)
    answered = time.perf_counter()
    readable = here.wait_for(lambda: is_readable(here, name), seconds=30)
    for other in others:
        here.github.send(other, here.webhook)
    return answered - began, readable - began


def is_readable(here: World, name: str) -> bool:
    version = name.removeprefix("v")
    with here.db.reading() as session:
        found = session.scalar(
            select(Release.commit_count).where(
                Release.version.in_((f"web@{version}", name, version)),
                Release.list_state == ListState.complete,
            )
        )
    return found == COMMITS
