"""An import that people pause, resume, begin again or try again, and what its releases say meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.errors import InvalidError
from domain.import_control import change_import
from domain.list_states import IMPORT_PAUSED_REMEDY, IMPORT_REMEDY
from domain.provenance import Why
from domain.repositories import regain_repository, track_repository, untrack_repository
from domain.repository_queries import find_progress
from jobs import drain
from jobs.claims import (
    DELIVERIES,
    WORK,
    claim_next,
    find_claimed,
    postpone,
    retry_later,
    retry_or_give_up,
)
from jobs.schedule import sweep
from jobs.tasks import attempt, process_delivery, process_work, take_back
from models import Activity, Head, Repository, Work
from tests.flows.ends import verify_lists
from tests.flows.histories import straight
from tests.flows.world import World


def repository_in(session: Session, world: World) -> Repository:
    return session.scalars(select(Repository).where(Repository.github_id == world.web.id)).one()


def act(world: World, action: str) -> None:
    with world.runtime.db.transaction() as session:
        why = Why(world.clock(), source="person", actor="ana")
        change_import(session, repository_in(session, world), action, why=why)


def work(world: World) -> Work:
    [found] = world.work("history")
    return found


def run_slices(world: World, number: int) -> None:
    """Some slices of the import by hand, as a worker does them."""
    for _ in range(number):
        with world.runtime.db.transaction() as session:
            claim = claim_next(session, WORK, now=world.clock())
        assert claim is not None
        process_work(world.runtime, claim)


@pytest.fixture
def begun(world: World) -> World:
    """620 commits and 31 tags, of which the import has read the tags and 500 commits."""
    straight(world.git, commits=620, tags=31)
    world.github.install(world.acme)
    world.github.send_all(world.url)
    with world.runtime.db.transaction() as session:
        claim = claim_next(session, DELIVERIES, now=world.clock())
    assert claim is not None
    attempt(world.runtime, claim, process=process_delivery)
    with world.runtime.db.transaction() as session:  # the listing is another story
        session.execute(update(Work).where(Work.kind == "repositories").values(due_at=None))
    run_slices(world, 3)  # the start, a page of tags, five pages of commits
    assert work(world).progress["commits"] == 500
    return world


def test_releases_are_there_while_it_runs_and_say_so(begun: World) -> None:
    assert len(begun.versions()) == 31
    head = begun.head_of("v1.1.0")
    assert (head.cause, head.remedy) == ("tags only until the import is complete", IMPORT_REMEDY)
    act(begun, "pause")
    assert begun.head_of("v1.1.0").remedy == IMPORT_PAUSED_REMEDY
    act(begun, "resume")
    assert begun.head_of("v1.1.0").remedy == IMPORT_REMEDY
    begun.work_off()
    assert begun.head_of("v1.1.0").cause is None
    verify_lists(begun.runtime.db, begun.web)


def test_nothing_wakes_what_is_paused_but_a_person(begun: World) -> None:
    act(begun, "pause")
    calls = begun.github.count_calls()
    [main] = begun.git.resolve(["refs/heads/main"])
    assert main is not None
    later = begun.commit("After", onto=[main])
    begun.push(later)
    begun.tag("v9.0.0", later)
    begun.clock.at += timedelta(days=1)
    sweep(begun.runtime)
    take_back(begun.runtime, all_of_them=True)  # as a worker does that starts
    begun.settle()
    with begun.runtime.db.transaction() as session:
        repository = repository_in(session, begun)
        track_repository(session, repository, now=begun.clock())
        regain_repository(session, repository, now=begun.clock())
    drain(begun.runtime)

    assert work(begun).due_at is None
    assert work(begun).paused_at is not None
    assert work(begun).progress["commits"] == 500
    assert begun.github.count_calls() == calls
    assert begun.head_of("v9.0.0").state == "incomplete"

    act(begun, "resume")
    begun.work_off()
    assert work(begun).paused_at is None
    verify_lists(begun.runtime.db, begun.web)


@pytest.mark.parametrize("how", ["done", "limited", "unreachable", "failed"])
def test_paused_while_a_slice_runs(begun: World, how: str) -> None:
    now = begun.clock()
    with begun.runtime.db.transaction() as session:
        claim = claim_next(session, WORK, now=now)
    assert claim is not None
    act(begun, "pause")
    if how == "done":
        process_work(begun.runtime, claim)
        assert work(begun).progress["commits"] == 620  # what was fetched is kept
    else:
        with begun.runtime.db.transaction() as session:
            row = find_claimed(session, claim)
            if how == "limited":
                postpone(row, claim, until=now, reason="limit")
            elif how == "unreachable":
                retry_later(row, claim, reason="no route", now=now)
            else:
                retry_or_give_up(row, claim, reason="a bug", now=now)
    paused = work(begun)
    assert (paused.due_at, paused.claimed_until, paused.finished_at) == (None, None, None)
    assert paused.paused_at is not None


def test_tracking_anew_ends_a_pause(begun: World) -> None:
    act(begun, "pause")
    with begun.runtime.db.transaction() as session:
        repository = repository_in(session, begun)
        untrack_repository(session, repository)
        track_repository(session, repository, now=begun.clock())
    begun.work_off()
    verify_lists(begun.runtime.db, begun.web)


def test_again_from_the_start_loses_nothing_and_heals_lists(begun: World) -> None:
    begun.work_off()
    versions, lists = begun.versions(), begun.lists()
    with begun.runtime.db.transaction() as session:  # as a bug might have left it
        session.execute(update(Head).where(Head.name == "v1.2.0").values(compared_with="wrong"))
    act(begun, "again")
    assert begun.repository().is_history_known  # so pushes find what they need meanwhile
    run_slices(begun, 3)
    with begun.runtime.db.reading() as session:
        progress = find_progress(session, repository_in(session, begun))
    assert progress is not None
    assert progress.is_running
    assert progress.commits == 500
    assert begun.lists() == lists
    begun.work_off()
    assert begun.versions() == versions
    assert begun.lists() == lists
    assert begun.head_of("v1.2.0").compared_with == "v1.1.80"


def test_what_was_given_up_says_why_and_can_be_tried_again(begun: World) -> None:
    with begun.runtime.db.transaction() as session:
        session.execute(
            update(Work)
            .where(Work.kind == "history")
            .values(failed_at=begun.clock(), reason="AccessDeniedError: no")
        )
    drain(begun.runtime)
    assert work(begun).failed_at is not None
    act(begun, "retry")
    begun.work_off()
    verify_lists(begun.runtime.db, begun.web)


def test_each_act_is_a_line_and_what_makes_no_sense_is_refused(begun: World) -> None:
    for wrong in ("resume", "retry", "burn"):
        with pytest.raises(InvalidError):
            act(begun, wrong)
    for right in ("pause", "pause", "resume", "again"):
        act(begun, right)
    begun.work_off()
    with pytest.raises(InvalidError, match="nothing to pause"):
        act(begun, "pause")
    with begun.runtime.db.reading() as session:
        query = select(Activity).where(Activity.kind.startswith("import_")).order_by(Activity.id)
        told = [(one.kind, one.actor) for one in session.scalars(query)]
    assert told == [
        ("import_paused", "ana"),
        ("import_resumed", "ana"),
        ("import_begun_again", "ana"),
    ]
