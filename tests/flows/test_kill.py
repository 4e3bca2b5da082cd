"""kill -9 at any moment loses nothing that was answered 202, and does nothing twice."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from integrations.github.signature import sign
from models import Delivery, DeliveryState
from models.session import Database
from tests.conftest import WEBHOOK_SECRET
from tests.server import Server

DELIVERIES = 200
KILLS = 5


class Sender:
    """Posts each delivery until it is answered 202, as GitHub and a later recovery would."""

    def __init__(self, server: Server, guids: list[str]) -> None:
        self.accepted: list[str] = []
        self._server, self._waiting = server, guids
        self._threads = [threading.Thread(target=self._run) for _ in range(4)]
        self._deadline = time.monotonic() + 120

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while self._waiting and time.monotonic() < self._deadline:
            try:
                guid = self._waiting.pop(0)
            except IndexError:
                return
            body = f'{{"zen": "{guid}"}}'.encode()
            headers = {
                "Content-Type": "application/json",
                "X-GitHub-Event": "ping",
                "X-GitHub-Delivery": guid,
                "X-Hub-Signature-256": sign(body, WEBHOOK_SECRET),
            }
            if self._server.post(body, headers) == 202:
                self.accepted.append(guid)
            else:
                self._waiting.append(guid)
                time.sleep(0.05)  # nobody listens while the server starts again


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    chance = random.Random(20260301)  # noqa: S311
    guids = [str(UUID(int=chance.getrandbits(128), version=4)) for _ in range(DELIVERIES)]
    server = Server(tmp_path)
    server.start()
    sender = Sender(server, list(guids))
    sender.start()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.02, 0.3))
        server.kill()
        restarted = time.monotonic()
        server.start()
    sender.join()
    server.wait_until_worked_off(seconds=30)
    seconds = time.monotonic() - restarted
    assert server.stop() == 0

    assert sorted(sender.accepted) == sorted(guids)
    db = Database(f"sqlite:///{tmp_path / 'shiplog.db'}")
    with db.reading() as session:
        rows = session.scalars(select(Delivery)).all()
        times = select(Delivery.guid).group_by(Delivery.guid).having(func.count() > 1)
        assert session.scalars(times).all() == []
    db.close()
    assert {row.guid for row in rows} == set(guids)
    assert {row.state for row in rows} <= {DeliveryState.done, DeliveryState.ignored}
    for row in rows:
        assert row.guid in row.body.decode()
        assert row.finished_at is not None
        assert row.claimed_until is None
    assert seconds < 60
