"""Working off what is due: outcome, retry, giving up, leases. Failures here have real causes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from integrations.github.errors import AccessDeniedError, GitHubError, RateLimitedError
from jobs import Runtime, drain
from jobs.claims import (
    DELIVERIES,
    FIRST_DELAY,
    LONGEST_DELAY,
    MAX_ATTEMPTS,
    WORK,
    WORKER_DIED,
    Claim,
    LeaseLostError,
    claim_next,
    delay_after,
    find_claimed,
    postpone,
    retry_or_give_up,
)
from jobs.schedule import sweep
from jobs.tasks import Process, attempt, process_delivery, take_back
from models import Delivery, DeliveryState, Work
from tests.clock import Clock
from tests.inbox import make_delivery, make_work


def reload(runtime: Runtime, row: Delivery) -> Delivery:
    with runtime.db.reading() as session:
        return session.scalars(select(Delivery).where(Delivery.id == row.id)).one()


def reload_work(runtime: Runtime, row: Work) -> Work:
    with runtime.db.reading() as session:
        return session.scalars(select(Work).where(Work.id == row.id)).one()


def claim(runtime: Runtime) -> Claim | None:
    with runtime.db.transaction() as session:
        return claim_next(session, DELIVERIES, now=runtime.now())


def fail(error: Exception) -> Process:
    """A way to process a row that ends in *error*."""

    def process(_runtime: Runtime, _claim: Claim) -> None:
        raise error

    return process


def test_rows_are_claimed_in_order_of_receipt(runtime: Runtime, clock: Clock) -> None:
    second = make_delivery(runtime.db, at=clock.at)
    first = make_delivery(runtime.db, at=clock.at - timedelta(seconds=1))
    third = make_delivery(runtime.db, at=clock.at)

    claims = [claim(runtime) for _ in range(4)]

    assert [c and c.id for c in claims] == [first.id, second.id, third.id, None]
    assert reload(runtime, first).state == DeliveryState.running


def test_nothing_is_claimed_before_it_is_due(runtime: Runtime, clock: Clock) -> None:
    make_delivery(runtime.db, at=clock.at + timedelta(seconds=1))

    assert claim(runtime) is None
    assert not sweep(runtime)
    clock.advance(seconds=1)
    assert sweep(runtime)
    assert claim(runtime) is not None


def test_who_lost_the_lease_writes_nothing(runtime: Runtime, clock: Clock) -> None:
    delivery = make_delivery(runtime.db, at=clock.at)
    lost = claim(runtime)
    clock.advance(minutes=30)
    take_back(runtime)
    held = claim(runtime)
    assert lost is not None
    assert held is not None
    assert held.attempts == 2

    with pytest.raises(LeaseLostError):
        process_delivery(runtime, lost)
    assert reload(runtime, delivery).state == DeliveryState.running

    process_delivery(runtime, held)
    assert reload(runtime, delivery).is_finished


def test_a_live_lease_is_left_alone_unless_nobody_can_be_alive(
    runtime: Runtime, clock: Clock
) -> None:
    delivery = make_delivery(runtime.db, at=clock.at)
    claim(runtime)

    assert not sweep(runtime)
    assert take_back(runtime) == 0
    assert take_back(runtime, all_of_them=True) == 1

    taken = reload(runtime, delivery)
    assert (taken.state, taken.reason) == (DeliveryState.received, WORKER_DIED)
    assert drain(runtime) == 1


def test_what_kills_its_workers_is_given_up(runtime: Runtime, clock: Clock) -> None:
    delivery = make_delivery(runtime.db, at=clock.at)
    for _ in range(MAX_ATTEMPTS):
        assert claim(runtime) is not None
        take_back(runtime, all_of_them=True)

    assert claim(runtime) is None
    assert reload(runtime, delivery).state == DeliveryState.failed


def test_a_failure_is_tried_again_later_and_later(runtime: Runtime, clock: Clock) -> None:
    delivery = make_delivery(runtime.db, at=clock.at)
    waits = []
    for tries in range(1, MAX_ATTEMPTS + 1):
        held = claim(runtime)
        assert held is not None
        attempt(runtime, held, process=fail(ValueError("no such thing")))
        row = reload(runtime, delivery)
        assert (row.reason, row.attempts) == ("ValueError: no such thing", tries)
        assert row.claimed_until is None
        if tries < MAX_ATTEMPTS:
            assert row.state == DeliveryState.received
            waits.append(row.due_at - clock.at)
            assert claim(runtime) is None
            clock.at = row.due_at
    assert row.state == DeliveryState.failed
    assert claim(runtime) is None
    assert waits == sorted(waits)


def test_delays_grow_to_a_cap_with_jitter() -> None:
    for attempts in range(1, 20):
        delays = {delay_after(attempts) for _ in range(50)}
        full = min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)
        assert len(delays) > 1
        assert full * 0.75 <= min(delays) <= max(delays) <= full


def test_a_rate_limit_is_no_attempt(runtime: Runtime, clock: Clock) -> None:
    work = make_work(runtime.db, due_at=clock.at)
    until = clock.at + timedelta(minutes=40)
    for _ in range(MAX_ATTEMPTS + 1):
        with runtime.db.transaction() as session:
            held = claim_next(session, WORK, now=clock.at)
        assert held is not None
        attempt(runtime, held, process=fail(RateLimitedError("slow down", until=until)))
        row = reload_work(runtime, work)
        assert (row.attempts, row.due_at, row.failed_at) == (0, until, None)
        assert row.reason == "slow down"
        with runtime.db.transaction() as session:
            session.execute(update(Work).values(due_at=clock.at))


@pytest.mark.parametrize(
    ("error", "is_given_up"), [(AccessDeniedError("suspended"), True), (GitHubError("502"), False)]
)
def test_only_what_retrying_may_help_is_retried(
    runtime: Runtime, clock: Clock, error: Exception, is_given_up: bool
) -> None:
    work = make_work(runtime.db, due_at=clock.at)
    with runtime.db.transaction() as session:
        held = claim_next(session, WORK, now=clock.at)
    assert held is not None
    attempt(runtime, held, process=fail(error))

    row = reload_work(runtime, work)
    assert (row.failed_at is not None) == is_given_up
    assert row.claimed_until is None


def test_a_bad_row_does_not_stop_the_others(runtime: Runtime, clock: Clock) -> None:
    bad = make_delivery(runtime.db, at=clock.at - timedelta(seconds=1))
    good = make_delivery(runtime.db, at=clock.at)
    held = claim(runtime)
    assert held is not None
    attempt(runtime, held, process=fail(RecursionError("deep")))

    drain(runtime)

    assert reload(runtime, bad).state == DeliveryState.received
    assert reload(runtime, good).is_finished


def test_a_reason_is_never_endless(runtime: Runtime, clock: Clock) -> None:
    delivery = make_delivery(runtime.db, at=clock.at)
    held = claim(runtime)
    assert held is not None
    with runtime.db.transaction() as session:
        row = find_claimed(session, held)
        retry_or_give_up(row, held, reason="x" * 5000, now=clock.at)
    assert len(reload(runtime, delivery).reason or "") == 1000
    with runtime.db.transaction() as session:
        row = session.get_one(Delivery, delivery.id)
        postpone(row, held, until=clock.at, reason="y")
    assert reload(runtime, delivery).attempts == 0
