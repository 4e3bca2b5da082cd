"""Deliveries that GitHub made and that did not get here: found in its own log, fetched, stored.

GitHub never repeats a delivery by itself and keeps its log for three days (github.md 3). What it
holds is as good as the delivery: it is told over TLS to us as the App, so no signature is needed,
and it comes even while GitHub cannot reach us. Where the log no longer shows a body, GitHub is asked
to deliver once more. Every guid is tried a few times, and no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.bulk import batches, insert_missing
from integrations.github.client import GitHubApp
from integrations.github.deliveries import NotADeliveryError, parse_envelope
from integrations.github.errors import AccessDeniedError, NotFoundOnGitHubError
from integrations.github.fields import Fields, PayloadError
from models import AppCheck, Delivery, DeliveryState, LostDelivery
from models.session import Database

KEPT = timedelta(days=3)  # by GitHub; a week on Enterprise Server
OVERLAP = timedelta(minutes=10)  # what was on its way when the log was read, and clocks that differ
UNWATCHED = timedelta(
    minutes=20
)  # after so long a break, what GitHub calls delivered is checked too
MOST_PAGES = 100  # of a hundred deliveries each
MOST_ATTEMPTS = 5
NO_DELIVERY = ("ping",)
LOST_TO_US = 0  # in the place of a status: GitHub was answered that it got here


@dataclass(frozen=True)
class Entry:
    """A line of GitHub's log: one try to deliver."""

    id: int
    guid: str
    event: str
    delivered_at: datetime
    status_code: int
    installation_id: int | None

    @property
    def has_arrived(self) -> bool:
        return 200 <= self.status_code < 400


@dataclass(frozen=True)
class Recovered:
    """What one run did, in deliveries."""

    found: int = 0  # that were lost, and not known to be before
    stored: int = 0
    asked_again: int = 0  # of which GitHub was asked to deliver once more
    given_up: int = 0


def recover_deliveries(
    db: Database, github: GitHubApp, *, now: datetime, installation_ids: Sequence[int] | None = None
) -> Recovered:
    """Find and store what was lost since the last run; one call where nothing was.

    With *installation_ids*, GitHub's, only what was sent on their behalf is fetched. Raises the
    errors of `integrations.github.errors`; what was found is remembered, and tried again.
    """
    with db.reading() as session:
        check = session.scalar(select(AppCheck).where(AppCheck.app_id == github.app_id))
    checked_at = check.checked_at if check else None
    since = max((check and check.read_until) or now - KEPT, now - KEPT) - OVERLAP
    is_watched = checked_at is not None and now - checked_at < UNWATCHED
    entries = _read_log(github, since=since, only_failures=is_watched)
    found = _record_lost(db, github.app_id, entries, now=now)
    return _fetch_lost(db, github, found=found, now=now, installation_ids=installation_ids)


def _read_log(github: GitHubApp, *, since: datetime, only_failures: bool) -> list[Entry]:
    """GitHub's log back to *since*, newest first."""
    wish: dict[str, str | int] = {"per_page": 100}
    if only_failures:
        wish["status"] = "failure"
    answer = github.ask("GET", "/app/hook/deliveries", **wish)
    entries: list[Entry] = []
    for _ in range(MOST_PAGES):
        page = [_parse_entry(Fields(item)) for item in answer.data]
        entries += [entry for entry in page if entry.delivered_at >= since]
        if answer.next_page is None or not page or page[-1].delivered_at < since:
            break
        answer = github.ask("GET", answer.next_page)
    return entries


def _parse_entry(fields: Fields) -> Entry:
    delivered_at = fields.moment("delivered_at")
    if delivered_at is None:
        raise PayloadError(f"{fields.where('delivered_at')} is missing")
    return Entry(
        id=fields.number("id"),
        guid=fields.name("guid", 64),
        event=fields.name("event", 64),
        delivered_at=delivered_at,
        status_code=fields.count("status_code"),
        installation_id=fields.number("installation_id") if fields.has("installation_id") else None,
    )


