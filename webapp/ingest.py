"""The intake of events from SDKs: who sends it, what is in it, stored; a job does the rest.

Like the webhooks' intake a plain WSGI callable in front of Flask, which would look at Content-Type
and cost more than all that is done here. The body is read, unpacked and parsed in one stream:
however large it is, a request holds little more than its event.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import ShiplogError
from domain.event_storage import pack_body
from domain.received_events import NewEvent, store_events
from webapp.backlog import Backlog, BacklogError
from webapp.committer import Committer, NotDurableError
from webapp.decompression import NAMES, CorruptError, EncodingError, unpack
from webapp.envelopes import (
    MAX_BODY,
    MAX_ENVELOPE,
    MAX_EVENT,
    Envelope,
    EnvelopeError,
    EnvelopeReader,
    capped,
    parse_event,
)
from webapp.metrics import Metrics
from webapp.plain_wsgi import (
    RETRY_AFTER_SECONDS,
    CutOffError,
    MethodError,
    TooLargeError,
    join_chunks,
    read_chunks,
    respond,
)
from webapp.project_keys import (
    MissingKeyError,
    ProjectKeys,
    RefusedKeyError,
    find_key,
    find_key_in_dsn,
)
from webapp.slow_bodies import SlowBodies, TooSlowError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

PATH = re.compile(r"/api/([^/]+)/(envelope|store)/?", re.ASCII)
PROJECT_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
HOLD_BACK_SECONDS = 60
METHODS = "POST, OPTIONS"
# Browsers' SDKs run on any page and send no cookies. The API below /api/0/ has no such headers.
CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "x-sentry-error, x-sentry-rate-limits, retry-after"),
]
PREFLIGHT = [
    ("Access-Control-Allow-Methods", METHODS),
    (
        "Access-Control-Allow-Headers",
        "x-sentry-auth, x-requested-with, origin, accept, content-type, authentication,"
        " authorization, content-encoding, transfer-encoding",
    ),
    ("Access-Control-Max-Age", "86400"),
]


class ProjectIdError(ShiplogError):
    """The path names no project."""


STATUS_OF: dict[type[ShiplogError], tuple[int, list[tuple[str, str]]]] = {
    MethodError: (405, [("Allow", METHODS)]),
    ProjectIdError: (400, []),
    MissingKeyError: (401, []),
    RefusedKeyError: (403, []),
    BacklogError: (
        429,
        [
            ("Retry-After", str(HOLD_BACK_SECONDS)),
            ("X-Sentry-Rate-Limits", f"{HOLD_BACK_SECONDS}:error:project"),
        ],
    ),
    TooSlowError: (408, []),
    TooLargeError: (413, []),
    EncodingError: (415, [("Accept-Encoding", ", ".join(NAMES))]),
    CorruptError: (400, []),
    CutOffError: (400, []),
    EnvelopeError: (400, []),
    NotDurableError: (503, [("Retry-After", RETRY_AFTER_SECONDS)]),
}


class Ingest:
    """Answers `/api/{project_id}/envelope/` and `/store/`; hands other paths to *following*."""

    def __init__(
        self,
        following: WSGIApplication,
        *,
        committer: Committer,
        keys: ProjectKeys,
        backlog: Backlog,
        now: Callable[[], datetime],
        slow_bodies: SlowBodies,
        metrics: Metrics,
    ) -> None:
        self._following = following
        self._committer = committer
        self._keys = keys
        self._backlog = backlog
        self._now = now
        self._slow_bodies = slow_bodies
        self._metrics = metrics

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = PATH.fullmatch(environ.get("PATH_INFO", ""))
        if found is None:
            return self._following(environ, start_response)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            start_response("204 No Content", [*CORS, *PREFLIGHT])
            return []
        began = time.perf_counter()
        headers: list[tuple[str, str]] = []
        try:
            answer = self._receive(environ, *found.groups())
        except tuple(STATUS_OF) as error:
            status, headers = STATUS_OF[type(error)]
            answer = {"detail": str(error)}
            headers = [*headers, ("X-Sentry-Error", str(error))]
            log.info("event refused", status=status, why=str(error), project=found[1][:20])
        else:
            status = 200
        self._metrics.events(status, time.perf_counter() - began)
        return respond(start_response, status, answer, [*CORS, *headers])

    def _receive(self, environ: WSGIEnvironment, project: str, kind: str) -> dict[str, str]:
        if environ["REQUEST_METHOD"] != "POST":
            raise MethodError("events are posted")
        if PROJECT_ID.fullmatch(project) is None:
            raise ProjectIdError("the project's id in the path is a number")
        project_id, key = int(project), find_key(environ)
        if key is not None:
            self._authorize(key, project_id)
        with self._slow_bodies.limit(environ):
            chunks = unpack(
                read_chunks(environ, limit=MAX_BODY), environ.get("HTTP_CONTENT_ENCODING")
            )
            read = self._read_event if kind == "store" else self._read_envelope
            envelope, used = read(chunks, key, project_id)
        answer = self._keep(envelope, project_id, environ.get("REMOTE_ADDR"))
        self._keys.note_use(used)
        return answer

    def _read_envelope(
        self, chunks: Iterable[bytes], key: str | None, project_id: int
    ) -> tuple[Envelope, str | None]:
        """The envelope, and the key that it came with."""
        reader = EnvelopeReader(capped(chunks, MAX_ENVELOPE))
        if key is None:
            key = find_key_in_dsn(reader.dsn)
            self._authorize(key, project_id)
        return reader.read(), key

    def _read_event(
        self, chunks: Iterable[bytes], key: str | None, _project_id: int
    ) -> tuple[Envelope, str]:
        """One event alone, of clients from before there were envelopes."""
        if key is None:
            raise MissingKeyError("no sentry_key in X-Sentry-Auth or the query")
        return Envelope(parse_event(bytes(join_chunks(capped(chunks, MAX_EVENT)))), []), key

    def _authorize(self, key: str | None, project_id: int) -> None:
        if key is None:
            raise MissingKeyError("no sentry_key in X-Sentry-Auth, the query or the envelope's dsn")
        try:
            self._keys.require(key, project_id)
            self._backlog.require_room(project_id)
        except (SQLAlchemyError, TimeoutError) as error:
            log.error("key not looked up", error=type(error).__name__)
            raise NotDurableError("the database does not answer") from error

    def _keep(self, envelope: Envelope, project_id: int, peer: str | None) -> dict[str, str]:
        for kind in envelope.dropped:
            self._metrics.dropped(kind)
        if envelope.event is None:
            return {}
        event_id, size = envelope.event.event_id, len(envelope.event.body)
        body, peer = pack_body(envelope.event.body), (peer or "")[:64] or None
        event = NewEvent(project_id, event_id, self._now(), peer, body, size)
        if self._committer.submit(store_events, event, size=len(body)):
            self._backlog.add(project_id, size)
        return {"id": event_id}


def log_received(stored: Sequence[tuple[object, object]]) -> None:
    """One line for all events that one transaction stored."""
    events = [(item, is_new) for item, is_new in stored if isinstance(item, NewEvent)]
    if events:
        new = sum(1 for _, is_new in events if is_new)
        log.info("events received", stored=new, repeated=len(events) - new)
