"""Every few minutes GitHub is asked, as the App, whether anything it sent did not get here.

One call when nothing failed. At the start of a server it is asked at once: what came while it was
down is on GitHub's log. Every hour the installations are compared as well, and their repositories
listed: what was pushed to since it was last looked at has its branches and tags compared.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from domain.app_checks import (
    claim_check,
    claim_installations,
    make_check_due,
    next_check,
    record_trouble,
)
from domain.text import clean_text
from integrations.github.client import GitHubApp
from integrations.github.errors import AppRefusedError, GitHubError
from integrations.github.installations import sync_installations
from integrations.github.recovery import recover_deliveries
from jobs.runtime import Runtime

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=5)
INSTALLATIONS_EVERY = timedelta(hours=1)


def begin_checks(runtime: Runtime) -> None:
    """A server starts: the App is asked about at once."""
    github = runtime.github
    if github is not None:
        with runtime.db.transaction() as session:
            make_check_due(session, github.app_id, now=runtime.now())


def wants_check(runtime: Runtime) -> bool:
    """Whether a worker is to ask GitHub now; sees to it that an App new to us is asked about."""
    github, now = runtime.github, runtime.now()
    if github is None:
        return False
    with runtime.db.reading() as session:
        due_at = next_check(session, github.app_id)
    if due_at is None:
        begin_checks(runtime)
    return due_at is None or due_at <= now


def check_when_due(runtime: Runtime) -> bool:
    """Ask GitHub if it is time and nobody else does; whether it was done."""
    github, now = runtime.github, runtime.now()
    if github is None:
        return False
    with runtime.db.reading() as session:
        due_at = next_check(session, github.app_id)
    if due_at is None or due_at > now:
        return False
    with runtime.db.transaction() as session:
        if not claim_check(session, github.app_id, now=now, every=EVERY):
            return False
        compares = claim_installations(session, github.app_id, now=now, every=INSTALLATIONS_EVERY)
    _check(runtime, github, compares=compares)
    return True


def _check(runtime: Runtime, github: GitHubApp, *, compares: bool) -> None:
    """No failure gets past here: the next check is minutes away."""
    now = runtime.now()
    try:
        if compares:
            listed_before = now - INSTALLATIONS_EVERY
            sync_installations(runtime.db, github, now=now, listed_before=listed_before)
        recovered = recover_deliveries(runtime.db, github, now=now)
    except GitHubError as error:
        log.warning("GitHub was asked about the App in vain", reason=str(error))
        note_failure(runtime, github, error)
        return
    except Exception:  # an answer of another shape, a database that is away: not worth the worker
        log.exception("the check of the App failed")
        return
    note_success(runtime, github)
    if recovered.found or recovered.stored:
        log.warning("deliveries had got lost", found=recovered.found, stored=recovered.stored)


def note_failure(runtime: Runtime, github: GitHubApp, error: GitHubError) -> None:
    """Keep it for people, where the App itself is refused: all else passes by itself."""
    if isinstance(error, AppRefusedError):
        with runtime.db.transaction() as session:
            record_trouble(session, github.app_id, clean_text(str(error)), now=runtime.now())


def note_success(runtime: Runtime, github: GitHubApp) -> None:
    with runtime.db.transaction() as session:
        record_trouble(session, github.app_id, None, now=runtime.now())
