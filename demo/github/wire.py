"""HTTP itself: requests in, answers out, over kept-alive connections on the loopback."""

import json
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Roots:
    """Where URLs in answers and payloads point: the API's root and the web's."""

    api: str
    web: str


@dataclass(frozen=True)
class Request:
    """One request; `path` is decoded and lacks the prefix (`/api/v3`), which `roots.api` has."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    roots: Roots

    def json(self) -> Json:
        """Return the body's JSON object, empty when it is none."""
        try:
            parsed = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass
class Reply:
    """An answer; *broken* is a fault on the line: `cut` after half the body, or `reset` at once."""

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    broken: str | None = None

    def encoded(self) -> bytes:
        if self.body is None:
            empty = self.data is None or self.status in (204, 304)
            self.body = b"" if empty else json.dumps(self.data).encode()
        return self.body


class ApiError(Exception):
    """An answer of status 4xx or 5xx, with GitHub's kind of body."""

    def __init__(
        self, status: int, message: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        """Keep what `reply` will say; *more* are further members of the body."""
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: Json = {"message": message, **more}
        self.body |= {"documentation_url": DOCUMENTATION, "status": str(status)}

    def reply(self) -> Reply:
        return Reply(self.body, self.status, self.headers)


class Server:
    """A threaded HTTP/1.1 server on the loopback; *answer* runs in the connection's thread."""

    def __init__(self, answer: Callable[[Request], Reply], port: int = 0) -> None:
        """Bind, to a free port unless one is given; requests are answered after `start`."""

        class Handler(_Handler):
            respond = staticmethod(answer)

        self._http = _Http(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._http.hang_up()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of our own errors only, not of clients that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        """End kept-alive connections, so that nobody talks to a server that is no more."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "github.com"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    respond: Callable[[Request], Reply]

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        reply = self.respond(self._request(body))
        content = reply.encoded()
        if reply.broken == "reset":
            self._hang_up()
            return
        self.send_response_only(reply.status)
        self.send_header("Server", self.version_string())
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if content and "Content-Type" not in reply.headers:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if reply.broken == "cut" else content)
        self.wfile.flush()
        if reply.broken:
            self._hang_up()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815 - http.server's names

    def _request(self, body: bytes) -> Request:
        parts = urlsplit(self.path)
        web = f"http://{self.headers.get('Host') or 'localhost'}"
        path, api = unquote(parts.path), web
        if path.startswith("/api/v3/"):
            path, api = path.removeprefix("/api/v3"), f"{web}/api/v3"
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Request(self.command, path, query, headers, body, Roots(api, web))

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet; `StandIn.calls` is the log."""
