"""Working the inbox of events off: batches, one that spoils them, leases, turns with other work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from jobs import Runtime, drain
from jobs.claims import FIRST_DELAY, MAX_ATTEMPTS, WORKER_DIED, LeaseLostError
from jobs.digest import (
    BATCH_BYTES,
    BATCH_EVENTS,
    FAILURES_KEPT,
    Batch,
    claim_batches,
    count_together,
    digest_batch,
)
from jobs.schedule import sweep
from jobs.status import count_events, read_queue
from jobs.tasks import take_back, work_off
from jobs.worker import open_queue
from models import Delivery, DeliveryState, ReceivedEvent, ReceivedState
from tests.clock import Clock, Ticks
from tests.inbox import make_delivery, make_received_event
from tests.webapp.conftest import StatementCounter

SPOILT = b'{"a":'  # never stored by the intake, which would have refused it


def rows(runtime: Runtime) -> Sequence[ReceivedEvent]:
    with runtime.db.reading() as session:
        return session.scalars(select(ReceivedEvent).order_by(ReceivedEvent.id)).all()


def claim(runtime: Runtime) -> list[Batch]:
    with runtime.db.transaction() as session:
        return list(claim_batches(session, now=runtime.now()).batches)


def ids(batch: Batch) -> list[int]:
    return [one.id for one in batch.claims]


def test_what_is_digested_leaves_the_inbox(runtime: Runtime, clock: Clock) -> None:
    for _ in range(3):
        make_received_event(runtime.db, at=clock.at)
    assert sweep(runtime)
    assert drain(runtime) == 1
    assert rows(runtime) == []
    assert not sweep(runtime)


def test_batches_are_of_one_project_in_order_of_receipt(runtime: Runtime, clock: Clock) -> None:
    made = [
        make_received_event(runtime.db, at=clock.at, project_id=project_id)
        for project_id in (2, 1, 2, 1, 3)
    ]
    second, first = (
        make_received_event(runtime.db, at=clock.at - timedelta(seconds=back), project_id=9)
        for back in (1, 2)
    )
    found = claim(runtime)
    assert [(batch.project_id, ids(batch)) for batch in found] == [
        (1, [made[1].id, made[3].id]),
        (2, [made[0].id, made[2].id]),
        (3, [made[4].id]),
        (9, [second.id, first.id]),
    ]
    assert claim(runtime) == []
    assert {row.state for row in rows(runtime)} == {ReceivedState.running}


def test_what_has_waited_longest_comes_first(runtime: Runtime, clock: Clock) -> None:
    for _ in range(BATCH_EVENTS):
        make_received_event(runtime.db, at=clock.at)
    oldest = make_received_event(runtime.db, at=clock.at - timedelta(seconds=1))
    later = make_received_event(runtime.db, at=clock.at + timedelta(seconds=1))
    [batch] = claim(runtime)
    assert oldest.id in ids(batch)
    assert len(batch.claims) == BATCH_EVENTS
    assert len(claim(runtime)) == 1
    assert claim(runtime) == []
    clock.advance(seconds=1)
    assert [ids(batch) for batch in claim(runtime)] == [[later.id]]


@pytest.mark.parametrize(
    ("due", "together"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([(1, 0)] * 5, 5, id="small ones"),
        pytest.param([(BATCH_BYTES + 1, 0), (1, 0)], 1, id="a large one alone"),
        pytest.param([(BATCH_BYTES, 0), (1, 0)], 1, id="up to the limit"),
        pytest.param([(1, 0), (1, 0), (1, 1), (1, 0)], 2, id="up to one that failed"),
        pytest.param([(1, 3), (1, 0)], 1, id="one that failed, alone"),
    ],
)
def test_what_makes_a_batch(due: list[tuple[int, int]], together: int) -> None:
    assert count_together(due) == together


@pytest.mark.parametrize(
    ("size", "attempts", "is_full"),
    [(1, 0, False), (BATCH_BYTES // 2, 0, True), (1, 1, False)],
    ids=["small ones", "large ones", "ones that failed"],
)
def test_when_a_batch_is_full(
    runtime: Runtime, clock: Clock, size: int, attempts: int, is_full: bool
) -> None:
    """Of which two in a row start a process."""
    for _ in range(3):
        make_received_event(runtime.db, at=clock.at, size=size, attempts=attempts)
    with runtime.db.transaction() as session:
        assert claim_batches(session, now=clock.at).is_full == is_full


def test_a_bad_event_fails_alone(runtime: Runtime, clock: Clock) -> None:
    for body in (b"{}", SPOILT, b"{}"):
        make_received_event(runtime.db, at=clock.at, body=body)
    drain(runtime)

    [row] = rows(runtime)
    assert (row.body, row.state, row.attempts) == (SPOILT, ReceivedState.received, 1)
    assert (row.reason or "").startswith("JSONDecodeError")
    assert clock.at < row.due_at <= clock.at + FIRST_DELAY
    for _ in range(MAX_ATTEMPTS):
        clock.advance(hours=1)
        make_received_event(runtime.db, at=clock.at)
        drain(runtime)
    [row] = rows(runtime)
    assert (row.state, row.attempts) == (ReceivedState.failed, MAX_ATTEMPTS)


def test_who_is_killed_with_a_bad_event_is_not_given_up_with_it(
    runtime: Runtime, clock: Clock
) -> None:
    made = [make_received_event(runtime.db, at=clock.at) for _ in range(3)]
    [batch] = claim(runtime)
    assert len(batch.claims) == 3
    take_back(runtime, all_of_them=True)
    assert {row.reason for row in rows(runtime)} == {WORKER_DIED}

    assert [ids(batch) for batch in claim(runtime)] == [[made[0].id]]
    fresh = make_received_event(runtime.db, at=clock.at)
    drain(runtime)
    assert [row.id for row in rows(runtime)] == [made[0].id]
    assert fresh.id not in [row.id for row in rows(runtime)]


def test_what_is_digested_alone_does_not_wait_for_more(runtime: Runtime, clock: Clock) -> None:
    """After a worker's death, a whole batch: at five a second it would hold up all that follow."""
    live = replace(runtime, ticks=Ticks())  # which stand still: what waits, waits for ever
    queue = open_queue(live)
    for _ in range(5):
        make_received_event(runtime.db, at=clock.at)
    assert len(claim(runtime)) == 1
    take_back(runtime, all_of_them=True)
    for _ in range(3):
        make_received_event(runtime.db, at=clock.at)
    work_off(live)
    left = len(rows(runtime))
    make_received_event(runtime.db, at=clock.at)
    work_off(live)
    queue.close()
    assert left == 0
    assert len(rows(runtime)) == 1  # it gathers others


