"""The delivery log: what GitHub sent, what became of it, and buttons to process it again."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.activities import list_timeline_of_delivery
from domain.delivery_log import (
    FINISHED,
    DeliveryFilter,
    count_failed,
    get_delivery,
    list_deliveries,
    retry_delivery,
    retry_failed,
)
from domain.repository_queries import list_repository_names
from integrations.github.webhooks import HANDLERS
from jobs import enqueue
from models import DeliveryState
from webapp.context import shiplog
from webapp.security import current_membership, page_session, person_why, require_admin

bp = Blueprint("deliveries", __name__, url_prefix="/deliveries")

MOST_PARSED_BYTES = 4_000_000
MOST_SHOWN_CHARACTERS = 200_000
MOST_FILTER_CHARACTERS = 300


@bp.get("/")
def list_page() -> ResponseReturnValue:
    db, organization_id = page_session(), current_membership().organization_id
    wanted, after = _narrowed(), request.args.get("after")
    is_admin = current_membership().is_admin
    return render_template(
        "deliveries.html",
        page=list_deliveries(db, organization_id, narrowed=wanted, after=after),
        wanted=wanted,
        state_wanted=wanted.state,
        states=list(DeliveryState),
        events=sorted({*HANDLERS, wanted.event} - {""}),
        repositories=list_repository_names(db, organization_id),
        failed=count_failed(db, organization_id) if is_admin else 0,
        is_continued=bool(after),
    )


@bp.post("/retry-failed")
def retry_all() -> ResponseReturnValue:
    """Make all failed deliveries due again; for admins."""
    require_admin()
    runtime = shiplog().runtime
    with runtime.db.transaction() as db:
        count = retry_failed(db, current_membership().organization_id, why=person_why())
    enqueue(runtime)
    flash(f"Processed again: {count} failed {'delivery' if count == 1 else 'deliveries'}.")
    return redirect(url_for("tenant.deliveries.list_page"), code=303)


@bp.get("/<guid>")
def show(guid: str) -> ResponseReturnValue:
    delivery, repository = get_delivery(page_session(), current_membership().organization_id, guid)
    payload = readable_payload(delivery.body, delivery.content_type)
    return render_template(
        "delivery.html",
        delivery=delivery,
        repository=repository,
        payload=payload[:MOST_SHOWN_CHARACTERS],
        is_cut=len(payload) > MOST_SHOWN_CHARACTERS,
        effects=readable_json(delivery.effects) if delivery.effects else None,
        timeline_entries=list_timeline_of_delivery(page_session(), delivery.id),
        is_finished=delivery.state in FINISHED,
        took=delivery.finished_at - delivery.received_at if delivery.finished_at else None,
    )


@bp.post("/<guid>/retry")
def retry(guid: str) -> ResponseReturnValue:
    """Make a finished delivery due again, failed or not; for admins."""
    require_admin()
    runtime = shiplog().runtime
    with runtime.db.transaction() as db:
        retry_delivery(db, current_membership().organization_id, guid, why=person_why())
    enqueue(runtime)
    return redirect(url_for("tenant.deliveries.show", guid=guid), code=303)


def _narrowed() -> DeliveryFilter:
    """What the address asks for; 400 for a state that there is not."""
    state, event, repository, guid = (
        request.args.get(name, "").strip()[:MOST_FILTER_CHARACTERS]
        for name in ("state", "event", "repository", "guid")
    )
    if state and state not in DeliveryState.__members__:
        abort(400)
    return DeliveryFilter(
        state=DeliveryState(state) if state else None,
        event=event,
        repository=repository,
        guid=guid,
    )


def readable_payload(body: bytes, content_type: str) -> str:
    """The body indented if it is JSON of a usual size, else as it came, as far as it is text."""
    text = body.decode("utf-8", "replace")
    if len(body) > MOST_PARSED_BYTES:
        return text
    if content_type.startswith("application/x-www-form-urlencoded"):
        text = "".join(parse_qs(text).get("payload", [])) or text
    try:
        return readable_json(json.loads(text))
    except (ValueError, RecursionError):  # no JSON; numbers or nesting beyond what Python reads
        return text


def readable_json(value: object) -> str:
    """Indented; half of a surrogate pair, which no encoding has, stays an escape."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
