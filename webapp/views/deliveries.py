"""The delivery log: what GitHub sent, what became of it, and a button to try again."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.activities import list_timeline_of_delivery
from domain.app_troubles import Trouble, list_troubles
from domain.delivery_log import get_delivery, list_deliveries, retry_delivery
from jobs import enqueue
from models import DeliveryState
from webapp.context import shiplog
from webapp.security import current_membership, page_session, require_admin

bp = Blueprint("deliveries", __name__, url_prefix="/deliveries")

MOST_PARSED_BYTES = 4_000_000
MOST_SHOWN_CHARACTERS = 200_000


@bp.get("/")
def list_page() -> ResponseReturnValue:
    wanted = request.args.get("state", "")
    if wanted and wanted not in DeliveryState.__members__:
        abort(400)
    state = DeliveryState(wanted) if wanted else None
    after = request.args.get("after")
    page = list_deliveries(
        page_session(), current_membership().organization_id, state=state, after=after
    )
    return render_template(
        "deliveries.html",
        page=page,
        state_wanted=state,
        states=list(DeliveryState),
        troubles=_list_troubles(),
        is_continued=bool(after),
    )


def _list_troubles() -> list[Trouble]:
    now = shiplog().runtime.now()
    return list_troubles(page_session(), current_membership().organization_id, now=now)


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
    )


@bp.post("/<guid>/retry")
def retry(guid: str) -> ResponseReturnValue:
    """Make a failed delivery due again; for admins."""
    require_admin()
    runtime = shiplog().runtime
    with runtime.db.transaction() as db:
        retry_delivery(db, current_membership().organization_id, guid, now=runtime.now())
    enqueue(runtime)
    return redirect(url_for("tenant.deliveries.show", guid=guid), code=303)


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
