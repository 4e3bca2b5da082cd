"""The intake of events as bytes on a socket, and what the server's process holds meanwhile."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from urllib.request import urlopen
from uuid import uuid4

import pytest

from models.session import Database
from tests.sdk import ENCODERS, Sender, envelope, event, item, make_sender
from tests.server import Server
from tests.webapp.test_intake_sockets import chunk, forget_peak, megabytes, status
from webapp.envelopes import MAX_BODY

SENDER = Sender(1, "a" * 32)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    db = Database(f"sqlite:///{server.data_dir}/shiplog.db")
    assert make_sender(db, SENDER.key) == SENDER
    db.close()
    yield server
    server.stop()


@pytest.fixture
def event_id() -> str:
    return uuid4().hex


def head(*lines: str, key: str = SENDER.key, method: str = "POST") -> bytes:
    all_lines = [
        f"{method} {SENDER.url} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        f"X-Sentry-Auth: Sentry sentry_key={key}, sentry_version=7",
        *lines,
    ]
    return ("\r\n".join(all_lines) + "\r\n\r\n").encode("latin-1")


def answered(answer: bytes) -> object:
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def accepted(server: Server) -> list[str]:
    """How many were, as the server counts them."""
    with urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        return re.findall(
            r'shiplog_event_answers_total\{status="200"\} (.*)', answer.read().decode()
        )


def make(event_id: str, size: int = 10) -> bytes:
    return envelope(item("event", event(event_id=event_id, extra="x" * size)))


def test_with_a_length(server: Server, event_id: str) -> None:
    body = make(event_id)
    answer = server.exchange(head(f"Content-Length: {len(body)}") + body)

    assert (status(answer), answered(answer)) == (200, {"id": event_id})
    assert b"\r\nAccess-Control-Allow-Origin: *\r\n" in answer


@pytest.mark.parametrize("name", [None, "gzip", "brotli"])
def test_in_chunks(server: Server, event_id: str, name: str | None) -> None:
    """As node sends them: no Content-Type, no Content-Length."""
    encoding, encode = ENCODERS[name] if name else ("identity", bytes)
    body = encode(make(event_id, 40_000))
    chunks = b"".join(chunk(body[at : at + 777]) for at in range(0, len(body), 777))
    lines = ["Transfer-Encoding: chunked", f"Content-Encoding: {encoding}"]
    answer = server.exchange(head(*lines) + chunks + b"0\r\n\r\n")

    assert (status(answer), answered(answer)) == (200, {"id": event_id})


def test_two_gigabytes_are_refused_unread(server: Server) -> None:
    answer = server.exchange(head(f"Content-Length: {2 * 1024**3}"))
    assert status(answer) == 413
    assert b"X-Sentry-Error" in answer


def test_a_length_of_many_digits(server: Server) -> None:
    assert status(server.exchange(head(f"Content-Length: {'9' * 5000}"))) in (400, 413)
    assert server.ready() is not None


def test_a_preflight(server: Server) -> None:
    answer = server.exchange(head("Origin: https://shop.example", method="OPTIONS"))
    assert status(answer) == 204
    assert b"Access-Control-Allow-Headers: x-sentry-auth" in answer


@pytest.mark.parametrize(
    ("lines", "shorter"),
    [
        pytest.param(["Content-Length: {more}"], 0, id="body shorter than declared"),
        pytest.param(["Content-Length: {less}"], 0, id="body longer than declared"),
        pytest.param(["Content-Length: -1"], 0, id="negative length"),
        pytest.param(["Content-Length: ten"], 0, id="length in words"),
        pytest.param(["Content-Length: {same}", "Content-Length: 5"], 0, id="two lengths"),
        pytest.param([], 1000, id="no length, no body"),
        pytest.param(["Transfer-Encoding: chunked"], 0, id="no chunks"),
        pytest.param(["Transfer-Encoding: gzip"], 0, id="unknown transfer encoding"),
        pytest.param(["Content-Encoding: gzip", "Content-Length: {same}"], 0, id="not gzip"),
    ],
)
def test_lies(server: Server, event_id: str, lines: list[str], shorter: int) -> None:
    body, before = make(event_id), accepted(server)
    lengths = {"more": len(body) + 10, "less": 30, "same": len(body)}
    answer = server.exchange(
        head(*(line.format(**lengths) for line in lines)) + body[: max(0, len(body) - shorter)]
    )
    assert not answer or 400 <= status(answer) < 500 or status(answer) == 501
    assert accepted(server) == before


def test_the_connection_is_of_use_after_a_refusal(server: Server, event_id: str) -> None:
    """A body that was not read is no request of its own."""
    body = make(event_id)
    kept = [
        head(f"Content-Length: {len(body)}", key=key).replace(b"Connection: close\r\n", b"") + body
        for key in ("b" * 32, SENDER.key)
    ]
    last = head(f"Content-Length: {len(body)}") + body
    answers = server.exchange([*kept, last]).split(b"HTTP/1.1 ")[1:]
    assert [answer[:3] for answer in answers] == [b"403", b"200", b"200"]


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
def test_whatever_comes_little_is_held(server: Server, encoding: str) -> None:
    """20 MB, or 100 MB that a few kB unpack to, pass through without being held."""
    encoders = {name: encode for name, encode in ENCODERS.values() if name != "deflate"}
    padding = 98 * 1024 * 1024
    start = b'{}\n{"type":"attachment","length":%d}\n' % padding
    if encoding == "identity":
        body = start + bytes(MAX_BODY - len(start))
    elif encoding == "gzip":
        packer = zlib.compressobj(wbits=31)
        parts = [packer.compress(start), *(packer.compress(bytes(2**20)) for _ in range(98))]
        body = b"".join([*parts, packer.flush()])
    else:
        body = encoders[encoding](start + bytes(padding))
    server.wait_until_worked_off()
    forget_peak(server)
    before = megabytes(server, "VmRSS")
    lines = [f"Content-Length: {len(body)}", f"Content-Encoding: {encoding}"]
    answer = server.exchange([head(*lines), body])

    assert status(answer) == (400 if encoding == "identity" else 200)
    assert megabytes(server, "VmHWM") - before < 16


def test_too_much_in_chunks(server: Server) -> None:
    forget_peak(server)
    before = megabytes(server, "VmRSS")
    megabyte = chunk(b" " * 1024 * 1024)
    start = chunk(b'{}\n{"type":"attachment"}\n')
    request = [head("Transfer-Encoding: chunked"), start, *[megabyte] * 60, b"0\r\n\r\n"]
    answer = server.exchange(request)

    assert not answer or status(answer) == 413  # or the connection was reset while sending
    assert megabytes(server, "VmHWM") - before < 16
