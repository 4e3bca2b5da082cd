"""Working off what is due: outcome, retry, giving up, leases."""

from __future__ import annotations

from sqlalchemy import select

from jobs import Runtime, drain
from models import Delivery, DeliveryState
from tests.clock import Clock
from tests.inbox import make_delivery


def reload(runtime: Runtime, delivery: Delivery) -> Delivery:
    with runtime.db.reading() as session:
        return session.scalars(select(Delivery).where(Delivery.id == delivery.id)).one()


def test_a_received_delivery_ends_with_its_outcome(runtime: Runtime, clock: Clock) -> None:
    delivery = make_delivery(runtime.db, event="never_heard_of", at=clock.at)

    assert drain(runtime) == 1

    ended = reload(runtime, delivery)
    assert ended.state == DeliveryState.ignored
    assert ended.reason
    assert (ended.attempts, ended.finished_at, ended.claimed_until) == (1, clock.at, None)
    assert drain(runtime) == 0
