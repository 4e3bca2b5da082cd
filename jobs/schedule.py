"""The sweep: finds what is due and was not announced, whatever the reason.

A crash, a lost message, a retry whose time has come and a restored backup are all the same case.
"""

from __future__ import annotations

from sqlalchemy import exists, select

from domain.ignoring import is_ignoring_over
from domain.releases import lacks_semver_key
from jobs.claims import LANES, is_due, is_lapsed
from jobs.digest import forget_failures
from jobs.recovery import wants_check
from jobs.retention import Pruning, prune_when_due
from jobs.runtime import Runtime
from jobs.tasks import open_issues, order_releases, take_back

SWEEP_SECONDS = 2.0


def sweep(runtime: Runtime, pruning: Pruning | None = None) -> bool:
    """Take rows back from workers that died; whether anything is due now.

    Reads first: an idle server never takes the write lock. *pruning* is passed on from sweep to
    sweep: with it old events are removed, and GitHub is asked what got lost, every now and then.
    """
    now = runtime.now()
    with runtime.db.reading() as session:
        lapsed = [session.scalar(select(exists().where(is_lapsed(lane, now)))) for lane in LANES]
        due = [session.scalar(select(exists().where(is_due(lane, now)))) for lane in LANES]
        has_expired = session.scalar(select(is_ignoring_over(now)))
        has_gaps = session.scalar(select(exists().where(lacks_semver_key())))
    if has_expired:
        open_issues(runtime)
    if has_gaps:
        order_releases(runtime)
    forget_failures(runtime)
    if pruning is not None:
        prune_when_due(runtime, pruning)
        due.append(wants_check(runtime))
    return (any(lapsed) and take_back(runtime) > 0) or any(due)
