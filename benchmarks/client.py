"""Posts signed deliveries over kept-alive connections as fast as they are answered.

A process of its own on bare sockets, so that the server is what is measured.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from integrations.github.signature import sign

SECRET = "benchmark"  # noqa: S105 (of a server that lives for seconds)
BODY_BYTES = 25_000
WARM_UP_SECONDS = 1.0
PAUSE_SECONDS = 0.001  # of a paced client that has a connection left


@dataclass
class Connection:
    """One client: at any time it waits for exactly one answer."""

    socket: socket.socket
    sent_at: float = 0.0
    answer: bytes = b""

    def has_answer(self) -> bool:
        """Read what has arrived; whether the answer, head and body, is complete."""
        self.answer += self.socket.recv(65536)
        head, separator, body = self.answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        return bool(separator and length and len(body) >= int(length[1]))


def make_body(size: int = BODY_BYTES) -> bytes:
    """A push of about *size* bytes."""
    commit = {"id": "0" * 40, "message": "Fixes WEB-7: empty cart", "added": ["a.py"]}
    push = {"ref": "refs/heads/main", "commits": [commit] * (size // len(json.dumps(commit)))}
    return json.dumps(push).encode()


def measure(port: int, connections: int, seconds: float) -> dict[str, object]:
    body = make_body()
    head = (
        f"POST /webhooks/github HTTP/1.1\r\nHost: localhost:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-GitHub-Event: push\r\nX-Hub-Signature-256: {sign(body, SECRET)}\r\n"
        "X-GitHub-Delivery: "
    ).encode()

    def next_request() -> bytes:
        return head + str(uuid4()).encode() + b"\r\n\r\n" + body

    return drive(port, connections, seconds, next_request, success=b"HTTP/1.1 202")


def drive(
    port: int,
    connections: int,
    seconds: float,
    next_request: Callable[[], bytes],
    *,
    success: bytes,
    pace: float = float("inf"),
) -> dict[str, object]:
    """Have each connection send the next request as soon as its last one was answered.

    At most *pace* of them a second, from all connections together.
    """

    def post(connection: Connection) -> None:
        request = next_request()
        connection.sent_at, connection.answer = time.perf_counter(), b""
        connection.socket.sendall(request)

    ready = selectors.DefaultSelector()
    idle: deque[Connection] = deque()
    sent, started = 0, time.perf_counter()
    for _ in range(connections):
        connection = Connection(socket.create_connection(("127.0.0.1", port)))
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready.register(connection.socket, selectors.EVENT_READ, connection)
        idle.append(connection)
    began = time.perf_counter() + WARM_UP_SECONDS
    end = began + seconds
    times: list[float] = []
    refused = 0
    while (now := time.perf_counter()) < end:
        while idle and sent < pace * (now - started):
            post(idle.popleft())
            sent += 1
        for key, _ in ready.select(timeout=PAUSE_SECONDS if idle else 1):
            connection = key.data
            if not connection.has_answer():
                continue
            arrived = time.perf_counter()
            if not connection.answer.startswith(success):
                refused += 1
            elif arrived >= began:
                times.append(arrived - connection.sent_at)
            idle.append(connection)
    times.sort()
    return {
        "rate": len(times) / (now - began),
        "p50": times[len(times) // 2] * 1000,
        "p99": times[len(times) * 99 // 100] * 1000,
        "refused": refused,
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
