"""Posts events as the Python SDK does, gzip and all, over kept-alive connections.

A process of its own on bare sockets, as the deliveries' client.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from uuid import uuid4

from benchmarks.client import drive

KEY = "b" * 32
PROJECT_ID = 1
FRAMES, KINDS = 21, 50
EVENT_BYTES = 29_000


def make_event(event_id: str, kind: int) -> bytes:
    """An error with so many frames, the text of its source and its variables; some 29 kB of JSON."""
    chance = random.Random(kind)  # noqa: S311 (no secret)
    words = [f"{chance.getrandbits(40):x}" for _ in range(400)]

    def line() -> str:
        return "    " + " ".join(chance.choices(words, k=5))

    frames = [
        {
            "filename": f"app/{chance.choice(words)}.py",
            "abs_path": f"/srv/app/{chance.choice(words)}.py",
            "module": f"app.{chance.choice(words)}",
            "function": chance.choice(words),
            "lineno": chance.randrange(900),
            "in_app": chance.random() < 0.5,
            "pre_context": [line() for _ in range(5)],
            "context_line": line(),
            "post_context": [line() for _ in range(5)],
            "vars": {name: line() for name in chance.choices(words, k=6)},
        }
        for _ in range(FRAMES)
    ]
    value = {"type": f"Error{kind}", "value": line(), "stacktrace": {"frames": frames}}
    event = {
        "event_id": event_id,
        "timestamp": "2026-11-21T18:51:13.420985Z",
        "platform": "python",
        "level": "error",
        "release": f"web@1.{kind % 5}.0",
        "environment": "production",
        "exception": {"values": [value]},
    }
    return json.dumps(event).encode()


def make_requests(port: int) -> list[tuple[bytes, bytes]]:
    """Head and body of a request a kind; both hold the same made-up id, to be replaced."""
    requests = []
    for kind in range(KINDS):
        event = make_event("0" * 32, kind)
        header = json.dumps({"type": "event", "content_type": "application/json"})[:-1]
        body = gzip.compress(b'%s, "length": %d}\n%s\n' % (header.encode(), len(event), event))
        head = (
            f"POST /api/{PROJECT_ID}/envelope/ HTTP/1.1\r\nHost: localhost:{port}\r\n"
            "Content-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n"
            f"X-Sentry-Auth: Sentry sentry_key={KEY}, sentry_version=7\r\n"
        )
        requests.append((head.encode(), body))
    return requests


def measure(
    port: int, connections: int, seconds: float, pace: float = float("inf")
) -> dict[str, object]:
    requests = make_requests(port)
    turn = 0

    def next_request() -> bytes:
        # The id stands in the envelope's header, a gzip member of its own: nothing else has to be
        # packed anew for each request.
        nonlocal turn
        turn += 1
        head, body = requests[turn % KINDS]
        first = gzip.compress(b'{"event_id":"%s"}\n' % uuid4().hex.encode(), 1)
        length = len(first) + len(body)
        return head + b"Content-Length: %d\r\n\r\n" % length + first + body

    return drive(port, connections, seconds, next_request, success=b"HTTP/1.1 200", pace=pace)


if __name__ == "__main__":
    port, connections, *numbers = sys.argv[1:]
    print(json.dumps(measure(int(port), int(connections), *map(float, numbers))))
