"""Deliveries over real HTTP: signed, lost, listed and sent again."""

import hashlib
import hmac
from collections.abc import Iterator

import pytest

from demo.github.wire import Reply, Request, Server
from tests.demo.conftest import Scene


class Receiver:
    """Keeps what it gets and answers with `status`."""

    def __init__(self) -> None:
        self.got: list[Request] = []
        self.status = 202
        self.server = Server(self._answer)
        self.url = f"{self.server.url}/webhooks/github"

    def _answer(self, request: Request) -> Reply:
        self.got.append(request)
        return Reply({"status": "stored"}, self.status)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.server.start()
    yield made
    made.server.stop()


def test_deliveries_are_signed_and_named(scene: Scene, receiver: Receiver) -> None:
    [queued] = scene.github.queued

    [attempt] = scene.github.send_all(receiver.url)

    [request] = receiver.got
    secret = scene.github.app.webhook_secret.encode()
    digest = hmac.new(secret, request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-hub-signature-256"] == f"sha256={digest}"
    assert request.headers["x-github-delivery"] == queued.guid
    assert request.headers["x-github-event"] == "installation"
    target = request.headers["x-github-hook-installation-target-id"]
    assert target == str(scene.github.app.app_id)
    assert request.headers["user-agent"].startswith("GitHub-Hookshot/")
    assert (attempt.status_code, attempt.status, scene.github.queued) == (202, "OK", [])


def test_deliveries_may_be_shuffled_and_doubled(scene: Scene, receiver: Receiver) -> None:
    scene.github.push(scene.repo, "refs/heads/main", scene.line(1)[0])
    scene.github.queued.reverse()
    twice = scene.github.queued[0]
    scene.github.send(twice, receiver.url)
    scene.github.send(twice, receiver.url)

    scene.github.send_all(receiver.url)

    events = [request.headers["x-github-event"] for request in receiver.got]
    assert events == ["create", "create", "push", "installation"]


def test_lost_deliveries_are_found_and_sent_again(scene: Scene, receiver: Receiver) -> None:
    scene.github.push(scene.repo, "refs/heads/main", scene.line(1)[0])
    lost, *rest = list(scene.github.queued)
    scene.github.lose(lost)
    receiver.status = 503
    scene.github.send(rest[0], receiver.url)
    receiver.status = 202
    scene.github.send(rest[1], receiver.url)
    path = "/app/hook/deliveries"
    requester = scene.integration.requester

    _, failed = requester.requestJsonAndCheck("GET", path, parameters={"status": "failure"})
    _, good = requester.requestJsonAndCheck("GET", path, parameters={"status": "success"})
    again = scene.ask(f"{path}/{failed[-1]['id']}/attempts", "POST", token=scene.jwt())
    scene.github.send_all(receiver.url)

    assert [item["status_code"] for item in failed] == [503, 502]
    assert [item["guid"] for item in good] == [rest[1].guid]
    assert (again.status, again.data) == (202, {})
    assert receiver.got[-1].headers["x-github-delivery"] == lost.guid
    assert receiver.got[-1].body == lost.body
    newest = scene.ask(path, token=scene.jwt()).data[0]
    assert (newest["guid"], newest["redelivery"]) == (lost.guid, True)
    assert newest["id"] not in [item["id"] for item in failed]
    whole = scene.ask(f"{path}/{newest['id']}", token=scene.jwt()).data
    assert whole["request"]["payload"] == lost.payload
    assert whole["response"]["payload"] == '{"status": "stored"}'


def test_the_log_is_read_by_cursor(scene: Scene) -> None:
    for _ in range(7):
        ping = scene.github.ping()
        assert ping
        scene.github.lose(ping)
    seen: list[int] = []
    address = "/app/hook/deliveries?per_page=3&status=failure"
    while address:
        answer = scene.ask(address, token=scene.jwt())
        seen += [item["id"] for item in answer.data]
        link = answer.headers.get("link", "")
        address = link[1 : link.index(">")] if link else ""

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7


def test_old_deliveries_are_forgotten(scene: Scene) -> None:
    scene.github.lose(scene.github.queued[0])
    scene.github.clock.advance(days=3, minutes=1)

    assert scene.ask("/app/hook/deliveries", token=scene.jwt()).data == []


def test_redelivering_by_guid(scene: Scene, receiver: Receiver) -> None:
    [queued] = scene.github.queued
    scene.github.send_all(receiver.url)

    scene.github.redeliver(queued.guid)
    scene.github.send_all(receiver.url)

    assert [attempt.redelivery for attempt in queued.attempts] == [False, True]
    assert receiver.got[0].body == receiver.got[1].body


def test_nobody_listens(scene: Scene, receiver: Receiver) -> None:
    receiver.server.stop()

    [attempt] = scene.github.send_all(receiver.url)

    assert (attempt.status_code, attempt.succeeded) == (502, False)
    receiver.server = Server(lambda request: Reply())
    receiver.server.start()
