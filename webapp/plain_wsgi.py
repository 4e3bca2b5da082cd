"""What the plain WSGI callables in front of Flask share: reading a body, answering in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from domain.errors import ShiplogError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

READ_STEP = 256 * 1024
RETRY_AFTER_SECONDS = "30"
Headers = Sequence[tuple[str, str]]


class TooLargeError(ShiplogError):
    """More bytes than are ever sent here, declared or read."""


class MethodError(ShiplogError):
    """This path is for other methods."""


class CutOffError(ShiplogError):
    """The body is shorter than declared."""


def read_chunks(environ: WSGIEnvironment, *, limit: int) -> Iterator[bytes]:
    """The body as sent, chunked or not, in pieces of at most READ_STEP bytes.

    Raises TooLargeError at once where more than *limit* is declared, else before more than that
    is given out; CutOffError if less comes than was declared.
    """
    declared = environ.get("CONTENT_LENGTH")
    if declared and "HTTP_TRANSFER_ENCODING" not in environ:
        # A server lets nothing but digits through, though perhaps thousands of them.
        length = int(declared) if len(declared) < 20 else limit + 1
        if length > limit:
            raise TooLargeError(f"the body is larger than {limit // 1024 // 1024} MB")
        return _read_declared(environ, length)
    if environ.get("wsgi.input_terminated"):
        return _read_to_end(environ, limit)
    return iter(())


def _read_declared(environ: WSGIEnvironment, length: int) -> Iterator[bytes]:
    missing = length
    while missing:
        step: bytes = environ["wsgi.input"].read(min(missing, READ_STEP))
        if not step:
            raise CutOffError("the body is shorter than declared")
        missing -= len(step)
        yield step


def _read_to_end(environ: WSGIEnvironment, limit: int) -> Iterator[bytes]:
    received = 0
    while step := environ["wsgi.input"].read(READ_STEP):
        received += len(step)
        if received > limit:
            raise TooLargeError(f"the body is larger than {limit // 1024 // 1024} MB")
        yield step


def join_chunks(chunks: Iterable[bytes]) -> bytes | bytearray:
    """All of *chunks*, at the cost of none where there is one, as nearly always."""
    first: bytes | bytearray = b""
    for chunk in chunks:
        if not first:
            first = chunk
        else:
            first = bytearray(first) if isinstance(first, bytes) else first
            first += chunk
    return first


def respond(
    start_response: StartResponse, status: int, answer: Mapping[str, str], headers: Headers
) -> Iterable[bytes]:
    body = json.dumps(answer).encode()
    start_response(
        f"{status} {HTTPStatus(status).phrase}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers],
    )
    return [body]
