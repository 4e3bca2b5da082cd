"""kill -9 at any moment loses nothing that was answered 202, and does nothing twice.

The real server in front of the stand-in and a real history, with the real handlers.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Settings
from demo.github import Delivery, StandIn
from jobs import Runtime
from models.session import Database
from tests.clock import Clock
from tests.flows.busy import Busy
from tests.flows.ends import (
    find_first_tag,
    find_fixes,
    verify_lists,
    verify_nothing_doubled,
    verify_worked_off,
)
from tests.flows.histories import grown, straight
from tests.flows.world import World
from tests.server import Server

DELIVERIES = 200
KILLS = 5
COMMITS, TAGS = 1_500, 150
MANY = 11_000  # commits of a repository of a real size
PAGES_A_SLICE = 5  # at most so many calls are made again after a kill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def environ_of(github: StandIn) -> dict[str, str]:
    """What a server is told of the App."""
    return {
        "GITHUB_URL": github.url,
        "GITHUB_API_URL": github.url,
        "GITHUB_APP_ID": str(github.app.app_id),
        "GITHUB_PRIVATE_KEY": github.app.private_key_pem,
        "GITHUB_WEBHOOK_SECRET": github.app.webhook_secret,
    }


@pytest.fixture
def server(tmp_path: Path, github: StandIn) -> Iterator[Server]:
    server = Server(tmp_path, environ=environ_of(github))
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def beside(server: Server, github: StandIn, clock: Clock) -> Iterator[World]:
    """The world, read beside the running server; nothing is worked off here."""
    database = Database(f"sqlite:///{server.data_dir / 'shiplog.db'}")
    settings = Settings(server.data_dir, str(database.url), secret_keys=("not the same key",))
    url = f"http://127.0.0.1:{server.port}/webhooks/github"
    yield World(github, Runtime(settings, database), clock, url)
    database.close()


class Sender:
    """Posts each delivery until it is answered 202, as GitHub and a later recovery would."""

    def __init__(self, world: World, deliveries: list[Delivery]) -> None:
        self._world, self._waiting = world, deliveries
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]
        self._deadline = time.monotonic() + 200

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
        assert self._waiting == []

    def _run(self) -> None:
        while self._waiting and time.monotonic() < self._deadline:
            try:
                delivery = self._waiting.pop(0)
            except IndexError:
                return
            if not self._world.github.send(delivery, self._world.url).succeeded:
                self._waiting.append(delivery)
                time.sleep(0.05)  # nobody listens while the server starts again


def test_killed_while_working_deliveries_off(server: Server, beside: World) -> None:
    chance = random.Random(20260301)  # noqa: S311
    beside.github.install(beside.acme)
    beside.github.send_all(beside.url)
    server.wait_until_worked_off()
    issues = [beside.issue(), beside.issue()]
    busy = Busy(beside.github, beside.web, chance, issues)
    busy.work(DELIVERIES)

    sender = Sender(beside, list(beside.github.queued))
    sender.start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.1, 0.8))
        server.kill()
        server.start()
    sender.join()
    server.wait_until_worked_off(seconds=120)

    db = beside.runtime.db
    verify_worked_off(db)
    verify_lists(db, beside.web)
    verify_nothing_doubled(db)
    assert len(beside.deliveries()) >= DELIVERIES + 1
    first = find_first_tag(beside.web, find_fixes(beside.web, issues[0]))
    assert first is not None
    assert beside.resolved_in(issues[0]) is not None


def test_killed_while_importing(server: Server, beside: World) -> None:
    straight(beside.git, commits=COMMITS, tags=TAGS)
    github = beside.github
    github.install(beside.acme)
    github.send_all(beside.url)
    for calls in (3, 6, 11, 17):
        server.wait_for(lambda calls=calls: github.count_calls() >= calls, seconds=120)
        server.kill()
        server.start()
    server.wait_until_worked_off(seconds=120)
    verify_worked_off(beside.runtime.db)
    verify_lists(beside.runtime.db, beside.web)
    verify_nothing_doubled(beside.runtime.db)
    undisturbed = 1 + 2 + (TAGS + 99) // 100 + (COMMITS + 99) // 100
    assert github.count_calls() <= undisturbed + 4 * PAGES_A_SLICE


def test_killed_twice_while_importing_a_repository_of_a_real_size(
    server: Server, beside: World
) -> None:
    """Exact in the end, release by release, and hardly a call more than the pages there are."""
    tags = grown(beside.git, commits=MANY)
    commits = len(beside.git.run("rev-list", "--all").split())
    assert commits > 10_000
    assert tags > 100
    github = beside.github
    github.install(beside.acme)
    github.send_all(beside.url)
    pages = -(-commits // 100)
    for calls in (pages // 3, 2 * pages // 3):
        server.wait_for(lambda calls=calls: github.count_calls() >= calls, seconds=60)
        server.kill()
        server.start()
    server.wait_until_worked_off(seconds=120)

    verify_worked_off(beside.runtime.db)
    verify_lists(beside.runtime.db, beside.web)
    verify_nothing_doubled(beside.runtime.db)
    assert len(beside.lists()) == tags
    few = 2 + 1 + -(-tags // 100)  # branch and repository, the listing, pages of tags
    assert github.count_calls() <= pages + few + 2 * PAGES_A_SLICE
