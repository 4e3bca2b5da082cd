"""The real server as a process, started as `make run` does, for tests that need sockets or kill -9."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import WEBHOOK_SECRET

ROOT = Path(__file__).parent.parent
START_WITHIN_SECONDS = 120


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Server:
    data_dir: Path
    database_url: str | None = None
    environ: dict[str, str] = field(default_factory=dict)  # beside what every server needs
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environ = os.environ | {
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.database_url or "",
            "PORT": str(self.port),
            "GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "LOG_FORMAT": "json",
            **self.environ,
        }
        command = [sys.executable, "-m", "gunicorn"]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_for(lambda: self.ready() is not None, seconds=START_WITHIN_SECONDS)

    def kill(self) -> None:
        """kill -9 of the server and all its processes at once."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=40)

    @property
    def log(self) -> Path:
        return self.data_dir / "server.log"

    @property
    def worker_pid(self) -> int:
        assert self._process is not None
        pid = self._process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def ready(self) -> dict[str, Any] | None:
        """What /readyz says; None while nobody answers or it is not ready."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return found if answer.status == 200 else None

    def wait_for(self, condition: Any, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def wait_until_worked_off(self, *, seconds: float = 60) -> None:
        self.wait_for(lambda: (self.ready() or {}).get("pending_jobs") == 0, seconds=seconds)

    def post(self, body: bytes, headers: dict[str, str]) -> int | None:
        """The status of a delivery; None when the connection broke before the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/webhooks/github", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return answer.status

    def exchange(self, request: bytes | list[bytes]) -> bytes:
        """Send bytes as they are; all that comes back until the server closes or is silent."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            try:
                for part in [request] if isinstance(request, bytes) else request:
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all was sent, as it should
            try:
                while part := connection.recv(65536):
                    received += part
            except (ConnectionResetError, TimeoutError):
                pass
        return received
