"""An event as an SDK sent it, in the types and bounds that everything else can rely on.

Any JSON object has an answer (sentry-cli-contract.md 9). `render_event` gives JSON of the same
shape without what is absent, secret or too much; reading that again gives the same event.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from domain.event_parts import (
    Breadcrumb,
    Message,
    Request,
    User,
    clamp_moment,
    parse_breadcrumbs,
    parse_message,
    parse_request,
    parse_user,
    render_breadcrumbs,
    render_message,
    render_request,
    render_user,
)
from domain.event_reader import Json, Reader
from domain.event_secrets import HIDDEN, is_secret
from domain.event_stack import (
    ExceptionData,
    Frame,
    ThreadData,
    parse_exceptions,
    parse_frames,
    parse_threads,
    render_exceptions,
    render_threads,
)
from domain.text import clean_text

LONGEST_NAME = 200
LONGEST_TITLE = 255
LONGEST_TEXT = 4096
MOST_TAGS = 100
MOST_MODULES = 500
MOST_FINGERPRINTS = 20
MOST_CUTS = 50  # parts of an event, of which there are half as many
LONGEST_CUT = 32
ENVIRONMENT = "production"
LEVELS = ("fatal", "error", "warning", "info", "debug")
_OTHER_LEVELS = {"critical": "fatal", "warn": "warning", "log": "info", "trace": "debug"}
_EVENT_ID = re.compile(r"[0-9a-f]{32}")
_NOTED = "_cut"  # where what was cut is kept in the rendered event


@dataclass(frozen=True, slots=True)
class EventData:
    """One event. `cuts` names the parts that are not whole; `release` is the name as sent."""

    event_id: str  # 32 hex digits
    happened_at: datetime
    level: str = "error"  # of LEVELS
    environment: str = ENVIRONMENT
    platform: str | None = None
    release: str | None = None
    dist: str | None = None
    logger: str | None = None
    server_name: str | None = None
    transaction: str | None = None
    message: Message | None = None
    exceptions: tuple[ExceptionData, ...] = ()
    threads: tuple[ThreadData, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    user: User | None = None
    request: Request | None = None
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    fingerprint: tuple[str, ...] = ()
    sdk: tuple[str | None, str | None] = (None, None)  # name, version
    contexts: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    modules: Mapping[str, Any] = field(default_factory=dict)
    cuts: tuple[str, ...] = ()

    @property
    def raised(self) -> ExceptionData | None:
        """The exception that reached the top."""
        return self.exceptions[-1] if self.exceptions else None

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The stack of that exception, else of the thread that crashed or was running."""
        for exception in reversed(self.exceptions):
            if exception.frames:
                return exception.frames
        for thread in self.threads:
            if thread.is_crashed or thread.is_current:
                return thread.frames
        return self.threads[0].frames if len(self.threads) == 1 else ()

    @property
    def crash(self) -> Frame | None:
        """Where it happened: the innermost frame of the application's own."""
        return next((frame for frame in reversed(self.frames) if frame.in_app), None)

    @property
    def culprit(self) -> str:
        """Where it happened, in words; empty if nobody knows."""
        return (self.crash.name if self.crash else None) or self.transaction or ""

    @property
    def kind(self) -> str:
        return "error" if self.exceptions else "default"

    @property
    def title(self) -> str:
        """One line of at most 255 characters."""
        text = ""
        if self.raised is not None:
            value = _first_line(self.raised.value)
            text = f"{self.raised.type}: {value}" if value and self.raised.type else ""
            text = text or self.raised.type or value
        text = text or _first_line(self.message.text if self.message else None)
        text = text or self.culprit or "An event without a message"
        return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


def parse_event(body: Json, *, now: datetime, peer: str | None = None) -> EventData:
    """Read an event; *now* is when it arrived, *peer* the address that it came from."""
    reader = Reader()
    found = _parse(reader, body, now, peer)
    earlier = body.get(_NOTED)  # said by us, unless somebody sent it
    for part in earlier[:MOST_CUTS] if isinstance(earlier, list) else ():
        if isinstance(part, str):
            reader.note(clean_text(part, LONGEST_CUT))
    values = {**found, "cuts": tuple(sorted(reader.cuts)[:MOST_CUTS])}
    event_id = _parse_event_id(body.get("event_id"))
    if event_id is None:  # the same event without an id is the same event
        digest = render_bytes(EventData(event_id="", **values))
        event_id = hashlib.sha256(digest).hexdigest()[:32]
    return EventData(event_id=event_id, **values)


