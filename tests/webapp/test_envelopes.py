"""The reader of envelopes: framing as in the protocol, and what is refused."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.sdk import EVENT_ID, envelope, event, item
from webapp.envelopes import (
    MAX_ENVELOPE,
    MAX_EVENT,
    MAX_ITEMS,
    MAX_LINE,
    MEGABYTE,
    Envelope,
    EnvelopeError,
    EnvelopeReader,
    Event,
    capped,
)
from webapp.plain_wsgi import TooLargeError

EVENT = event()
READ = Event(EVENT_ID, EVENT)


def read(*chunks: bytes) -> Envelope:
    return EnvelopeReader(chunks).read()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(b"{}", Envelope(None, []), id="a header alone"),
        pytest.param(b"{}\n\n\n", Envelope(None, []), id="blank lines behind it"),
        pytest.param(envelope(), Envelope(READ, []), id="one event"),
        pytest.param(envelope() + b"\n", Envelope(READ, []), id="with a line end"),
        pytest.param(envelope() + b"\n\n \r\n", Envelope(READ, []), id="with blank lines"),
        pytest.param(
            b'{}\n\n\n{"type":"event"}\n' + EVENT, Envelope(READ, []), id="no length, to the end"
        ),
        pytest.param(
            b'{}\n{"type":"event"}\n' + EVENT + b'\n{"type":"session"}\n{}\n',
            Envelope(READ, ["session"]),
            id="no length, to the line end",
        ),
        pytest.param(
            envelope(item("attachment", b'\n{"type":"event"}\n{}\n'), item("event", EVENT)),
            Envelope(READ, ["attachment"]),
            id="line ends within a payload",
        ),
        pytest.param(
            envelope(item("x", b""), item("event", EVENT), item("y", b"", length=None)),
            Envelope(READ, ["x", "y"]),
            id="empty payloads",
        ),
        pytest.param(b'{}\n{"type":"x"}', Envelope(None, ["x"]), id="an item without payload"),
        pytest.param(b'{}\n{"length":2}\n{}\n{}', Envelope(None, ["", ""]), id="no type"),
        pytest.param(
            envelope(item(["event"], b"1"), item(None, b"2"), item("EVENT", b"3")),
            Envelope(None, ["", "", "EVENT"]),
            id="types that are none",
        ),
        pytest.param(
            b'{"sdk":{"name":"x"},"trace":null}\n{"type":"event","length":null,"more":[1]}\n'
            + EVENT,
            Envelope(READ, []),
            id="unknown keys, null for a length",
        ),
    ],
)
def test_framing(sent: bytes, expected: Envelope) -> None:
    assert read(sent) == expected
    assert read(*(sent[at : at + 1] for at in range(len(sent)))) == expected


@pytest.mark.parametrize(
    "length", [-1, 1.0, 1.5, "5", True, False, [5], {}, float("inf"), len(EVENT) + 1, 10**30]
)
@pytest.mark.parametrize("kind", ["event", "attachment"])
def test_lengths_that_are_wrong(kind: str, length: Any) -> None:
    with pytest.raises((EnvelopeError, TooLargeError)):
        read(envelope(item(kind, EVENT, length=length)))


def test_a_length_of_thousands_of_digits() -> None:
    with pytest.raises(EnvelopeError):
        read(b'{}\n{"type":"attachment","length":' + b"9" * 10_000 + b"}\n1")


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(envelope(item("event", EVENT, length=5)), id="shorter than the event"),
        pytest.param(envelope(item("x", b"123456", length=5)), id="shorter than the item"),
        pytest.param(b"{}\n{}}\n", id="an item's header that is no JSON"),
        pytest.param(b"{}\n[]\n", id="an item's header that is a list"),
        pytest.param(b"{}\n\xff\n", id="an item's header that is no UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}\n", id="a byte order mark"),
        pytest.param("{}\n".encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"a":"' + b"x" * MAX_LINE + b'"}\n', id="a header too long"),
        pytest.param(b"{" * 10_000, id="a header that nests too deeply"),
        pytest.param(b"x" * MEGABYTE, id="one long line"),
        pytest.param(envelope(*[item("x", b"1")] * (MAX_ITEMS + 1)), id="too many items"),
    ],
)
def test_what_is_refused(sent: bytes) -> None:
    with pytest.raises(EnvelopeError):
        read(sent)


def test_as_many_items_as_may_be() -> None:
    assert len(read(envelope(*[item("x", b"1")] * MAX_ITEMS)).dropped) == MAX_ITEMS


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\n" * 20 * MEGABYTE, id="blank lines"),
        pytest.param(b'{"type":"x","length":0}\n' * 800_000, id="items"),
        pytest.param(b'{"type":"x"}\n' + b" " * 20 * MEGABYTE, id="a line"),
        pytest.param(b'{"type":"x","length":20000000}\n' + b"\n" * 20_000_000, id="a payload"),
    ],
)
def test_nothing_takes_long(body: bytes) -> None:
    """20 MB of anything, in pieces as they come: some milliseconds for what is passed over."""
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    began = time.process_time()
    with suppress(EnvelopeError):
        read(b"{}\n", *pieces)
    assert time.process_time() - began < 2


def test_an_attachment_passes_by() -> None:
    size = 60 * MEGABYTE

    def chunks() -> Iterator[bytes]:
        yield b'{}\n{"type":"attachment","length":%d}\n' % size
        yield from (bytes(65536) for _ in range(size // 65536))
        yield b"\n" + item("event", EVENT)

    tracemalloc.start()
    assert EnvelopeReader(chunks()).read() == Envelope(READ, ["attachment"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEGABYTE


@pytest.mark.parametrize("length", [MAX_EVENT + 1, None])
def test_an_event_too_large_is_never_held(length: int | None) -> None:
    def chunks() -> Iterator[bytes]:
        header = b'{"type":"event"}' if length is None else b'{"type":"event","length":%d}' % length
        yield b"{}\n" + header + b"\n"
        yield from (b" " * 65536 for _ in range(1000))

    tracemalloc.start()
    with pytest.raises(TooLargeError):
        EnvelopeReader(chunks()).read()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_EVENT


def test_the_cap_of_what_passes_by() -> None:
    piece = bytes(MEGABYTE)
    assert sum(map(len, capped([piece] * 100, MAX_ENVELOPE))) == MAX_ENVELOPE
    with pytest.raises(TooLargeError):
        list(capped([piece] * 101, MAX_ENVELOPE))


@pytest.mark.parametrize(("header", "dsn"), [({"dsn": "x"}, "x"), ({"dsn": 1}, None), ({}, None)])
def test_the_dsn_is_known_before_the_items(header: dict[str, Any], dsn: str | None) -> None:
    def chunks() -> Iterator[bytes]:
        yield envelope(**header)
        raise AssertionError("read on")

    assert EnvelopeReader(chunks()).dsn == dsn
