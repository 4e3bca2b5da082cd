"""Webhook deliveries: made and queued here, sent when somebody says so, logged as GitHub does."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from demo.github.app import App, Installation
from demo.github.clock import Clock
from demo.github.wire import Json

LARGEST = 25 * 1024 * 1024  # GitHub does not deliver more than 25 MB
KEPT = timedelta(days=3)
PATIENCE = 10.0  # seconds until GitHub gives up


@dataclass(frozen=True)
class Attempt:
    """One try to hand a delivery over; each has its own id."""

    id: int
    delivery: "Delivery"
    at: datetime
    duration: float
    status_code: int
    status: str
    redelivery: bool
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status_code < 400


@dataclass(eq=False)
class Delivery:
    """One event for one receiver; redelivering keeps guid and body."""

    guid: str
    event: str
    action: str | None
    headers: dict[str, str]
    body: bytes
    installation_id: int | None
    repository_id: int | None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def payload(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed


class Deliveries:
    """What waits to be sent, and what became of the rest (`log`, oldest first)."""

    def __init__(self, app: App, clock: Clock, ids: Iterator[int]) -> None:
        self._app = app
        self._clock = clock
        self._ids = ids
        self._made: dict[str, Delivery] = {}
        self.queued: list[Delivery] = []
        self.log: list[Attempt] = []

    def queue(
        self,
        event: str,
        payload: Json,
        installation: Installation | None,
        repository_id: int | None = None,
    ) -> Delivery | None:
        """Sign and queue a delivery; None when it is too large to be delivered at all."""
        body = json.dumps(payload).encode()
        if len(body) > LARGEST:
            return None
        guid = str(uuid.uuid4())
        installation_id = installation.id if installation else None
        delivery = Delivery(
            guid,
            event,
            payload.get("action"),
            self._headers(event, guid, body),
            body,
            installation_id,
            repository_id,
        )
        self._made[guid] = delivery
        self.queued.append(delivery)
        return delivery

    def _headers(self, event: str, guid: str, body: bytes) -> dict[str, str]:
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/5a7c1de",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": str(self._app.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(self._app.app_id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            **sign(body, self._app.webhook_secret),
        }

    def send(self, delivery: Delivery, url: str) -> Attempt:
        """Post the delivery and note what came of it; it leaves the queue either way."""
        started = time.monotonic()
        status, text, headers, answer = _post(url, delivery)
        return self._note(delivery, time.monotonic() - started, status, text, headers, answer)

    def lose(self, delivery: Delivery) -> Attempt:
        """Note a failure without sending: the receiver was not there."""
        return self._note(delivery, 0.01, 502, "failed to connect to host", {}, "")

    def requeue(self, guid: str) -> Delivery:
        """Queue a delivery again under its old guid; raise KeyError when there was none."""
        delivery = self._made[guid]
        self.queued.append(delivery)
        return delivery

    def recent(self) -> list[Attempt]:
        """Return what GitHub still remembers, newest first."""
        oldest = self._clock.now() - KEPT
        return [attempt for attempt in reversed(self.log) if attempt.at >= oldest]

    def _note(
        self,
        delivery: Delivery,
        duration: float,
        status_code: int,
        status: str,
        headers: dict[str, str],
        answer: str,
    ) -> Attempt:
        attempt = Attempt(
            next(self._ids),
            delivery,
            self._clock.now(),
            round(duration, 2),
            status_code,
            status,
            bool(delivery.attempts),
            headers,
            answer,
        )
        delivery.attempts.append(attempt)
        self.log.append(attempt)
        if delivery in self.queued:
            self.queued.remove(delivery)
        return attempt


def sign(body: bytes, secret: str) -> dict[str, str]:
    """Return the signature headers of a body, none when there is no secret."""
    if not secret:
        return {}
    old = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    new = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature": f"sha1={old}", "X-Hub-Signature-256": f"sha256={new}"}


def _post(url: str, delivery: Delivery) -> tuple[int, str, dict[str, str], str]:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=PATIENCE)
    try:
        # Redirects are not followed and proxies not asked, as at GitHub.
        path = parts._replace(scheme="", netloc="").geturl() or "/"
        connection.request("POST", path, delivery.body, delivery.headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        status = "OK" if answer.status < 400 else f"Invalid HTTP Response: {answer.status}"
        return answer.status, status, dict(answer.getheaders()), text
    except TimeoutError:
        return 504, "timed out", {}, ""
    except (OSError, HTTPException):
        return 502, "failed to connect to host", {}, ""
    finally:
        connection.close()
