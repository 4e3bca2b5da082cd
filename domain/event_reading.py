"""Events out of the inbox, read: normalised, grouped and compressed, without any database.

That is more than half of the work of digesting them, and done before any transaction begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.event_data import parse_event
from domain.event_json import parse_body
from domain.event_secrets import hide_passwords
from domain.event_storage import Packer, unpack_body
from domain.event_summary import EventSummary, summarise
from domain.grouping import group


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event as the inbox keeps it; `body` is out of `pack_body`."""

    event_id: str  # that it was answered with: an envelope's header may name another than the body
    received_at: datetime
    peer: str | None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event as it came: any JSON object, when, and from which address."""

    body: Mapping[str, Any]
    received_at: datetime | None = None  # None: just now
    peer: str | None = None


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event without what only its page shows, and all of it as it is kept."""

    event: EventSummary
    received_at: datetime
    data: bytes


def read_kept(events: Iterable[KeptEvent], *, now: datetime) -> list[ReadEvent]:
    """As `read_events`. ValueError or RecursionError if one of them is no JSON."""
    return read_events(map(_unpack, events), now=now)


def read_events(events: Iterable[Incoming], *, now: datetime) -> list[ReadEvent]:
    """Each of *events* in the form that `domain.events.digest` stores.

    Takes one event after the other, so that an iterator never holds two of them in memory.
    """
    packer = Packer()
    return [_read(one, packer, now) for one in events]


def _unpack(kept: KeptEvent) -> Incoming:
    body = parse_body(hide_passwords(unpack_body(kept.body)))
    body["event_id"] = kept.event_id
    return Incoming(body, received_at=kept.received_at, peer=kept.peer)


def _read(incoming: Incoming, packer: Packer, now: datetime) -> ReadEvent:
    received_at = incoming.received_at or now
    event = parse_event(incoming.body, now=received_at, peer=incoming.peer)
    return ReadEvent(summarise(event, group(event)), received_at, packer.pack(event))
