"""What the intake stores: each row once, whatever came with it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from models import ReceivedEvent
from models.durable import LARGE, DurableWriter, open_durable
from models.session import Database
from tests.factories import NOW

COLUMNS = ("project_id", "event_id", "received_at", "peer", "state", "due_at", "size", "body")


@pytest.fixture
def writer(database: Database) -> Iterator[DurableWriter]:
    writer = open_durable(database)
    yield writer
    writer.close()


def make_row(
    writer: DurableWriter, number: int, body: bytes = b"{}", peer: str | None = None
) -> tuple[Any, ...]:
    at = writer.moment(NOW)
    return (1, f"{number:032x}", at, peer, "received", at, len(body), body)


def insert(writer: DurableWriter, rows: Sequence[Sequence[Any]]) -> list[bool]:
    writer.begin()
    are_new = writer.insert_new("received_event", (*COLUMNS, "attempts"), rows, unique=2)
    writer.commit()
    return are_new


def stored(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        rows = session.scalars(select(ReceivedEvent).order_by(ReceivedEvent.event_id)).all()
        assert {(row.received_at, row.due_at, row.attempts) for row in rows} == {(NOW, NOW, 0)}
        return [(int(row.event_id, 16), row.peer, row.body) for row in rows]


@pytest.mark.parametrize("body", [b"{}", bytes(range(256)), b"x" * LARGE], ids=["s", "m", "l"])
@pytest.mark.parametrize("peers", [(None, None, None), ("::1", None, "ü")])
def test_each_row_is_stored_once(
    database: Database, writer: DurableWriter, body: bytes, peers: tuple[str | None, ...]
) -> None:
    one, two, three = (
        (*make_row(writer, number, body, peer), 0) for number, peer in enumerate(peers)
    )
    assert insert(writer, [one]) == [True]
    assert insert(writer, [one, two]) == [False, True]
    assert insert(writer, [two, three, one]) == [False, True, False]
    assert stored(database) == [(number, peer, body) for number, peer in enumerate(peers)]


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_large_rows_are_not_held_many_times(
    database: Database, writer: DurableWriter, kind: type[bytes | bytearray]
) -> None:
    size = 4 * LARGE
    rows = [(*make_row(writer, number)[:-1], kind(size), 0) for number in range(3)]
    tracemalloc.start()
    try:
        assert insert(writer, rows) == [True] * 3
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4.5 * size
    assert [row[2] for row in stored(database)] == [bytes(size)] * 3


@pytest.mark.parametrize("size", [2, LARGE])
def test_of_the_same_twice_the_first_is_stored(
    database: Database, writer: DurableWriter, size: int
) -> None:
    first, second = ((*make_row(writer, 1, letter * size), 0) for letter in (b"a", b"b"))
    assert insert(writer, [first, second, first]) == [True, False, False]
    assert stored(database) == [(1, None, b"a" * size)]
