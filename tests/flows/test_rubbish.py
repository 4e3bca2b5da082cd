"""Deliveries that are odd in one known way each, posted signed: their end, and that work goes on."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from demo.github.deliveries import sign
from models import Delivery
from tests.flows.world import World

Change = Callable[[dict[str, Any]], object]
GLYPHS = "".join(chr(0x4E00 + 7 * number % 20_000) for number in range(4_000))


def commit_like(payload: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
    return {**payload["commits"][-1], "id": f"{number:040x}", **changes}


def many_commits(payload: dict[str, Any]) -> None:
    more = [commit_like(payload, number + 1) for number in range(2_047)]
    payload["commits"] = more + payload["commits"][-1:]


PUSHES: dict[str, tuple[str, Change]] = {
    "2,048 commits": ("done", many_commits),
    "3,000 files": (
        "done",
        lambda p: p["commits"][-1].update(added=[f"{n}/x" for n in range(3_000)]),
    ),
    "no files": ("done", lambda p: p["commits"][-1].update(added=[], removed=[], modified=[])),
    "a long path": ("done", lambda p: p["commits"][-1].update(added=[GLYPHS, GLYPHS + "x"])),
    "NUL and half pairs": (
        "done",
        lambda p: p["commits"][-1].update(
            message="Fixes \x00WEB-1\ud800",
            added=["a\x00b", "\udfff"],
            author={"name": "\x00\ud800", "email": "a\x00@b", "username": "\x00"},
        ),
    ),
    "a commit twice": ("done", lambda p: p["commits"].append(p["commits"][-1])),
    "before is after": ("done", lambda p: p.update(before=p["after"])),
    "after not listed": ("done", lambda p: p.update(after="a" * 40)),
    "commit without author": ("ignored", lambda p: p["commits"][-1].update(author=None)),
    "author of nothing": ("done", lambda p: p["commits"][-1].update(author={})),
    "upper-case commit": ("ignored", lambda p: p["commits"][-1].update(id="A" * 40)),
    "short commit": ("ignored", lambda p: p["commits"][-1].update(id="abc1234")),
    "no commits": ("ignored", lambda p: p.update(commits=None)),
    "year 0": ("done", lambda p: p["commits"][-1].update(timestamp="0000-01-01T00:00:00Z")),
    "year 1": ("done", lambda p: p["commits"][-1].update(timestamp="0001-01-01T00:00:00+14:00")),
    "year 9999": ("done", lambda p: p["commits"][-1].update(timestamp="9999-12-31T23:59:59-12:00")),
    "year 99999": ("done", lambda p: p["commits"][-1].update(timestamp="99999-01-01T00:00:00Z")),
    "an odd offset": (
        "done",
        lambda p: p["commits"][-1].update(timestamp="2026-03-01T00:00:00+23:59"),
    ),
    "a long branch": ("ignored", lambda p: p.update(ref="refs/heads/" + "x" * 600)),
    "neither branch nor tag": ("ignored", lambda p: p.update(ref="refs/notes/x")),
    "no repository": ("ignored", lambda p: p.pop("repository")),
    "repository id of 10**400": ("ignored", lambda p: p["repository"].update(id=10**400)),
    "repository id of 2**63": ("ignored", lambda p: p["repository"].update(id=2**63)),
    "negative repository id": ("ignored", lambda p: p["repository"].update(id=-1)),
    "a fraction as id": ("ignored", lambda p: p["repository"].update(id=1.5)),
    "infinity as id": ("ignored", lambda p: p["repository"].update(id=float("inf"))),
    "another repository, of a long name": (
        "done",
        lambda p: p["repository"].update(id=2**62, full_name="acme/" + "n" * 200),
    ),
    "no owner": ("ignored", lambda p: p["repository"].pop("owner")),
    "no installation": ("ignored", lambda p: p.pop("installation")),
    "unknown installation": ("ignored", lambda p: p.update(installation={"id": 2**62})),
    "all of it null": ("ignored", lambda p: p.update(dict.fromkeys(p))),
}
TAGS: dict[str, tuple[str, str]] = {
    "no version": ("ignored", "latest"),
    "percent": ("done", "a%2Fb/v1.0.0"),
    "slashes": ("done", "a/b/c/v1.0.0"),
    "unicode": ("done", "é漢😀/v1.0.0"),
    "as long as there is room": ("done", "é" * 490 + "/v1.0.0"),
    "glyphs as long as there is room": ("done", GLYPHS[:490] + "/v1.0.0"),
    "too long": ("ignored", "x" * 600 + "/v1.0.0"),
    "a version of many digits": ("done", "v1." + "9" * 480),
    "NUL": ("done", "v1.0.0\x00"),
}


def post(world: World, event: str, payload: dict[str, Any]) -> Delivery:
    """Send the payload, signed; what became of it."""
    body, guid = json.dumps(payload).encode(), str(uuid4())
    real = world.github.attempts[-1].delivery
    headers = {**real.headers, "X-GitHub-Event": event, "X-GitHub-Delivery": guid}
    headers |= sign(body, world.github.app.webhook_secret)
    assert world.github.send(
        replace(real, guid=guid, body=body, headers=headers, attempts=[]), world.url
    ).succeeded
    world.work_off()
    return next(one for one in world.deliveries() if one.guid == guid)


def push_of(world: World) -> dict[str, Any]:
    """The payload of a real push of two commits, which is delivered as well."""
    world.install()
    world.issue()
    one = world.commit("One")
    world.push(one)
    world.settle()
    two = world.commit("Two", onto=[one])
    three = world.commit("Three", onto=[two])
    world.push(three)
    payload = copy.deepcopy(world.github.queued[-1].payload)
    world.github.queued.clear()
    return payload


def verify_work_goes_on(world: World) -> None:
    tip = world.git.refs("refs/heads/main")[0].sha
    later = world.commit("Later", onto=[tip])
    world.push(later)
    world.tag("v9.0.0", later)
    world.settle()
    assert world.lists()["v9.0.0"] == ("complete", frozenset(world.git.rev_list([later])))


@pytest.mark.parametrize(("state", "change"), PUSHES.values(), ids=PUSHES.keys())
def test_an_odd_push(world: World, state: str, change: Change) -> None:
    payload = push_of(world)
    change(payload)
    ended = post(world, "push", payload)
    assert ended.state == state, ended.reason
    assert state == "done" or ended.reason
    verify_work_goes_on(world)


def test_odd_tags(world: World) -> None:
    payload = push_of(world)
    head = world.git.refs("refs/heads/main")[0].sha
    payload |= {"commits": [], "before": "0" * 40, "after": head}
    ends = {}
    for name, (_, tag) in TAGS.items():
        ends[name] = post(world, "push", {**payload, "ref": f"refs/tags/{tag}"}).state
    assert ends == {name: state for name, (state, _) in TAGS.items()}
    assert len(world.versions()) == len([1 for state, _ in TAGS.values() if state == "done"])


def test_spans_that_contradict_one_another(world: World) -> None:
    """Each commit said to be pushed onto the other: nothing of it is believed for ever."""
    payload = push_of(world)
    one, two = "1" * 40, "2" * 40
    for before, after in ((one, two), (two, one)):
        commits = [{**payload["commits"][-1], "id": after}]
        circle = {**payload, "before": before, "after": after, "commits": commits}
        assert post(world, "push", circle).state == "done"
    tag = {
        **payload,
        "before": "0" * 40,
        "after": one,
        "commits": [],
        "ref": "refs/tags/api/v3.0.0",
    }
    tag["head_commit"] = {**payload["commits"][-1], "id": one}
    assert post(world, "push", tag).state == "done"
    assert world.head_of("api/v3.0.0").state == "incomplete"
    verify_work_goes_on(world)


def test_a_large_number_of_a_pull_request(world: World) -> None:
    world.install()
    one = world.commit("One")
    world.push(one)
    world.push(world.commit("Two", onto=[one]), "side")
    world.github.open_pull_request(world.web, "side", title="It")
    payload = copy.deepcopy(world.github.queued[-1].payload)
    world.settle()
    payload["pull_request"]["number"] = 2**31
    ended = post(world, "pull_request", payload)
    assert (ended.state, ended.reason) == (
        "ignored",
        "not understood: pull_request.number is not an id",
    )
