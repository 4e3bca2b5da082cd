"""Connections whose body takes too long are ended, and no others."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clock import Ticks
from webapp.plain_wsgi import CutOffError, join_chunks, read_chunks
from webapp.slow_bodies import SlowBodies, TooSlowError


@pytest.fixture
def moment() -> Ticks:
    return Ticks()


@pytest.fixture
def slow_bodies(moment: Ticks) -> SlowBodies:
    return SlowBodies(seconds=30, clock=moment)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The client's and the server's."""
    client, server = socket.socketpair()
    with client, server:
        yield client, server


def receive(slow_bodies: SlowBodies, server: socket.socket) -> bytes | bytearray:
    """As a request thread does; ten bytes are declared."""
    with server.makefile("rb") as stream:
        environ = {"gunicorn.socket": server, "wsgi.input": stream, "CONTENT_LENGTH": "10"}
        with slow_bodies.limit(environ):
            return join_chunks(read_chunks(environ, limit=100))


def test_a_body_that_trickles(
    slow_bodies: SlowBodies, moment: Ticks, ends: tuple[socket.socket, socket.socket]
) -> None:
    client, server = ends
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(receive, slow_bodies, server)
        client.sendall(b"123")
        while not slow_bodies.cut():
            moment.at += 10
            client.sendall(b"4")
        with pytest.raises(TooSlowError):
            answer.result(timeout=10)
    server.sendall(b"408")  # it can still be told
    assert client.recv(3) == b"408"


def test_a_body_in_time(
    slow_bodies: SlowBodies, moment: Ticks, ends: tuple[socket.socket, socket.socket]
) -> None:
    client, server = ends
    client.sendall(b"1234567890")
    assert receive(slow_bodies, server) == b"1234567890"
    moment.at += 60
    assert slow_bodies.cut() == 0
    client.sendall(b"more")
    assert server.recv(4) == b"more"


def test_a_client_that_goes_away_is_not_slow(
    slow_bodies: SlowBodies, ends: tuple[socket.socket, socket.socket]
) -> None:
    client, server = ends
    client.sendall(b"123")
    client.close()
    with pytest.raises(CutOffError):
        receive(slow_bodies, server)


def test_a_connection_that_is_closed_already(
    slow_bodies: SlowBodies, moment: Ticks, ends: tuple[socket.socket, socket.socket]
) -> None:
    _, server = ends
    with slow_bodies.limit({"gunicorn.socket": server}):
        server.close()
        moment.at += 31
        assert slow_bodies.cut() == 1
    assert slow_bodies.cut() == 0
