"""GitHub fails in every way: the release exists, says why it is incomplete, and heals by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from demo.clone import Clone
from demo.expected import expected_lists
from domain.repositories import untrack_repository
from jobs import drain
from jobs.claims import MAX_ATTEMPTS
from models import Repository, Work, WorkKind
from tests.flows.world import World

HALF_AN_HOUR = timedelta(minutes=30)


def work_of(world: World, kind: WorkKind) -> Work:
    with world.runtime.db.reading() as session:
        return session.scalars(select(Work).where(Work.kind == kind)).one()


def verify_exact(world: World) -> None:
    """All deliveries worked off, and every list what git says."""
    assert {one.state for one in world.deliveries()} <= {"done", "ignored"}
    expected = expected_lists(Clone(world.git.path))
    lists = world.lists()
    assert {name: lists[name] for name in expected} == {
        name: ("complete", commits) for name, commits in expected.items()
    }


def a_history(world: World) -> list[str]:
    """Five commits and three tags, one of them annotated; nobody is told."""
    shas: list[str] = []
    for number in range(5):
        shas.append(world.commit(f"Change {number}", onto=shas[-1:]))
    world.push(shas[-1])
    world.tag("v1.0.0", shas[0])
    world.tag("v1.1.0", shas[2], annotated=True)
    world.tag("v1.2.0", shas[4])
    world.github.queued.clear()
    return shas


def tag_out_of_reach(world: World) -> str:
    """A tag on a commit that no push brought: GitHub has to be asked. Not settled."""
    base = world.commit("Base")
    world.push(base)
    world.tag("v1.0.0", base)
    world.settle()
    lost = world.commit("Pushed while nobody listened", onto=[base])
    world.push(lost)
    world.github.queued.clear()
    tip = world.commit("Tip", onto=[lost])
    world.push(tip)
    world.tag("v1.1.0", tip)
    return tip


def reset_soon(world: World) -> dict[str, str]:
    at = world.clock() + HALF_AN_HOUR
    return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(at.timestamp()))}


FAULTS: dict[str, Callable[[World], dict[str, Any]]] = {
    "500": lambda _: {"status": 500},
    "502 with a page of HTML": lambda _: {"status": 502, "body": "<html>Unicorn!</html>"},
    "200 that is no JSON": lambda _: {"status": 200, "body": "<html>"},
    "200 of another shape": lambda _: {"status": 200, "body": {"message": "hello"}},
    "200 of nothing": lambda _: {"status": 200, "body": "null"},
    "cut": lambda _: {"status": 200, "cut": True},
    "connection reset": lambda _: {"reset": True},
    "token refused once": lambda _: {"status": 401, "times": 1},
    "primary limit": lambda world: {"status": 403, "headers": reset_soon(world), "times": 1},
    "429": lambda _: {"status": 429, "headers": {"Retry-After": "120"}, "times": 1},
    "secondary limit": lambda _: {
        "status": 403,
        "body": {"message": "You have exceeded a secondary rate limit."},
        "times": 1,
    },
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_gap_is_closed_although_github_fails(
    world: World, fault: Callable[[World], dict[str, Any]]
) -> None:
    world.install()
    tag_out_of_reach(world)
    world.github.fail_next(**{"times": 5, "path": f"/{world.web.id}/compare", **fault(world)})
    world.github.send_all(world.url)
    drain(world.runtime)
    world.clock.advance(seconds=3)
    drain(world.runtime)
    head = world.head_of("v1.1.0")
    if head.state != "complete":
        assert head.cause
        assert work_of(world, WorkKind.gaps).failed_at is None
    for _ in range(6):
        world.work_off()
        world.clock.advance(minutes=20)
    verify_exact(world)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/installation/repositories", "cut"),
        ("/access_tokens", "500"),
        ("/graphql", "500"),
        ("/graphql", "200 of nothing"),
        ("/graphql", "429"),
        ("/branches", "200 of another shape"),
        ("/commits", "connection reset"),
        ("/commits", "200 of another shape"),
        ("/commits", "token refused once"),
        ("/commits", "primary limit"),
    ],
)
def test_an_import_ends_exact_although_github_fails(world: World, path: str, fault: str) -> None:
    a_history(world)
    world.github.fail_next(**{"times": 5, "path": path, **FAULTS[fault](world)})
    world.install()
    for _ in range(6):
        world.work_off()
        world.clock.advance(minutes=20)
    verify_exact(world)


@pytest.mark.slow
def test_an_outage_of_hours_is_sat_out(world: World) -> None:
    a_history(world)
    world.github.fail_next(status=503, times=10_000, path="/commits")
    world.installation = world.github.install(world.acme)
    world.github.send_all(world.url)
    for _ in range(MAX_ATTEMPTS + 2):
        world.clock.advance(minutes=10)
        drain(world.runtime)
    head = world.head_of("v1.2.0")
    assert (head.state, work_of(world, WorkKind.history).failed_at) == ("incomplete", None)
    assert head.cause is not None
    assert "HTTP 503" in head.cause
    world.github.world.faults.clear()
    world.work_off()
    verify_exact(world)


def test_a_limit_moves_the_work_and_nobody_sleeps(world: World) -> None:
    world.install()
    tag_out_of_reach(world)
    world.github.limit(0, 1800)
    world.github.send_all(world.url)
    drain(world.runtime)
    world.clock.advance(seconds=3)
    drain(world.runtime)
    work = work_of(world, WorkKind.gaps)
    assert work.due_at is not None
    assert work.due_at > world.github.clock.now() + timedelta(minutes=29)
    head = world.head_of("v1.1.0")
    assert head.state == "incomplete"
    assert "rate limit" in str(head.cause)
    world.github.limit(5000, 3600)
    world.clock.at = work.due_at
    world.work_off()
    verify_exact(world)


def test_without_graphql_tags_come_by_rest(world: World) -> None:
    world.github.graphql_enabled = False
    a_history(world)
    world.install()
    verify_exact(world)


def test_a_revoked_token_is_minted_anew(world: World) -> None:
    world.install()
    tag_out_of_reach(world)
    world.github.revoke_tokens()
    world.settle()
    verify_exact(world)


def test_histories_without_a_common_ancestor(world: World) -> None:
    world.install()
    first = world.commit("First root")
    world.push(first)
    world.tag("v1.0.0", first)
    world.settle()
    second = world.commit("Second root")
    middle = world.commit("On it", onto=[second])
    world.push(middle, "rewrite")
    world.tag("v2.0.0", middle)
    world.settle()
    verify_exact(world)


def test_pushes_go_on_during_the_import(world: World) -> None:
    shas = a_history(world)
    world.github.install(world.acme)
    world.github.send_all(world.url)
    for number in range(8):  # a delivery between any two slices
        shas.append(world.commit(f"Meanwhile {number}", onto=[shas[-1]]))
        world.push(shas[-1])
        if number % 3 == 2:
            world.tag(f"v1.3.{number}", shas[-1])
        world.github.send_all(world.url)
        world.clock.advance(seconds=1)
        drain(world.runtime)
    world.settle()
    verify_exact(world)


def test_suspended_and_restored(world: World) -> None:
    world.install()
    assert world.installation is not None
    tag_out_of_reach(world)
    world.github.suspend(world.installation)
    world.settle()
    head = world.head_of("v1.1.0")
    assert head.state == "incomplete"
    assert "no installation shows acme/web" in str(head.cause)
    world.github.unsuspend(world.installation)
    world.settle()
    verify_exact(world)


def test_suspended_before_we_are_told(world: World) -> None:
    world.install()
    assert world.installation is not None
    tag_out_of_reach(world)
    pushes = list(world.github.queued)
    world.github.suspend(world.installation)
    for delivery in pushes:
        world.github.send(delivery, world.url)
    world.work_off()
    assert "HTTP 403" in str(world.head_of("v1.1.0").cause)
    world.settle()
    world.github.unsuspend(world.installation)
    world.settle()
    verify_exact(world)


def test_uninstalled_in_the_middle_of_the_import_and_installed_again(world: World) -> None:
    shas = a_history(world)
    old = world.github.install(world.acme)
    world.github.send_all(world.url)
    world.github.uninstall(old)
    world.work_off()
    world.settle()
    assert not world.repository().is_accessible
    late = world.github.attempts[0].delivery  # `created` of the old one, once more
    world.install()
    new = world.commit("New", onto=[shas[-1]])
    world.push(new)
    world.tag("v2.0.0", new)
    world.github.send(late, world.url)
    world.settle()
    verify_exact(world)
    with world.runtime.db.reading() as session:
        assert len(session.scalars(select(Repository)).all()) == 1


def test_a_lost_installation_deletes_no_tag(world: World) -> None:
    """404 says that we may not look, not that what we look for is gone."""
    world.install()
    assert world.installation is not None
    tag_out_of_reach(world)
    creates = [one for one in world.github.queued if one.event != "push"]
    world.github.queued.clear()
    world.github.uninstall(world.installation)
    for delivery in creates:
        world.github.send(delivery, world.url)
    world.work_off()
    world.settle()
    world.install()
    assert world.head_of("v1.1.0").is_withdrawn is False
    verify_exact(world)


def test_a_repository_that_is_not_shown_loses_no_tag(world: World) -> None:
    world.install()
    tag_out_of_reach(world)
    creates = [one for one in world.github.queued if one.event != "push"]
    world.github.queued.clear()
    world.github.fail_next(status=404, times=100, path=f"/repositories/{world.web.id}")
    for delivery in creates:
        world.github.send(delivery, world.url)
    world.work_off()
    world.github.world.faults.clear()
    tip = world.commit("Later", onto=[world.git.refs("refs/heads/main")[0].sha])
    world.push(tip)
    world.settle()
    verify_exact(world)


def test_repositories_removed_and_added(world: World) -> None:
    world.install()
    assert world.installation is not None
    tag_out_of_reach(world)
    world.settle()
    world.github.remove_repositories(world.installation, [world.web])
    world.settle()
    assert not world.repository().is_accessible
    missed = world.commit("Missed", onto=[world.git.refs("refs/heads/main")[0].sha])
    world.push(missed)
    world.github.add_repositories(world.installation, [world.web])
    later = world.commit("Later", onto=[missed])
    world.push(later)
    world.tag("v1.2.0", later)
    world.settle()
    assert world.repository().is_accessible
    verify_exact(world)


def test_removed_and_added_in_the_wrong_order(world: World) -> None:
    world.install()
    assert world.installation is not None
    world.github.remove_repositories(world.installation, [world.web])
    world.github.add_repositories(world.installation, [world.web])
    world.github.queued.reverse()
    world.settle()
    assert world.repository().is_accessible


def test_renamed_archived_and_deleted(world: World) -> None:
    world.install()
    tag_out_of_reach(world)
    world.github.rename(world.web, "shop")
    world.github.archive(world.web)
    world.settle()
    repository = world.repository()
    assert (repository.full_name, repository.is_archived) == ("acme/shop", True)
    verify_exact(world)
    world.github.delete_repository(world.web)
    world.settle()
    assert not world.repository().is_accessible
    assert world.lists()["v1.1.0"][0] == "complete"


def test_untracked_in_the_middle_of_the_import(world: World) -> None:
    a_history(world)
    world.github.fail_next(**FAULTS["429"](world), path="/commits")
    world.github.install(world.acme)
    world.github.send_all(world.url)
    drain(world.runtime)
    assert work_of(world, WorkKind.history).due_at is not None
    with world.runtime.db.transaction() as session:
        for repository in session.scalars(select(Repository)):
            untrack_repository(session, repository)
    world.github.reset_calls()
    world.push(world.commit("Not ours"), "side")
    world.settle()
    assert world.github.count_calls(f"/{world.web.id}") == 0
    pushed = [one for one in world.deliveries() if one.event == "push"]
    assert {one.reason for one in pushed} == {"repository not tracked"}
    assert world.head_of("v1.2.0").state == "incomplete"


def test_four_tags_at_once_are_seen_by_the_import(world: World) -> None:
    shas = a_history(world)
    world.github.push_tags(world.web, {f"v2.0.{number}": shas[number] for number in range(4)})
    world.install()
    verify_exact(world)
