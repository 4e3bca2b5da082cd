"""What an SDK has and sends: a project's key, envelopes, their encodings."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import brotli
from sqlalchemy import select

from domain.event_storage import unpack_body
from domain.zstandard import zstd
from models import ProjectKey, ReceivedEvent, utcnow
from models.session import Database
from tests.factories import make_organization, make_project

EVENT_ID = "6b5762bbd8ef473b86a9d4b8cf4ca663"


@dataclass(frozen=True)
class Sender:
    """A project and its key."""

    project_id: int
    key: str

    @property
    def url(self) -> str:
        return f"/api/{self.project_id}/envelope/"

    @property
    def auth(self) -> dict[str, str]:
        client = "sentry_client=sentry.python/2.75.0"
        return {"X-Sentry-Auth": f"Sentry sentry_key={self.key}, sentry_version=7, {client}"}

    def dsn(self, host: str = "localhost") -> str:
        return f"http://{self.key}@{host}/{self.project_id}"


def make_sender(database: Database, key: str = "a" * 32, *, is_active: bool = True) -> Sender:
    """A project of an organization of its own, with this key."""
    with database.transaction() as session:
        project = make_project(session, make_organization(session))
        session.add(
            ProjectKey(
                project_id=project.id,
                name="Default",
                public_key=key,
                is_active=is_active,
                created_at=utcnow(),
            )
        )
    return Sender(project.id, key)


def event(**fields: Any) -> bytes:
    return json.dumps({"event_id": EVENT_ID, "platform": "python"} | fields).encode()


def item(kind: object, payload: bytes, **header: Any) -> bytes:
    """An item with its length; `length=None` leaves it out."""
    given = {"type": kind, "length": len(payload)} | header
    return json.dumps({k: v for k, v in given.items() if v is not None}).encode() + b"\n" + payload


def envelope(*items: bytes, **header: Any) -> bytes:
    """An envelope of these items, by default of one event."""
    return b"\n".join([json.dumps(header).encode(), *(items or [item("event", event())])])


def stored_events(database: Database) -> Sequence[ReceivedEvent]:
    with database.reading() as session:
        return session.scalars(select(ReceivedEvent).order_by(ReceivedEvent.id)).all()


def stored_bodies(database: Database) -> list[bytes]:
    """The JSON of the events in the inbox."""
    return [unpack_body(row.body) for row in stored_events(database)]


def deflate_raw(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", deflate_raw),
    "brotli": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
}
