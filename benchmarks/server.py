"""The server as a process, on settings of its own, and what the system says of it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Serving:
    """gunicorn's own process; below it are its worker, and what that starts."""

    pid: int
    port: int
    data_dir: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        ticks = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def megabytes(self) -> float:
        """Memory of all processes; what they share counts once (PSS)."""
        kilobytes = 0
        for pid in self._pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
        return kilobytes / 1024

    def _pids(self) -> list[int]:
        """The ids of gunicorn's own process and of all below it."""
        found = [self.pid]
        for pid in found:  # which grows meanwhile
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        return found


@contextmanager
def serving(settings: str, data_dir: Path, environ: Mapping[str, str]) -> Iterator[Serving]:
    """A server with gunicorn's *settings* file, from its first answer on."""
    port = free_port()
    data_dir.mkdir(parents=True, exist_ok=True)
    ours = {"DATA_DIR": str(data_dir), "PORT": str(port), "LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "gunicorn", "-c", settings]
    with (data_dir / "server.log").open("a") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **ours, **environ}, stdout=log, stderr=log
        )
    try:
        wait_for(port)
        yield Serving(process.pid, port, data_dir)
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def wait_for(port: int, seconds: float = 30) -> None:
    """Wait for an answer, of whatever kind: the socket listens long before the worker is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    sys.exit("the server did not start")
