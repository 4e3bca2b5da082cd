"""The webhook intake: prove that a delivery is GitHub's, store it, leave everything else to a job.

A plain WSGI callable in front of Flask, which would cost more than all that is done here. The
checks come in the order that the interface promises; nothing is parsed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from domain.errors import AwayError, ShiplogError
from integrations.github.deliveries import (
    Envelope,
    NotADeliveryError,
    Stored,
    parse_envelope,
    store_deliveries,
)
from integrations.github.signature import SignatureError, verify_signature
from webapp.committer import Committer, NotDurableError
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
from webapp.refusals import Refusals
from webapp.slow_bodies import SlowBodies, TooSlowError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

PATH = "/webhooks/github"
MAX_BODY = 25 * 1024 * 1024  # GitHub sends nothing larger
STATUS_OF: dict[type[ShiplogError], tuple[int, list[tuple[str, str]]]] = {
    MethodError: (405, [("Allow", "POST")]),
    TooSlowError: (408, []),
    TooLargeError: (413, []),
    SignatureError: (401, []),
    NotADeliveryError: (400, []),
    CutOffError: (400, []),
    AwayError: (503, [("Retry-After", RETRY_AFTER_SECONDS)]),
    NotDurableError: (503, [("Retry-After", RETRY_AFTER_SECONDS)]),
}


class Intake:
    """Answers `POST /webhooks/github`; hands every other path to *following*."""

    def __init__(
        self,
        following: WSGIApplication,
        *,
        committer: Committer,
        webhook_secrets: Callable[[], Sequence[str]],
        refusals: Refusals,
        now: Callable[[], datetime],
        slow_bodies: SlowBodies,
        metrics: Metrics,
        max_body: int = MAX_BODY,
    ) -> None:
        self._following = following
        self._committer = committer
        self._webhook_secrets = webhook_secrets
        self._refusals = refusals
        self._now = now
        self._slow_bodies = slow_bodies
        self._metrics = metrics
        self._max_body = max_body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return self._following(environ, start_response)
        began = time.perf_counter()
        headers: list[tuple[str, str]] = []
        answer: dict[str, str]
        try:
            guid, stored = self._receive(environ)
        except tuple(STATUS_OF) as error:
            status, headers = STATUS_OF[type(error)]
            answer = {"detail": str(error)}
            if isinstance(error, SignatureError) and "HTTP_X_HUB_SIGNATURE_256" in environ:
                self._refusals.note(self._now())
            log.warning("delivery refused", status=status, why=str(error), **_named(environ))
        else:
            status, answer = 202, {"delivery": guid, "status": stored}
        self._metrics.intake(status, time.perf_counter() - began)
        return respond(start_response, status, answer, headers)

    def _receive(self, environ: WSGIEnvironment) -> tuple[str, Stored]:
        if environ["REQUEST_METHOD"] != "POST":
            raise MethodError("deliveries are posted")
        with self._slow_bodies.limit(environ):
            body = join_chunks(read_chunks(environ, limit=self._max_body))
        verify_signature(
            body, environ.get("HTTP_X_HUB_SIGNATURE_256"), secrets=self._webhook_secrets()
        )
        envelope = parse_envelope(
            guid=environ.get("HTTP_X_GITHUB_DELIVERY"),
            event=environ.get("HTTP_X_GITHUB_EVENT"),
            content_type=environ.get("CONTENT_TYPE"),
            body=body,
            now=self._now(),
        )
        return envelope.guid, self._committer.submit(store_deliveries, envelope, size=len(body))


def log_stored(stored: Sequence[tuple[object, object]]) -> None:
    """One line for all that one transaction stored: a line each would halve the intake's rate."""
    of_status: dict[object, list[str]] = {"stored": [], "repeated": []}
    for item, status in stored:
        if isinstance(item, Envelope):
            of_status[status].append(f"{item.event} {item.guid}")
    if any(of_status.values()):
        log.info("deliveries received", **{str(k): v for k, v in of_status.items() if v})


def _named(environ: WSGIEnvironment) -> dict[str, str | None]:
    """What a log line may say of a delivery, which is not proven genuine when it is refused."""
    guid, event = environ.get("HTTP_X_GITHUB_DELIVERY"), environ.get("HTTP_X_GITHUB_EVENT")
    return {"delivery": guid and guid[:64], "event_name": event and event[:64]}
