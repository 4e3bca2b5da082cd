"""The webhook intake as bytes on a socket: what a test client would tidy up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from integrations.github.signature import sign
from tests.conftest import WEBHOOK_SECRET
from tests.server import Server

CAP = 25 * 1024 * 1024
BODY = b'{"zen": "Speak like a human."}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def guid() -> str:
    return str(uuid4())


def head(guid: str, *lines: str, body: bytes = BODY, signature: str | None = None) -> bytes:
    all_lines = [
        "POST /webhooks/github HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Content-Type: application/json",
        "X-GitHub-Event: ping",
        f"X-GitHub-Delivery: {guid}",
        f"X-Hub-Signature-256: {signature or sign(body, WEBHOOK_SECRET)}",
        *lines,
    ]
    return ("\r\n".join(all_lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def stored(server: Server, guid: str) -> bytes | None:
    with sqlite3.connect(server.data_dir / "shiplog.db") as connection:
        row = connection.execute("SELECT body FROM delivery WHERE guid = ?", (guid,)).fetchone()
    return row and bytes(row[0])


def megabytes(server: Server, what: str) -> float:
    """`VmRSS`, held now, or `VmHWM`, the most since the peak was forgotten."""
    lines = Path(f"/proc/{server.worker_pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{what}:")]
    return int(line.split()[1]) / 1024


def forget_peak(server: Server) -> None:
    Path(f"/proc/{server.worker_pid}/clear_refs").write_text("5")


def test_with_a_length(server: Server, guid: str) -> None:
    answer = server.exchange(head(guid, f"Content-Length: {len(BODY)}") + BODY)

    assert status(answer) == 202
    assert answer.endswith(f'{{"delivery": "{guid}", "status": "stored"}}'.encode())
    assert stored(server, guid) == BODY


def test_in_chunks(server: Server, guid: str) -> None:
    chunks = b"".join(chunk(BODY[i : i + 7]) for i in range(0, len(BODY), 7)) + b"0\r\n\r\n"
    answer = server.exchange(head(guid, "Transfer-Encoding: chunked") + chunks)

    assert status(answer) == 202
    assert stored(server, guid) == BODY


def test_the_largest_that_github_sends(server: Server, guid: str) -> None:
    body = b"{" + b" " * (CAP - 2) + b"}"
    answer = server.exchange([head(guid, f"Content-Length: {CAP}", body=body), body])

    assert status(answer) == 202
    assert len(stored(server, guid) or b"") == CAP


def test_too_large_as_declared_is_refused_unread(server: Server, guid: str) -> None:
    answer = server.exchange(head(guid, f"Content-Length: {CAP + 1}"))

    assert status(answer) == 413
    assert stored(server, guid) is None


@pytest.mark.parametrize("signature", [None, "sha256=bad"], ids=["signed", "not signed"])
def test_too_large_in_chunks_is_never_held(
    server: Server, guid: str, signature: str | None
) -> None:
    server.wait_until_worked_off()
    forget_peak(server)
    before = megabytes(server, "VmRSS")
    megabyte = chunk(b" " * 1024 * 1024)
    request = [head(guid, "Transfer-Encoding: chunked", signature=signature), *[megabyte] * 120]
    answer = server.exchange([*request, b"0\r\n\r\n"])

    assert not answer or status(answer) == 413  # or the connection was reset while sending
    assert stored(server, guid) is None
    assert megabytes(server, "VmHWM") - before < 45  # the cap, and buffers


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        pytest.param([f"Content-Length: {len(BODY) + 10}"], BODY, id="body shorter than declared"),
        pytest.param(["Content-Length: 5"], BODY, id="body longer than declared"),
        pytest.param(["Content-Length: -1"], BODY, id="negative length"),
        pytest.param(["Content-Length: ten"], BODY, id="length in words"),
        pytest.param([], b"", id="no length, no body"),
        pytest.param(["Transfer-Encoding: chunked"], b"zz\r\n" + BODY, id="chunk size of letters"),
        pytest.param(["Transfer-Encoding: chunked"], b"1e\r\n" + BODY, id="chunks cut off"),
    ],
)
def test_a_wrong_length(server: Server, guid: str, lines: list[str], sent: bytes) -> None:
    answer = server.exchange(head(guid, *lines) + sent)

    assert not answer or status(answer) in (400, 401)
    assert stored(server, guid) is None
    assert server.ready() is not None


def test_two_signatures(server: Server, guid: str) -> None:
    second = f"X-Hub-Signature-256: {sign(BODY, WEBHOOK_SECRET)}"
    answer = server.exchange(head(guid, second, f"Content-Length: {len(BODY)}") + BODY)

    assert status(answer) == 401
    assert stored(server, guid) is None


def test_a_signature_that_is_not_ascii(server: Server, guid: str) -> None:
    lines = [f"Content-Length: {len(BODY)}"]
    answer = server.exchange(head(guid, *lines, signature="sha256=" + "\xe9" * 64) + BODY)

    assert status(answer) in (400, 401)
    assert stored(server, guid) is None


def test_signed_rubbish_is_stored_and_ends_ignored(server: Server, guid: str) -> None:
    body = b"\x00\xff{[" * 100
    answer = server.exchange(head(guid, f"Content-Length: {len(body)}", body=body) + body)
    server.wait_until_worked_off()

    assert status(answer) == 202
    with sqlite3.connect(server.data_dir / "shiplog.db") as connection:
        state = connection.execute("SELECT state FROM delivery WHERE guid = ?", (guid,)).fetchone()
    assert state == ("ignored",)


def test_no_secret_or_signature_is_logged(server: Server, guid: str) -> None:
    server.exchange(head(guid, f"Content-Length: {len(BODY)}") + BODY)
    server.exchange(head(guid, f"Content-Length: {len(BODY)}", signature="sha256=0f") + BODY)
    log = server.log.read_text()

    assert guid in log
    assert WEBHOOK_SECRET not in log
    assert "sha256=" not in log
    assert sign(BODY, WEBHOOK_SECRET)[7:] not in log
    assert "Speak like" not in log
