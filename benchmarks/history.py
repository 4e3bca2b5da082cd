"""Importing a long history over HTTP: how long, against PyGithub alone, and in how much memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from github import Auth, Github
from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.github import World, world
from benchmarks.server import Serving
from demo.github import Repository
from models import Delivery, Head, ListState

COMMITS, TAGS = 10_000, 120
DELIVERIES = 2_000
MEMORY_MB = 150
MESSAGE = "Change something, and say at some length why that was needed\n\nSee the ticket.\n"


def run(commits: int = COMMITS, tags: int = TAGS, deliveries: int = DELIVERIES) -> list[Figure]:
    with world() as here:
        here.github.repository("acme", "small")
        here.send_all()
        wait_until_worked_off(here)
        idle = here.server.megabytes()
        take_deliveries(here, deliveries)
        after_deliveries = here.server.megabytes()
        web = here.github.repository("acme", "web")
        here.github.queued.clear()
        fill(web, commits, tags)
        with watching(here.server) as peak:
            began = time.perf_counter()
            here.github.add_repositories(here.installation, [web])
            here.send_all()
            finished = here.wait_for(lambda: count_complete(here) >= tags)
        after_import = here.server.megabytes()
        reference = page_through(here, web)  # last, so that it finds the stand-in warmed up
    seconds = finished - began
    return [
        Figure(
            f"import of {commits:,} commits and {tags} tags",
            f"{seconds:.1f} s",
            f"PyGithub, paging alone: {reference:.1f} s",
            seconds / reference,
        ),
        memory("server and worker, idle", idle),
        memory(f"  after {deliveries:,} deliveries", after_deliveries),
        memory("  most during the import", max(peak)),
        memory("  after the import", after_import),
    ]


def memory(what: str, megabytes: float) -> Figure:
    goal = f"within {MEMORY_MB} MB"
    return Figure(what, f"{megabytes:.0f} MB", "", None, goal, megabytes <= MEMORY_MB)


def take_deliveries(here: World, number: int) -> None:
    """Pushes of about 25 kB, worked off as they come."""
    small = next(one for one in here.github.world.repositories.values() if one.name == "small")
    sha = ""
    for change in range(12):
        parents = [sha] if sha else []
        sha = small.git.commit({f"{change}.txt": "x"}, parents=parents, message=MESSAGE * 8)
    [delivery, *_] = here.github.push(small, "refs/heads/main", sha)
    here.send_all()
    here.send_copies(delivery, number)
    wait_until_worked_off(here)


def wait_until_worked_off(here: World) -> None:
    def is_worked_off() -> bool:
        with here.db.reading() as session:
            waiting = select(func.count()).where(Delivery.state.in_(("received", "running")))
            return session.scalar(waiting) == 0

    here.wait_for(is_worked_off)


def fill(repository: Repository, commits: int, tags: int) -> None:
    """A straight history by `git fast-import`, with tags spread over it."""
    lines: list[str] = []
    every = commits // tags
    for number in range(1, commits + 1):
        person = f"Person {number % 40} <person{number % 40}@acme.example>"
        at = f"{1_600_000_000 + number * 600} +0000"
        lines += ["commit refs/heads/main", f"mark :{number}"]
        lines += [f"author {person} {at}", f"committer {person} {at}"]
        lines += [f"data {len(MESSAGE)}", MESSAGE]
        lines += [f"M 100644 inline src/{number % 50}.txt", f"data {len(str(number))}", str(number)]
        if number % every == 0 and number // every <= tags:
            lines += [f"reset refs/tags/v1.{number // every}.0", f"from :{number}", ""]
    repository.git.fast_import(("\n".join(lines) + "\n").encode())


def page_through(here: World, repository: Repository) -> float:
    """Seconds in which PyGithub lists the same commits and tags, and nothing is done with them."""
    token = here.github.world.tokens.mint(
        here.installation, None, here.installation.permissions
    ).text
    began = time.perf_counter()
    client = Github(auth=Auth.Token(token), base_url=here.github.url, per_page=100, lazy=True)
    found = client.get_repo(f"acme/{repository.name}")
    for _ in (*found.get_commits(), *found.get_tags()):
        pass
    client.close()
    return time.perf_counter() - began


def count_complete(here: World) -> int:
    with here.db.reading() as session:
        complete = (Head.state == ListState.complete, Head.is_stale.is_(False))
        return session.scalar(select(func.count(Head.id)).where(*complete)) or 0


@contextmanager
def watching(server: Serving, every: float = 0.1) -> Iterator[list[float]]:
    """Megabytes of the server, looked at again and again in the meantime."""
    seen, stop = [server.megabytes()], threading.Event()

    def watch() -> None:
        while not stop.wait(every):
            seen.append(server.megabytes())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
