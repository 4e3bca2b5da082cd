"""Budgets, conditional requests, and what goes wrong on purpose."""

import time
from http.client import IncompleteRead, RemoteDisconnected
from queue import Queue
from threading import Thread

import pytest
import requests  # noqa: TID251 - what PyGithub raises for a broken line
from github import GithubException, RateLimitExceededException

from tests.demo.conftest import Scene


def test_every_answer_tells_the_budget(scene: Scene) -> None:
    first, second = (scene.ask("/repos/acme/web").headers for _ in range(2))

    assert first["x-ratelimit-limit"] == "5000"
    assert int(first["x-ratelimit-remaining"]) - int(second["x-ratelimit-remaining"]) == 1
    assert int(second["x-ratelimit-reset"]) > time.time()
    assert second["x-ratelimit-resource"] == "core"
    for _ in range(2):
        assert scene.ask("/rate_limit").data["resources"]["core"]["used"] == 2


def test_the_budget_runs_out(scene: Scene) -> None:
    scene.github.limit(2, reset_in=60)
    repo = scene.client.get_repo("acme/web")
    assert not repo.update()  # PyGithub sends the ETag: nothing new, and free
    scene.client.get_repo("acme/web")

    with pytest.raises(RateLimitExceededException):
        scene.client.get_repo("acme/web")
    refused = scene.ask("/repos/acme/web")

    assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert scene.client.get_rate_limit().resources.core.remaining == 0
    scene.github.clock.advance(seconds=61)
    assert scene.ask("/repos/acme/web").status == 200


def test_what_did_not_change_is_free(scene: Scene) -> None:
    [tip] = scene.line(1)
    scene.github.push(scene.repo, "refs/heads/main", tip)
    first = scene.ask("/repos/acme/web/tags")
    known = {"If-None-Match": first.headers["etag"]}

    second = scene.ask("/repos/acme/web/tags", headers=known)
    scene.github.push(scene.repo, "refs/tags/v1", tip)
    third = scene.ask("/repos/acme/web/tags", headers=known)

    assert (second.status, second.data, third.status) == (304, None, 200)
    assert second.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]


def test_an_injected_failure_passes(scene: Scene) -> None:
    scene.github.fail_next(503, times=2, path="/repos/", body="<html>Unicorn!</html>")

    for _ in range(2):
        with pytest.raises(GithubException) as error:
            scene.client.get_repo("acme/web")
        assert error.value.status == 503
    assert scene.client.get_repo("acme/web").name == "web"
    assert [call.status for call in scene.github.calls][-3:] == [503, 503, 200]


def test_secondary_limits(scene: Scene) -> None:
    scene.github.fail_next(429, headers={"Retry-After": "7"})
    answer = scene.ask("/app", token=scene.jwt())

    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.data["message"].startswith("You have exceeded a secondary rate limit")
    assert answer.headers["x-ratelimit-remaining"] != "0"


def test_a_limit_without_a_budget(scene: Scene) -> None:
    gone = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1999999999"}
    scene.github.fail_next(403, path="/repos/", headers=gone)

    with pytest.raises(RateLimitExceededException):
        scene.client.get_repo("acme/web")


def test_half_an_answer(scene: Scene) -> None:
    scene.github.fail_next(200, path="/repos/", cut=True)
    with pytest.raises(IncompleteRead):
        scene.ask("/repos/acme/web")

    scene.github.fail_next(200, path="/repos/", cut=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        scene.client.get_repo("acme/web")
    assert scene.client.get_repo("acme/web").name == "web"


def test_a_reset_connection(scene: Scene) -> None:
    scene.github.fail_next(path="/app", reset=True)
    with pytest.raises(RemoteDisconnected):
        scene.ask("/app", token=scene.jwt())

    scene.github.fail_next(path="/repos/", reset=True)
    with pytest.raises(requests.exceptions.ConnectionError):
        scene.client.get_repo("acme/web")


def test_calls_are_counted_without_token_mints(scene: Scene) -> None:
    scene.client.get_repo("acme/web")

    assert [(call.method, call.caller) for call in scene.github.calls] == [
        ("POST", "app"),
        ("GET", f"installation {scene.installation.id}"),
    ]
    assert scene.github.count_calls() == 1
    scene.github.reset_calls()
    assert scene.github.count_calls() == 0


def test_connections_are_kept(scene: Scene) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {scene.jwt()}"
    with session:
        for _ in range(3):
            assert session.get(f"{scene.github.url}/app", timeout=5).status_code == 200
        pool = session.get_adapter(scene.github.url).poolmanager  # type: ignore[attr-defined]
        [connections] = [pool.pools[key] for key in pool.pools.keys()]  # noqa: SIM118 - no mapping

        assert connections.num_connections == 1


def test_answers_are_held_back_until_they_are_let_through(scene: Scene) -> None:
    answered: Queue[int] = Queue()

    def ask() -> None:
        answered.put(scene.ask("/repos/acme/web").status)

    with scene.github.hold("/repos/acme/web") as gate:
        askers = [Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        assert scene.ask("/rate_limit").status == 200
        assert answered.empty()
        gate.let_through(2)
        assert [answered.get(timeout=10) for _ in range(2)] == [200, 200]
        assert answered.empty()
    assert answered.get(timeout=10) == 200
    for asker in askers:
        asker.join(10)
