"""The delivery row's states under any sequence of redeliveries, crashes, failures and time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from config import Settings
from integrations.github.deliveries import Envelope, store_deliveries
from jobs import Runtime
from jobs.claims import DELIVERIES, MAX_ATTEMPTS, Claim, LeaseLostError, claim_next
from jobs.tasks import attempt, drain, process_delivery, take_back
from models import Base, Delivery, DeliveryState
from models.durable import open_durable
from models.session import Database
from tests.clock import Clock

GUIDS = ("guid-one", "guid-two", "guid-three")
guids = st.sampled_from(GUIDS)


def fail(_runtime: Runtime, _claim: Claim) -> None:
    raise ValueError("no")


class DeliveryMachine(RuleBasedStateMachine):
    """Workers that claim, finish, fail, or die with the claim in their hands."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory()
        self.clock = Clock()
        url = f"sqlite:///{self.directory.name}/machine.db"
        settings = Settings(Path(self.directory.name), url, ("key",))
        self.runtime = Runtime(settings, Database(url), now=self.clock)
        Base.metadata.create_all(self.runtime.db.engine)
        self.first_body: dict[str, bytes] = {}
        self.claims: list[Claim] = []
        self.finished: dict[str, tuple[object, ...]] = {}
        self.bodies = 0

    def teardown(self) -> None:
        self.clock.advance(days=2)  # every lease has lapsed, every retry is due
        drain(self.runtime)
        assert all(row.is_finished or row.state == DeliveryState.failed for row in self.rows())
        self.runtime.close()
        self.directory.cleanup()

    def rows(self) -> list[Delivery]:
        with self.runtime.db.reading() as session:
            return list(session.scalars(select(Delivery)))

    @rule(guid=guids)
    def deliver(self, guid: str) -> None:
        before = {row.guid: row.state for row in self.rows()}
        self.bodies += 1
        body = f"body {self.bodies}".encode()
        writer = open_durable(self.runtime.db)
        writer.begin()
        envelope = Envelope(guid, "ping", "application/json", self.clock.at, body)
        [stored] = store_deliveries(writer, [envelope])
        writer.commit()
        writer.close()
        assert stored == ("repeated" if guid in self.first_body else "stored")
        self.first_body.setdefault(guid, body)
        [row] = [row for row in self.rows() if row.guid == guid]
        if before.get(guid) == DeliveryState.failed:
            assert (row.state, row.attempts) == (DeliveryState.received, 0)
        else:
            assert row.state == before.get(guid, DeliveryState.received)

    @rule()
    def claim(self) -> None:
        with self.runtime.db.transaction() as session:
            claim = claim_next(session, DELIVERIES, now=self.clock.at)
        if claim is not None:
            assert claim.attempts <= MAX_ATTEMPTS
            self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        self.claims.remove(claim)
        held = {row.id for row in self.rows() if row.claimed_until == claim.until}
        try:
            process_delivery(self.runtime, claim)
        except LeaseLostError:
            assert claim.id not in held
        else:
            assert claim.id in held

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        self.claims.remove(claim)
        attempt(self.runtime, claim, process=fail)

    @rule()
    def kill_every_worker_and_restart(self) -> None:
        self.claims.clear()
        take_back(self.runtime, all_of_them=True)
        assert all(row.state != DeliveryState.running for row in self.rows())

    @rule(minutes=st.integers(0, 60))
    def pass_time(self, minutes: int) -> None:
        self.clock.at += timedelta(minutes=minutes, seconds=1)
        take_back(self.runtime)

    @rule()
    def work_off(self) -> None:
        drain(self.runtime)

    @invariant()
    def rows_make_sense(self) -> None:
        rows = self.rows()
        assert sorted(row.guid for row in rows) == sorted(self.first_body)
        for row in rows:
            assert row.body == self.first_body[row.guid]
            assert (row.claimed_until is not None) == (row.state == DeliveryState.running)
            assert (row.finished_at is not None) == row.is_finished
            assert 0 <= row.attempts <= MAX_ATTEMPTS
            if row.state == DeliveryState.failed:
                assert row.reason
            if row.is_finished:  # for good
                end = (row.state, row.attempts, row.finished_at)
                assert self.finished.setdefault(row.guid, end) == end
            else:
                assert row.guid not in self.finished


TestDeliveryStates = DeliveryMachine.TestCase
TestDeliveryStates.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