def test_who_lost_the_lease_digests_nothing(runtime: Runtime, clock: Clock) -> None:
    kept, _ = (make_received_event(runtime.db, at=clock.at) for _ in range(2))
    [lost] = claim(runtime)
    clock.advance(minutes=30)
    take_back(runtime)
    [held] = claim(runtime)
    assert ids(held) == [kept.id]

    with pytest.raises(LeaseLostError):
        digest_batch(runtime, lost)
    assert len(rows(runtime)) == 2
    digest_batch(runtime, held)
    assert kept.id not in [row.id for row in rows(runtime)]


def test_a_batch_costs_few_statements(runtime: Runtime, clock: Clock) -> None:
    counts = []
    runtime.app_settings()  # asked of the database every few seconds, whatever there is to do
    for number in (2, BATCH_EVENTS):
        for _ in range(number):
            make_received_event(runtime.db, at=clock.at)
        with StatementCounter().on(runtime.db) as counter:
            drain(runtime)
        counts.append(len(counter.statements))
    assert counts[0] == counts[1]


def test_neither_flood_keeps_the_other_out(runtime: Runtime, clock: Clock) -> None:
    for _ in range(3 * BATCH_EVENTS):
        make_received_event(runtime.db, at=clock.at)
    for _ in range(3):
        make_delivery(runtime.db, at=clock.at)
    assert not work_off(runtime, seconds=0)  # one turn

    with runtime.db.reading() as session:
        states = session.scalars(select(Delivery.state)).all()
    assert states.count(DeliveryState.received) == 2
    assert len(rows(runtime)) == 2 * BATCH_EVENTS


def test_failures_are_kept_for_a_while(runtime: Runtime, clock: Clock) -> None:
    make_received_event(runtime.db, at=clock.at, body=SPOILT, attempts=MAX_ATTEMPTS - 1)
    drain(runtime)
    with runtime.db.reading() as session:
        assert count_events(session) == {"received": 0, "running": 0, "failed": 1}
        queue = read_queue(session, now=clock.at)
        assert (queue.pending_jobs, queue.failed_jobs) == (0, 1)
    clock.at += FAILURES_KEPT - timedelta(seconds=1)
    sweep(runtime)
    assert len(rows(runtime)) == 1
    clock.advance(seconds=1)
    sweep(runtime)
    assert rows(runtime) == []


def test_what_waits_is_pending(runtime: Runtime, clock: Clock) -> None:
    make_received_event(runtime.db, at=clock.at)
    make_received_event(runtime.db, at=clock.at - timedelta(seconds=5))
    with runtime.db.reading() as session:
        queue = read_queue(session, now=clock.at)
    assert (queue.pending_jobs, queue.oldest_pending_seconds) == (2, 5.0)
