"""Envelopes, the wire format of Sentry's SDKs, read as they come.

A reader of our own: `Envelope.deserialize` of `sentry_sdk` takes negative and cut-off lengths,
fails in as many ways as there are kinds of rubbish, and needs the whole envelope in memory. Here
only the event is held; an attachment of 90 MB passes by in small pieces. It belongs to `webapp`, as
all of Sentry's shapes do: what goes on to the packages below is an id and the event's JSON.

https://develop.sentry.dev/sdk/data-model/envelopes/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from domain.errors import ShiplogError
from webapp.plain_wsgi import TooLargeError

MEGABYTE = 1024 * 1024
# Sentry documents the same three limits; its SDKs keep to them.
MAX_BODY = 20 * MEGABYTE  # as sent, compressed or not
MAX_ENVELOPE = 100 * MEGABYTE  # unpacked, with attachments: passes by, is never held
MAX_EVENT = MEGABYTE  # unpacked: held, parsed and stored
MAX_LINE = 16 * 1024  # a header; they have some hundred bytes
MAX_ITEMS = 1_000  # SDKs send a handful
BLANK = re.compile(rb"\s*")
EVENT_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class EnvelopeError(ShiplogError):
    """This is no envelope, or no event."""


@dataclass(frozen=True)
class Event:
    """`event_id` is 32 hex digits in lower case, `body` a JSON object."""

    event_id: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Envelope:
    """What is of use in one; `dropped` are the types of its other items, as sent."""

    event: Event | None
    dropped: list[str]


class EnvelopeReader:
    """Reads an envelope's header at once, so that its sender is known, then the items on demand."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._source = Source(chunks)
        self._header = _parse_object(self._source.line(MAX_LINE), "the envelope's header")

    @property
    def dsn(self) -> str | None:
        dsn = self._header.get("dsn")
        return dsn if isinstance(dsn, str) else None

    def read(self) -> Envelope:
        """Every item to the end. Raises EnvelopeError and what the chunks raise."""
        payload: bytes | None = None
        dropped = []
        for kind, length in self._items():
            if kind != "event":
                dropped.append(kind)
                self._source.skip(length)
            elif payload is None:
                payload = self._source.payload(length, MAX_EVENT)
            else:
                raise EnvelopeError("an envelope holds one event")
        if payload is None:
            return Envelope(None, dropped)
        return Envelope(parse_event(payload, event_id=self._header.get("event_id")), dropped)

    def _items(self) -> Iterator[tuple[str, int | None]]:
        for _ in range(MAX_ITEMS):
            line = self._source.first_line(MAX_LINE)
            if not line:
                return
            header = _parse_object(line, "an item's header")
            kind = header.get("type")
            yield kind if isinstance(kind, str) else "", _length(header)
        if self._source.first_line(MAX_LINE):
            raise EnvelopeError(f"an envelope holds at most {MAX_ITEMS} items")


class Source:
    """Lines and stretches of bytes out of *chunks*, of which few are held at a time."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = bytearray()
        self._at = 0  # before that, what is held has been given out

    def line(self, limit: int) -> bytes:
        """The next line without its end; the rest where there is no further line end."""
        searched = 0
        while (end := self._held.find(b"\n", self._at + searched)) < 0:
            searched = len(self._held) - self._at
            if searched > limit or not self._more():
                end = len(self._held)
                break
        line = bytes(self._held[self._at : end])
        if len(line) > limit:
            raise EnvelopeError(f"a line is longer than {limit} bytes")
        self._at = min(end + 1, len(self._held))
        return line

    def first_line(self, limit: int) -> bytes:
        """The next line that is not blank; empty at the end."""
        while (start := BLANK.match(self._held, self._at).end()) == len(self._held):  # type: ignore[union-attr]  # matches anything
            self._at = start
            if not self._more():
                return b""
        self._at = start
        return self.line(limit)

    def payload(self, length: int | None, limit: int) -> bytes:
        """So many bytes and the line end behind them; without a *length*, the line."""
        if length is None:
            try:
                return self.line(limit)
            except EnvelopeError:
                raise TooLargeError(_too_large(limit)) from None
        if length > limit:
            raise TooLargeError(_too_large(limit))
        while len(self._held) - self._at < length:
            self._more_or_fail()
        payload = bytes(self._held[self._at : self._at + length])
        self._at += length
        self._end_of_line()
        return payload

    def skip(self, length: int | None) -> None:
        """Pass over a payload."""
        if length is None:
            return self._skip_line()
        while (held := len(self._held) - self._at) < length:
            length -= held
            self._at = len(self._held)
            self._more_or_fail()
        self._at += length
        return self._end_of_line()

    def _skip_line(self) -> None:
        while (end := self._held.find(b"\n", self._at)) < 0:
            self._at = len(self._held)
            if not self._more():
                return
        self._at = end + 1

    def _end_of_line(self) -> None:
        if self._at == len(self._held) and not self._more():
            return
        if self._held[self._at] != 0x0A:
            raise EnvelopeError("an item is longer than its length says")
        self._at += 1

    def _more(self) -> bool:
        """Hold another chunk; False at the end."""
        for chunk in self._chunks:
            if chunk:
                del self._held[: self._at]
                self._at = 0
                self._held += chunk
                return True
        return False

    def _more_or_fail(self) -> None:
        if not self._more():
            raise EnvelopeError("the envelope is cut off")


def capped(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """*chunks*, of at most so many bytes together. Raises TooLargeError."""
    passed = 0
    for chunk in chunks:
        passed += len(chunk)
        if passed > limit:
            raise TooLargeError(_too_large(limit))
        yield chunk


def parse_event(payload: bytes, *, event_id: object = None) -> Event:
    """The event, under the first usable of: the id given, its own, a new one.

    Raises EnvelopeError. All of it is read, though only its id is kept: this is the one moment at
    which a client can be told that it sends rubbish.
    """
    found = _parse_id(event_id) or _parse_id(_read_event_id(payload))
    return Event(found or uuid4().hex, payload)


class _Head(BaseModel):
    """The one member of an event that its intake needs."""

    event_id: Any = None


def _read_event_id(payload: bytes) -> Any:
    """The `event_id` in the event, whatever it is; a third of the time that `json` needs.

    Where that reader finds fault, `json` has the last word: it takes what SDKs do send, as half
    surrogates. NaN, which the reader takes, is left to `json` as well, to be refused.
    """
    if b"NaN" not in payload and b"Infinity" not in payload:
        try:
            return _Head.model_validate_json(payload).event_id
        except ValidationError:
            pass
    return _parse_object(payload, "the event").get("event_id")


def _parse_id(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > 36:
        return None
    plain = value.replace("-", "").lower()
    return plain if EVENT_ID.fullmatch(plain) else None


def _length(header: dict[str, Any]) -> int | None:
    length = header.get("length")
    if length is None:
        return None
    if type(length) is not int or length < 0:  # True is an int, too
        raise EnvelopeError("an item's length is no number of bytes")
    return length


def _parse_object(text: bytes, what: str) -> dict[str, Any]:
    try:
        # As text: from bytes, json would guess UTF-16 and UTF-32 as well.
        value = json.loads(text.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise EnvelopeError(f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise EnvelopeError(f"{what} is not an object")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _too_large(limit: int) -> str:
    return f"more than {limit // MEGABYTE} MB, unpacked"