def _record_lost(db: Database, app_id: int, entries: Sequence[Entry], *, now: datetime) -> int:
    """Remember the entries whose guid we do not have, and how far the log was read; how many are new."""
    newest: dict[str, Entry] = {}
    for entry in entries:
        newest.setdefault(entry.guid, entry)
    arrived = {entry.guid for entry in entries if entry.has_arrived}
    with db.transaction() as session:
        here = _list_here(session, newest)
        rows = [
            {
                "app_id": app_id,
                "guid": entry.guid,
                "github_id": entry.id,
                "event": entry.event,
                "installation_github_id": entry.installation_id,
                "delivered_at": entry.delivered_at,
                "status_code": LOST_TO_US if entry.guid in arrived else entry.status_code,
                "attempts": 0,
                "is_here": False,
            }
            for entry in newest.values()
            if entry.guid not in here and entry.event not in NO_DELIVERY
        ]
        new = insert_missing(session, LostDelivery, rows, returning=(LostDelivery.id,))
        check = session.scalar(select(AppCheck).where(AppCheck.app_id == app_id).with_for_update())
        if check is not None:
            check.checked_at = check.read_until = now
        return len(new)


def _list_here(session: Session, guids: Iterable[str]) -> set[str]:
    here: set[str] = set()
    for some in batches(sorted(guids)):
        here.update(session.scalars(select(Delivery.guid).where(Delivery.guid.in_(some))))
    return here


def _fetch_lost(
    db: Database,
    github: GitHubApp,
    *,
    found: int,
    now: datetime,
    installation_ids: Sequence[int] | None,
) -> Recovered:
    query = select(LostDelivery).where(
        LostDelivery.app_id == github.app_id, LostDelivery.ended_at.is_(None)
    )
    if installation_ids is not None:
        query = query.where(LostDelivery.installation_github_id.in_(installation_ids))
    with db.reading() as session:
        open_ones = session.scalars(query.order_by(LostDelivery.github_id)).all()
    stored = asked = given_up = 0
    for lost in open_ones:
        reason = _store(db, github, lost, now=now)
        if reason is None:
            stored += 1
            continue
        is_asked = lost.attempts + 1 < MOST_ATTEMPTS and _ask_again(github, lost)
        asked, given_up = asked + is_asked, given_up + (not is_asked)
        _note(db, lost, reason, is_over=not is_asked, now=now)
    return Recovered(found, stored, asked, given_up)


def _store(db: Database, github: GitHubApp, lost: LostDelivery, *, now: datetime) -> str | None:
    """Get the delivery out of GitHub's log and into the inbox; the reason if that cannot be."""
    with db.reading() as session:
        is_here = bool(_list_here(session, [lost.guid]))
    body = b""
    if not is_here:
        try:
            answer = Fields(github.ask("GET", f"/app/hook/deliveries/{lost.github_id}").data)
            sent = answer.object("request").object("payload").value
            body = json.dumps(sent).encode()
            parse_envelope(
                guid=lost.guid,
                event=lost.event,
                content_type="application/json",
                body=body,
                now=now,
            )
        except (NotFoundOnGitHubError, AccessDeniedError, PayloadError, NotADeliveryError) as error:
            return str(error)
    with db.transaction() as session:
        if not is_here:
            _insert(session, lost, body, now=now)
        row = session.get_one(LostDelivery, lost.id, with_for_update=True)
        row.is_here, row.ended_at, row.reason = True, now, None
    return None


def _insert(session: Session, lost: LostDelivery, body: bytes, *, now: datetime) -> None:
    row = {
        "guid": lost.guid,
        "event": lost.event,
        "content_type": "application/json",
        "body": body,
        "received_at": now,
        "due_at": now,
        "state": DeliveryState.received,
        "attempts": 0,
    }
    insert_missing(session, Delivery, [row])


def _ask_again(github: GitHubApp, lost: LostDelivery) -> bool:
    """Have GitHub deliver it once more; False if it will not."""
    try:
        github.ask("POST", f"/app/hook/deliveries/{lost.github_id}/attempts")
    except (NotFoundOnGitHubError, AccessDeniedError):
        return False
    return True


def _note(db: Database, lost: LostDelivery, reason: str, *, is_over: bool, now: datetime) -> None:
    with db.transaction() as session:
        row = session.get_one(LostDelivery, lost.id, with_for_update=True)
        row.attempts, row.reason = row.attempts + 1, reason[:1000]
        row.ended_at = now if is_over else None
