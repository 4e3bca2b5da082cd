"""What a worker does: claim the oldest due row, call the package that knows it, mark it done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from domain.ignoring import open_expired
from domain.releases import fill_semver_keys
from integrations.github.errors import (
    AccessDeniedError,
    AppRefusedError,
    RateLimitedError,
    UnreachableError,
)
from integrations.github.webhooks import handle_delivery
from integrations.github.work import run_slice
from jobs.claims import (
    DELIVERIES,
    EVENTS,
    LANES,
    WORK,
    Claim,
    Lane,
    LeaseLostError,
    claim_next,
    find_claimed,
    free_lapsed,
    is_any_due,
    postpone,
    retry_later,
    retry_or_give_up,
)
from jobs.digest import Batch, Claimed, claim_batches, digest_batch
from jobs.event_turns import GATHER_SECONDS
from jobs.own_work import run_own
from jobs.recovery import check_when_due
from jobs.relief import PATIENCE
from jobs.runtime import Runtime
from models import Delivery, DeliveryState, Work

log = structlog.get_logger(__name__)
RELEASES_AT_ONCE = 500  # in one transaction, so that others get their turn to write
ISSUES_AT_ONCE = 200
RowT = TypeVar("RowT")
Process = Callable[[Runtime, Claim], None]


def process_delivery(runtime: Runtime, claim: Claim) -> None:
    """Apply one delivery: its effects and its outcome commit together, or not at all."""
    with runtime.db.transaction() as session:
        delivery: Delivery = _hold(find_claimed(session, claim))
        structlog.contextvars.bind_contextvars(delivery=delivery.guid)
        now = runtime.now()
        outcome = handle_delivery(session, delivery, now=now, hosts=runtime.hosts)
        delivery.state = DeliveryState(outcome.state)
        delivery.reason = outcome.reason
        delivery.effects = outcome.effects or None
        delivery.finished_at = now
        delivery.claimed_until = None
    log.info("delivery worked off", state=outcome.state, reason=outcome.reason)


def process_work(runtime: Runtime, claim: Claim) -> None:
    """Do one slice of long work; it commits its own effects and progress."""
    outcome = run_own(runtime, claim.id) or run_slice(
        runtime.db, claim.id, now=runtime.now, github=runtime.github, hosts=runtime.hosts
    )
    with runtime.db.transaction() as session:
        work: Work = _hold(find_claimed(session, claim))
        if work.due_at == claim.due_at:
            work.due_at = outcome.due_at
        # else somebody asked for it anew while the slice ran: that stands
        work.reason = outcome.reason
        work.claimed_until, work.attempts = None, 0
        if outcome.due_at is None:
            work.paused_at = None  # paused in its last slice: there is nothing left to wait for
        is_over = work.due_at is None and work.paused_at is None
        work.finished_at = runtime.now() if is_over else None


PROCESS: dict[str, Process] = {
    DELIVERIES.name: process_delivery,
    WORK.name: process_work,
}


def work_off(runtime: Runtime, *, seconds: float = float("inf")) -> bool:
    """Work off what is due, oldest first in each lane; False when *seconds* were not enough."""
    deadline = monotonic() + seconds
    while _take_turns(runtime):
        if monotonic() > deadline:
            return False
    return True


def drain(runtime: Runtime) -> int:
    """Work off everything due by `runtime.now()`, in this thread; how many runs it took.

    For tests and commands: no queue, no waiting. What failed and is due later stays.
    """
    take_back(runtime)
    runs = 0
    while done := _take_turns(runtime):
        runs += done
    return runs


def take_back(runtime: Runtime, *, all_of_them: bool = False) -> int:
    """Free what dead workers hold: lapsed leases, or all, when no other worker can be alive."""
    with runtime.db.transaction() as session:
        freed = sum(
            free_lapsed(session, lane, now=runtime.now(), all_of_them=all_of_them) for lane in LANES
        )
    if freed:
        log.warning("rows taken back from workers that died", rows=freed)
    return freed


def order_releases(runtime: Runtime) -> int:
    """Say of every release where it stands in the order of versions; how many were not known.

    Those of an older program, which may still be running beside this one after an upgrade.
    """
    ordered, some = 0, RELEASES_AT_ONCE
    while some == RELEASES_AT_ONCE:
        with runtime.db.transaction() as session:
            some = fill_semver_keys(session, limit=RELEASES_AT_ONCE)
        ordered += some
    log.info("releases put into the order of versions", releases=ordered)
    return ordered


def open_issues(runtime: Runtime) -> int:
    """Open the issues that were to be ignored until now; how many."""
    opened, some = 0, ISSUES_AT_ONCE
    while some == ISSUES_AT_ONCE:
        with runtime.db.transaction() as session:
            some = open_expired(session, now=runtime.now(), limit=ISSUES_AT_ONCE)
        opened += some
    log.info("issues are no longer ignored", issues=opened)
    return opened


def _take_turns(runtime: Runtime) -> int:
    """A run of what GitHub caused and a batch of events, so that neither flood keeps the other out.

    How many runs that were, of two.
    """
    return _run_github(runtime) + _run_events(runtime)


def _run_github(runtime: Runtime) -> bool:
    """Run one delivery, else a slice of long work; False when there is none for this worker."""
    if _run_one(runtime, DELIVERIES):
        return True
    if not runtime.long_work.acquire(blocking=False):
        return False  # the worker that has it goes on until nothing is due
    try:
        return _run_one(runtime, WORK) or check_when_due(runtime)
    finally:
        runtime.long_work.release()


def _run_events(runtime: Runtime) -> bool:
    """Digest a batch; False when none are due, or others digest them, or they come in steadily."""
    if runtime.relief.is_at_work() and not _has_waited_long(runtime):
        return False
    if not runtime.event_turns.take(at_once=runtime.queue is None):
        if runtime.queue is not None:
            runtime.queue.send_later(GATHER_SECONDS)
        return False
    claimed = Claimed()
    try:
        claimed = digest_due(runtime)
    finally:
        runtime.event_turns.give_back(gather=claimed.is_all and claimed.events > 0)
    runtime.relief.note_batch(was_full=claimed.is_full)
    return claimed.events > 0


def _has_waited_long(runtime: Runtime) -> bool:
    """Whether the process for floods does not keep up, or hangs: then it is not left alone."""
    with runtime.db.reading() as session:
        return is_any_due(session, EVENTS, now=runtime.now() - PATIENCE)


def digest_due(runtime: Runtime) -> Claimed:
    """Digest a batch of the events that have waited longest; which those were."""
    with runtime.db.reading() as session:
        if not is_any_due(session, EVENTS, now=runtime.now()):
            return Claimed()
    with runtime.db.transaction() as session:
        claimed = claim_batches(session, now=runtime.now())
    for batch in claimed.batches:
        with structlog.contextvars.bound_contextvars(lane=EVENTS.name):
            _attempt_batch(runtime, batch)
    return claimed


def _attempt_batch(runtime: Runtime, batch: Batch) -> None:
    """Digest *batch* at once if that works, else each event on its own."""
    if len(batch.claims) > 1:
        try:
            return digest_batch(runtime, batch)
        except Exception:  # whose fault it is, trying them one by one will show
            log.exception("a batch of events failed", events=len(batch.claims))
    for claim in batch.claims:
        attempt(runtime, claim, process=partial(_digest_alone, batch.project_id))
    return None


def _digest_alone(project_id: int, runtime: Runtime, claim: Claim) -> None:
    digest_batch(runtime, Batch(project_id, [claim]))


def _run_one(runtime: Runtime, lane: Lane) -> bool:
    with runtime.db.reading() as session:
        if not is_any_due(session, lane, now=runtime.now()):
            return False  # without taking the right to write, which others wait for
    with runtime.db.transaction() as session:
        claim = claim_next(session, lane, now=runtime.now())
    if claim is not None:
        with structlog.contextvars.bound_contextvars(lane=lane.name, row=claim.id):
            attempt(runtime, claim, process=PROCESS[lane.name])
        structlog.contextvars.unbind_contextvars("delivery")  # what is next may be something else
    return claim is not None


def attempt(runtime: Runtime, claim: Claim, *, process: Process) -> None:
    """Run the claimed row; no failure gets past here, each ends as a reason in its row."""
    try:
        process(runtime, claim)
    except LeaseLostError:
        log.warning("lease lost to another worker")
    except RateLimitedError as error:
        log.info("postponed", until=error.until.isoformat())
        with runtime.db.transaction() as session:
            if (row := find_claimed(session, claim)) is not None:
                postpone(row, claim, until=error.until, reason=str(error))
    except (UnreachableError, AppRefusedError) as error:
        log.warning("GitHub not reached", attempt=claim.attempts, reason=str(error))
        with runtime.db.transaction() as session:
            if (row := find_claimed(session, claim)) is not None:
                retry_later(row, claim, reason=str(error), now=runtime.now())
    except Exception as error:  # the one place: a bad row must never stop the others
        reason = describe(error)
        log.exception("failed", attempt=claim.attempts, reason=reason)
        with runtime.db.transaction() as session:
            if (row := find_claimed(session, claim)) is not None:
                hopeless = isinstance(error, AccessDeniedError)
                now = runtime.now()
                retry_or_give_up(row, claim, reason=reason, now=now, is_hopeless=hopeless)


def describe(error: Exception) -> str:
    """The failure in a line for people; never SQL parameters, which hold what people wrote."""
    if isinstance(error, DBAPIError):
        return f"{type(error).__name__}: {error.orig}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _hold(row: RowT | None) -> RowT:
    if row is None:
        raise LeaseLostError
    return row
