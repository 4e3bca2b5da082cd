"""The server was down, or GitHub kept silent: what was missed is found, and git agrees."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from demo.clone import Clone
from demo.expected import expected_lists
from demo.github import Attempt
from domain.app_checks import make_check_due
from integrations.github.errors import AppRefusedError
from jobs import Runtime, drain
from jobs.catching_up import catch_up
from jobs.recovery import EVERY, begin_checks, check_when_due, wants_check
from jobs.retention import Pruning
from jobs.schedule import sweep
from models import AppCheck, Delivery, Installation, LostDelivery, Repository
from tests.flows.world import World


@pytest.fixture
def world(world: World) -> World:
    """With GitHub's time, which its log of deliveries is kept in."""
    world.clock.at = world.moment = world.github.clock.now()
    return world


def verify_exact(world: World, *tags: str) -> None:
    expected = expected_lists(Clone(world.git.path))
    assert set(tags) <= expected.keys()
    lists = world.lists()
    assert {name: lists.get(name) for name in expected} == {
        name: ("complete", commits) for name, commits in expected.items()
    }


def lose_all(world: World) -> list[Attempt]:
    """GitHub delivers, and nobody answers."""
    return [world.github.lose(one) for one in list(world.github.queued)]


def pass_time(world: World, **by: float) -> None:
    """Here and at GitHub, whose clock acts in the test had not moved."""
    world.clock.at = world.moment = max(world.clock(), world.moment) + timedelta(**by)
    behind = world.clock() - world.github.clock.now()
    world.github.clock.advance(seconds=behind.total_seconds())


def check(world: World) -> bool:
    """A server starts, and its worker does what is due."""
    begin_checks(world.runtime)
    return check_when_due(world.runtime)


def calls(world: World) -> list[str]:
    return [call.path for call in world.github.calls if not call.mints_token]


def lost(world: World) -> list[LostDelivery]:
    with world.runtime.db.reading() as session:
        return list(session.scalars(select(LostDelivery).order_by(LostDelivery.id)))


def release(world: World, name: str) -> str:
    refs = world.git.refs("refs/heads/main")
    sha = world.commit(f"For {name}", onto=[refs[0].sha] if refs else [])
    world.push(sha)
    world.tag(name, sha)
    return sha


