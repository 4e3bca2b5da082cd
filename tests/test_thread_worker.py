"""Whoever sends half of a head keeps nobody else waiting for long."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

from tests.clock import Ticks
from tests.server import Server
from thread_worker import SlowHeads

THREADS = 64  # as in gunicorn.conf.py
HALF = b"POST /api/1/envelope/ HTTP/1.1\r\nHost: localhost\r\n"


def test_only_what_is_late_is_cut() -> None:
    moment = Ticks()
    heads = SlowHeads(seconds=10, clock=moment)
    client, server = socket.socketpair()
    with client, server:
        heads.begin(server)
        moment.at += 9
        assert heads.cut() == 0
        heads.end()
        moment.at += 9
        assert heads.cut() == 0
        client.sendall(b"body")
        assert server.recv(4) == b"body"

        heads.begin(server)
        moment.at += 10
        assert heads.cut() == 1
        assert server.recv(1) == b""
        assert heads.cut() == 0


def test_half_heads_on_every_thread(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        with ExitStack() as stack:
            for _ in range(THREADS + 10):
                address = ("127.0.0.1", server.port)
                connection = stack.enter_context(socket.create_connection(address))
                connection.sendall(HALF)
            asked = HTTPConnection("127.0.0.1", server.port, timeout=30)
            asked.request("GET", "/healthz")
            assert asked.getresponse().status == 200
            asked.close()
    finally:
        server.stop()