def _parse(reader: Reader, body: Json, now: datetime, peer: str | None) -> dict[str, Any]:
    def text(name: str, limit: int = LONGEST_NAME) -> str | None:
        return reader.text(body.get(name), limit, name)

    transaction = text("transaction") or text("culprit")
    exceptions = parse_exceptions(reader, body.get("exception"))
    return {
        "happened_at": clamp_moment(reader, body.get("timestamp"), now),
        "level": _parse_level(body.get("level")),
        "environment": _parse_environment(reader, body.get("environment")),
        "platform": text("platform", 64),
        "release": text("release", 1000),  # whether it fits is another matter
        "dist": text("dist", 64),
        "logger": text("logger"),
        "server_name": text("server_name"),
        "transaction": transaction,
        "message": parse_message(reader, body),
        "exceptions": exceptions,
        "threads": _parse_stacks(reader, body, exceptions),
        "tags": _parse_tags(reader, body.get("tags")),
        "user": parse_user(reader, body.get("user"), peer=peer),
        "request": parse_request(reader, body.get("request")),
        "breadcrumbs": parse_breadcrumbs(reader, body.get("breadcrumbs")),
        "fingerprint": _parse_fingerprint(reader, body.get("fingerprint")),
        "sdk": _parse_sdk(reader, body.get("sdk")),
        "contexts": reader.mapping(body.get("contexts"), "contexts", longest=LONGEST_TEXT),
        "extra": _parse_extra(reader, body.get("extra")),
        "modules": _parse_modules(reader, body.get("modules")),
    }


def _parse_stacks(
    reader: Reader, body: Json, exceptions: tuple[ExceptionData, ...]
) -> tuple[ThreadData, ...]:
    """The threads; a stack of the event itself, without an exception, counts as the running one."""
    threads = parse_threads(reader, body.get("threads"))
    frames = () if exceptions else parse_frames(reader, body.get("stacktrace"))
    return (ThreadData(is_current=True, frames=frames), *threads) if frames else threads


def _parse_event_id(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > 36:
        return None
    text = value.replace("-", "").lower()
    return text if _EVENT_ID.fullmatch(text) else None


def _parse_level(value: object) -> str:
    level = value.lower() if isinstance(value, str) and len(value) < 16 else ""
    level = _OTHER_LEVELS.get(level, level)
    return level if level in LEVELS else "error"


def _parse_environment(reader: Reader, value: object) -> str:
    """Names as the API allows them (sentry-api.md 6); characters that it refuses become `-`."""
    text = reader.text(value, 64, "environment") or ""
    text = re.sub(r"[/\\\s]+", "-", text.strip())
    return ENVIRONMENT if text.lower() in ("", "none", ".", "..") else text


def _parse_tags(reader: Reader, value: object) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for name, item in reader.pairs(value, MOST_TAGS, "tags"):
        text = HIDDEN if is_secret(name) else reader.text(item, LONGEST_NAME, "tags")
        if text is not None:
            found[name] = text
    return tuple(sorted(found.items()))


def _parse_fingerprint(reader: Reader, value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    texts = (reader.text(one, LONGEST_NAME, "fingerprint") for one in items[:MOST_FINGERPRINTS])
    return tuple(text for text in texts if text is not None)


def _parse_sdk(reader: Reader, value: object) -> tuple[str | None, str | None]:
    if not isinstance(value, dict):
        return (None, None)
    name, version = value.get("name"), value.get("version")
    return reader.text(name, LONGEST_NAME, "sdk"), reader.text(version, LONGEST_NAME, "sdk")


def _parse_extra(reader: Reader, value: object) -> dict[str, Any]:
    """`sentry-cli` puts the whole environment of its process into `environ` (contract 9)."""
    found = reader.mapping(value, "extra", longest=LONGEST_TEXT)
    return {**found, "environ": HIDDEN} if "environ" in found else found


def _parse_modules(reader: Reader, value: object) -> dict[str, str]:
    pairs = reader.pairs(value, MOST_MODULES, "modules")
    return {name: reader.text(item, LONGEST_NAME, "modules") or "" for name, item in pairs}


def render_event(event: EventData) -> dict[str, Any]:
    """JSON of the shape that SDKs send; `parse_event` makes the same event of it."""
    found: dict[str, Any] = msgspec.to_builtins(_render(event))
    return found


def render_bytes(event: EventData) -> bytes:
    """The rendered event as compact JSON in UTF-8."""
    return msgspec.json.encode(_render(event))


def _render(event: EventData) -> dict[str, Any]:
    """The rendered event, whose frames are structs still."""
    name, version = event.sdk
    values = {
        "event_id": event.event_id,
        "timestamp": event.happened_at.isoformat(),
        "level": event.level,
        "environment": event.environment,
        "platform": event.platform,
        "release": event.release,
        "dist": event.dist,
        "logger": event.logger,
        "server_name": event.server_name,
        "transaction": event.transaction,
        "logentry": render_message(event.message),
        "exception": {"values": render_exceptions(event.exceptions)} if event.exceptions else None,
        "threads": {"values": render_threads(event.threads)} if event.threads else None,
        "tags": dict(event.tags),
        "user": render_user(event.user),
        "request": render_request(event.request),
        "breadcrumbs": {"values": render_breadcrumbs(event.breadcrumbs)}
        if event.breadcrumbs
        else None,
        "fingerprint": list(event.fingerprint),
        "sdk": {"name": name, "version": version} if name or version else None,
        "contexts": event.contexts,
        "extra": event.extra,
        "modules": event.modules,
        _NOTED: list(event.cuts),
    }
    return {key: value for key, value in values.items() if value not in (None, {}, [])}


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0].strip()
