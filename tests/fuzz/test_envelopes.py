"""Whatever bytes an SDK's socket brings: an envelope, or a refusal that the intake knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk import ENCODERS
from webapp.decompression import OUTPUT_STEP, CorruptError, unpack
from webapp.envelopes import EVENT_ID, EnvelopeError, EnvelopeReader, parse_event
from webapp.plain_wsgi import TooLargeError
from webapp.project_keys import find_key, find_key_in_dsn

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 99) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["event", "session", "", None, 1]) | JSON,
        "length": st.integers(-1, 60) | JSON,
        "event_id": JSON,
        "dsn": JSON,
    },
)
LINES = (
    st.binary(max_size=40)
    | st.sampled_from([b"", b" ", b"{}", b'{"type":"event"}', b"\xff", b"[[[["])
    | HEADERS.map(lambda header: json.dumps(header).encode())
    | st.dictionaries(st.text(max_size=5), JSON, max_size=3).map(lambda x: json.dumps(x).encode())
)
ENVELOPES = st.lists(LINES, max_size=8).map(b"\n".join)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(end % (len(data) + 1) for end in at)})
    return [data[start:end] for start, end in pairwise(ends)]


def outcome(chunks: list[bytes]) -> object:
    """What reading gives; ids that are made up differ each time, hence are left out."""
    try:
        found = EnvelopeReader(chunks).read()
    except (EnvelopeError, TooLargeError) as error:
        return type(error), str(error)
    if found.event is None:
        return found
    assert EVENT_ID.fullmatch(found.event.event_id)
    assert isinstance(json.loads(found.event.body), dict)
    return found.event.body, found.dropped


@given(ENVELOPES | st.binary(max_size=200), st.lists(st.integers(0, 500), max_size=6))
def test_envelopes_are_read_alike_however_they_arrive(data: bytes, at: list[int]) -> None:
    assert outcome(cut(data, at)) == outcome([data])


@given(JSON | st.dictionaries(st.text(max_size=5), JSON), JSON)
def test_any_event(body: object, event_id: object) -> None:
    with suppress(EnvelopeError):
        event = parse_event(json.dumps(body).encode(), event_id=event_id)
        assert EVENT_ID.fullmatch(event.event_id)


@pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS.keys())
@given(data=st.data())
def test_damaged_streams(name: str, encode: Callable[[bytes], bytes], data: st.DataObject) -> None:
    content = data.draw(st.binary(max_size=200)) * data.draw(st.integers(1, 2000))
    packed = bytearray(encode(content))
    for _ in range(data.draw(st.integers(0, 3))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    chunks = cut(bytes(packed), data.draw(st.lists(st.integers(0, 10**6), max_size=4)))
    with suppress(CorruptError):
        for piece in unpack(chunks, name):
            assert len(piece) <= 2 * OUTPUT_STEP


@pytest.mark.parametrize("name", sorted({name for name, _ in ENCODERS.values()}))
@given(chunks=st.lists(st.binary(max_size=300), max_size=5))
def test_any_stream(name: str, chunks: list[bytes]) -> None:
    with suppress(CorruptError):
        list(unpack(chunks, name))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_key(header: str, query: str, dsn: str) -> None:
    for environ in (
        {"HTTP_X_SENTRY_AUTH": header, "QUERY_STRING": query},
        {"HTTP_X_SENTRY_AUTH": f"Sentry sentry_key={header}"},
        {"QUERY_STRING": f"sentry_key={query}"},
    ):
        assert isinstance(find_key(environ), str | None)
    for text in (dsn, f"https://{dsn}@host/1", f"https://[{dsn}"):
        assert isinstance(find_key_in_dsn(text), str | None)
