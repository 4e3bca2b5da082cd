"""kill -9 at any moment loses no event that was answered 200; one sent again is there once."""

from __future__ import annotations

import http.client
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from models.session import Database
from tests.sdk import Sender, envelope, event, item, make_sender
from tests.server import Server

KILLS = 2
SENDERS = 4
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Without a worker: what is stored stays to be seen."""
    server = Server(tmp_path, environ={"GUNICORN_CMD_ARGS": "--workers 2"})
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def sender(server: Server) -> Sender:
    db = Database(f"sqlite:///{server.data_dir}/shiplog.db")
    made = make_sender(db)
    db.close()
    return made


class Client(threading.Thread):
    """Sends events as fast as they are answered; after a broken connection the same one again."""

    def __init__(self, server: Server, sender: Sender) -> None:
        super().__init__()
        self._server, self._sender = server, sender
        self.answered: list[str] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        event_id = uuid4().hex
        while not self.is_over.is_set():
            if self._post(event_id):
                self.answered.append(event_id)
                if len(self.answered) % 5:  # else once more, as one who missed the answer
                    event_id = uuid4().hex
            else:
                time.sleep(0.05)  # nobody listens while the server starts again

    def _post(self, event_id: str) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=20)
        body = envelope(item("event", event(event_id=event_id, extra="x" * 20_000)))
        try:
            connection.request("POST", self._sender.url, body, self._sender.auth)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def stored(server: Server) -> list[str]:
    with sqlite3.connect(server.data_dir / "shiplog.db") as connection:
        rows = connection.execute("SELECT event_id FROM received_event").fetchall()
    return [row[0] for row in rows]


def test_killed_while_events_come_in(server: Server, sender: Sender) -> None:
    clients = [Client(server, sender) for _ in range(SENDERS)]
    for client in clients:
        client.start()
    for number in range(1, KILLS + 1):
        before = sum(len(client.answered) for client in clients)
        server.wait_for(
            lambda before=before, number=number: (
                sum(len(client.answered) for client in clients) > before + 20 * number
            ),
            seconds=60,
        )
        server.kill()
        server.start()
    for client in clients:
        client.is_over.set()
    for client in clients:
        client.join()

    answered = [event_id for client in clients for event_id in client.answered]
    found = stored(server)
    assert len(answered) > len(set(answered)) > 20 * KILLS
    assert set(answered) <= set(found)
    assert len(found) == len(set(found))


def test_killed_while_they_are_digested(tmp_path: Path) -> None:
    """A worker that comes back takes up what the killed one had claimed."""
    server = Server(tmp_path)
    server.start()
    db = Database(f"sqlite:///{tmp_path}/shiplog.db")
    client = Client(server, make_sender(db))
    client.start()
    for _ in range(2):
        before = len(client.answered)
        server.wait_for(lambda before=before: len(client.answered) > before + 30, seconds=60)
        server.kill()
        server.start()
    client.is_over.set()
    client.join()
    server.wait_until_worked_off()
    assert stored(server) == []
    assert (server.ready() or {})["failed_jobs"] == 0
    db.close()
    assert server.stop() == 0
