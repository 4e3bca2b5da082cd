"""Deliveries on their way in: stored once per guid, before anything is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from domain.errors import ShiplogError
from models.durable import DurableWriter

Stored = Literal["stored", "repeated"]

# GitHub sends a UUID; other words are let through as long as they could be an identifier.
GUID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{7,63}", re.ASCII)
EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
CONTENT_TYPES = ("application/json", "application/x-www-form-urlencoded")

COLUMNS = ("guid", "event", "content_type", "body", "received_at", "due_at", "state", "attempts")
# A failure after our 202 is invisible to GitHub; sent again, the first body gets a fresh start.
REVIVE = """
UPDATE delivery SET state = 'received', attempts = 0, due_at = ?, claimed_until = NULL
WHERE guid = ? AND state = 'failed'
"""


class NotADeliveryError(ShiplogError):
    """The request is signed, but it is not a webhook delivery."""


@dataclass(frozen=True)
class Envelope:
    """A delivery as received: exact bytes, not parsed."""

    guid: str
    event: str
    content_type: str
    received_at: datetime
    body: bytes | bytearray = field(repr=False)


def parse_envelope(
    *,
    guid: str | None,
    event: str | None,
    content_type: str | None,
    body: bytes | bytearray,
    now: datetime,
) -> Envelope:
    """The delivery that these headers describe. Raises NotADeliveryError."""
    if not event or EVENT.fullmatch(event) is None:
        raise NotADeliveryError("X-GitHub-Event is missing or implausible")
    if not guid or GUID.fullmatch(guid) is None:
        raise NotADeliveryError("X-GitHub-Delivery is missing or implausible")
    plain_type = (content_type or "").partition(";")[0].strip().lower()
    if plain_type not in CONTENT_TYPES:
        raise NotADeliveryError("the content type is neither JSON nor a form")
    if not body:
        raise NotADeliveryError("the body is empty")
    return Envelope(guid, event, plain_type, now, body)


def store_deliveries(writer: DurableWriter, envelopes: Sequence[Envelope]) -> list[Stored]:
    """Insert each delivery once per guid, in the caller's transaction; what became of each.

    Of a guid that is known the first body stays. One that failed here is due again; one that
    waits, runs or is finished is left alone.
    """
    rows = []
    for envelope in envelopes:
        at = writer.moment(envelope.received_at)
        headers = (envelope.guid, envelope.event, envelope.content_type)
        rows.append((*headers, envelope.body, at, at, "received", 0))
    are_new = writer.insert_new("delivery", COLUMNS, rows)
    repeated = [e for e, is_new in zip(envelopes, are_new, strict=True) if not is_new]
    if repeated:
        writer.execute_each(REVIVE, [(writer.moment(e.received_at), e.guid) for e in repeated])
    return ["stored" if is_new else "repeated" for is_new in are_new]