def test_deliveries_made_while_the_server_was_down_are_got(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    world.settle()
    check(world)
    world.work_off()
    release(world, "v1.1.0")
    world.github.publish_release(world.web, "v1.1.0", name="Out", at=world.moment)
    attempts = lose_all(world)
    pass_time(world, hours=5)

    assert check(world)
    world.work_off()

    verify_exact(world, "v1.1.0")
    assert world.release("web@1.1.0").name == "Out"
    assert len(lost(world)) == len({one.delivery.guid for one in attempts})
    assert all(one.is_here and one.ended_at for one in lost(world))
    stored = {one.guid for one in world.deliveries()}
    assert stored >= {one.delivery.guid for one in attempts}
    for attempt in attempts:  # a redelivery after all changes nothing
        again = world.github.redeliver(attempt.delivery.guid)
        assert json.loads(world.github.send(again, world.url).response_body)["status"] == "repeated"


def test_a_check_costs_one_call_where_nothing_was_lost(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    world.settle()
    check(world)
    world.work_off()
    pass_time(world, minutes=6)
    world.github.reset_calls()

    assert wants_check(world.runtime)
    drain(world.runtime)

    assert calls(world) == ["/app/hook/deliveries"]
    assert not wants_check(world.runtime)
    world.clock.advance(seconds=EVERY.total_seconds() + 1)
    assert wants_check(world.runtime)


def test_only_one_of_several_workers_asks(world: World) -> None:
    world.install()
    begin_checks(world.runtime)
    world.github.reset_calls()
    assert check_when_due(world.runtime)
    assert not check_when_due(world.runtime)
    assert calls(world).count("/app/hook/deliveries") == 1


def test_the_sweep_of_a_server_wakes_a_worker_for_the_check(world: World) -> None:
    world.install()
    assert not sweep(world.runtime)  # others sweep as well, and do not ask GitHub
    assert sweep(world.runtime, Pruning())  # an App that was never asked about
    world.github.reset_calls()
    drain(world.runtime)
    assert "/app/hook/deliveries" in calls(world)
    assert not sweep(world.runtime, Pruning())


def test_without_an_app_nobody_is_asked(runtime: Runtime) -> None:
    begin_checks(runtime)
    assert not wants_check(runtime)
    assert not check_when_due(runtime)


def test_what_github_calls_delivered_is_checked_after_a_break(world: World) -> None:
    """A backup was restored: GitHub was answered 202, and the delivery is gone."""
    world.install()
    release(world, "v1.0.0")
    world.settle()
    release(world, "v1.1.0")
    sent = [world.github.send(one, world.url) for one in list(world.github.queued)]
    with world.runtime.db.transaction() as session:
        for one in session.scalars(
            select(Delivery).where(Delivery.guid.in_([each.delivery.guid for each in sent]))
        ):
            session.delete(one)
    pass_time(world, hours=1)
    check(world)
    world.work_off()
    verify_exact(world, "v1.1.0")
    assert {one.status_code for one in lost(world)} == {0}


def test_more_than_three_tags_at_once_are_found_by_the_command(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    world.settle()
    check(world)
    world.work_off()
    tips = [
        world.commit(f"Change {number}", onto=[world.git.refs("refs/heads/main")[0].sha])
        for number in range(5)
    ]
    tags = {f"v1.{number + 1}.0": tip for number, tip in enumerate(tips)}
    world.github.push_tags(world.web, tags, at=world.moment)
    assert not world.github.queued
    world.github.reset_calls()

    done = catch_up(world.runtime)
    world.work_off()

    assert (done.repositories, done.different, done.troubles) == (1, 5, [])
    verify_exact(world, *tags)
    assert len(calls(world)) <= 12


def test_more_than_three_tags_at_once_are_found_within_the_hour(world: World) -> None:
    world.install()
    sha = release(world, "v1.0.0")
    world.settle()
    check(world)
    world.work_off()
    pass_time(world, minutes=30)
    tags = {f"v1.0.{number}": sha for number in range(1, 6)}
    world.github.push_tags(world.web, tags, at=world.moment)
    pass_time(world, minutes=31)
    assert check(world)
    world.work_off()
    verify_exact(world, *tags)
    world.github.reset_calls()
    pass_time(world, minutes=61)
    check(world)
    world.work_off()
    assert sorted(calls(world)) == [
        "/app/hook/deliveries",
        "/app/installations",
        "/installation/repositories",
    ]


def test_without_graphql_and_with_pages_of_refs(world: World) -> None:
    world.github.graphql_enabled = False
    world.install()
    sha = release(world, "v1.0.0")
    world.settle()
    tags = {f"v1.1.{number}": sha for number in range(7)}
    tags["v1.2.0"] = world.git.tag_object("v1.2.0", sha, date=world.moment)
    world.github.push_tags(world.web, tags, at=world.moment)
    tip = world.commit("Missed", onto=[sha])
    world.push(tip)
    world.github.queued.clear()
    catch_up(world.runtime)
    world.work_off()
    verify_exact(world, *tags)
    release(world, "v1.3.0")
    world.settle()
    verify_exact(world, "v1.3.0")


def test_a_guid_is_tried_a_few_times_and_no_more(world: World) -> None:
    world.install()
    release(world, "v1.0.0")
    [first, *_] = lose_all(world)
    world.github.fail_next(status=404, times=1000, path="/app/hook/deliveries/")
    begin_checks(world.runtime)
    for _ in range(8):
        check_when_due(world.runtime)
        pass_time(world, minutes=6)
    given_up = lost(world)
    assert all(one.ended_at is not None and not one.is_here for one in given_up)
    assert {one.attempts for one in given_up} == {1}  # GitHub would not even deliver it again
    world.github.world.faults.clear()
    world.github.send(world.github.redeliver(first.delivery.guid), world.url)
    world.work_off()
    assert first.delivery.guid in {one.guid for one in world.deliveries()}


def test_a_body_that_the_log_does_not_show_is_asked_for_again(world: World) -> None:
    world.install()
    check(world)
    world.work_off()
    release(world, "v1.0.0")
    attempts = lose_all(world)
    body = {"id": 1, "request": {"headers": {}, "payload": None}}
    world.github.fail_next(status=200, times=2 * len(attempts), path="/deliveries/1", body=body)
    pass_time(world, minutes=6)
    check(world)
    assert {one.attempts for one in lost(world)} == {1}
    assert {one.guid for one in world.github.queued} == {one.delivery.guid for one in attempts}
    world.settle()
    verify_exact(world, "v1.0.0")
    pass_time(world, minutes=6)
    check(world)
    assert all(one.is_here for one in lost(world))


def test_the_poison_is_bounded(world: World) -> None:
    world.install()
    check(world)
    world.work_off()
    release(world, "v1.0.0")
    attempts = lose_all(world)
    body = {"id": 1, "request": {"headers": {}, "payload": None}}
    world.github.fail_next(status=200, times=1000, path="/deliveries/1", body=body)
    for _ in range(9):
        pass_time(world, minutes=6)
        check(world)
        lose_all(world)
    assert {one.attempts for one in lost(world)} == {5}
    assert all(one.ended_at is not None for one in lost(world))
    asked = [call for call in world.github.calls if call.path.endswith("/attempts")]
    assert len(asked) == 4 * len(attempts)


FAULTS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "cut": {"status": 200, "cut": True},
    "another shape": {"status": 200, "body": {"message": "hello"}},
    "nothing": {"status": 200, "body": "null"},
    "limit": {"status": 403, "headers": {"Retry-After": "60"}},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("path", ["/app/hook/deliveries", "/app/installations"])
def test_a_check_that_fails_is_made_again(world: World, path: str, fault: dict[str, Any]) -> None:
    world.install()
    release(world, "v1.0.0")
    lose_all(world)
    world.github.fail_next(times=8, path=path, **fault)
    check(world)
    world.github.world.faults.clear()
    pass_time(world, hours=2)
    assert check_when_due(world.runtime)
    world.work_off()
    verify_exact(world, "v1.0.0")


@pytest.mark.parametrize("how", ["suspended", "uninstalled"])
def test_an_end_that_no_delivery_told_is_seen(world: World, how: str) -> None:
    world.install()
    assert world.installation is not None
    release(world, "v1.0.0")
    world.settle()
    pass_time(world, minutes=10)
    if how == "suspended":
        world.github.suspend(world.installation)
    else:
        world.github.uninstall(world.installation)
    world.github.queued.clear()
    check(world)
    world.work_off()
    with world.runtime.db.reading() as session:
        repository = session.scalars(select(Repository)).one()
        assert (repository.is_accessible, repository.lost_reason) == (False, f"the App was {how}")
        assert not session.scalars(select(Installation)).one().is_working
    if how == "suspended":
        world.github.unsuspend(world.installation)
    else:
        world.github.install(world.acme)
    world.github.queued.clear()  # and of that nobody is told either
    release(world, "v1.1.0")
    world.github.queued.clear()
    pass_time(world, hours=2)
    check(world)
    world.work_off()
    assert world.repository().is_accessible
    verify_exact(world, "v1.1.0")


def test_an_installation_of_which_nobody_told_is_taken_on(world: World) -> None:
    release(world, "v1.0.0")
    world.github.install(world.acme)
    world.github.queued.clear()
    check(world)
    with world.runtime.db.reading() as session:
        assert session.scalars(select(Installation)).all() == []  # its delivery may be on its way
    pass_time(world, hours=2)
    check(world)
    world.work_off()
    verify_exact(world, "v1.0.0")


def test_a_refused_key_is_kept_for_people_until_it_is_mended(world: World) -> None:
    world.install()
    world.github.replace_private_key()
    check(world)
    with world.runtime.db.reading() as session:
        told = session.scalars(select(AppCheck)).one()
        assert "the private key of the App" in str(told.trouble)
        assert told.trouble_since is not None
    with pytest.raises(AppRefusedError, match="give this server a key"):
        catch_up(world.runtime)


def test_only_the_named_organizations_deliveries_are_got(world: World) -> None:
    world.install()
    other = world.github.account("other", type="Organization")
    theirs = world.github.repository("other", "api")
    world.github.install(other)
    world.settle()
    pass_time(world, minutes=10)
    release(world, "v1.0.0")
    sha = theirs.git.commit({"a": "b"}, message="One", date=world.moment)
    world.github.push(theirs, "refs/heads/main", sha, at=world.moment)
    lose_all(world)
    with world.runtime.db.reading() as session:
        ours = session.scalars(
            select(Installation).where(Installation.account_login == "acme")
        ).one()
    done = catch_up(world.runtime, ours.organization_id)
    world.work_off()
    verify_exact(world, "v1.0.0")
    assert (done.deliveries.found, done.deliveries.stored) == (6, 4)
    assert [one.is_here for one in lost(world)].count(False) == 2
    done = catch_up(world.runtime)
    assert (done.deliveries.stored, done.repositories) == (2, 2)


def test_a_check_that_is_due_belongs_to_its_app(world: World) -> None:
    world.install()
    with world.runtime.db.transaction() as session:
        make_check_due(session, 4711, now=world.clock() - timedelta(days=1))
    world.github.reset_calls()
    assert not check_when_due(world.runtime)
    assert calls(world) == []
