"""Durable, deduplicated deliveries a second, against a Flask view that only checks the signature.

Both run under the same server settings, in turns, in the same minutes: the ratio is what counts.
The worker is not running meanwhile; the messages to it are sent.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.client import SECRET

REFERENCE, OURS = "benchmarks.apps:signature_only()", "wsgi:app"
ROUNDS = 3
SECONDS = 5.0


def main() -> None:
    with TemporaryDirectory() as directory:
        for connections in (16, 64):
            compare(connections, Path(directory))


def compare(connections: int, directory: Path) -> None:
    results: dict[str, list[dict[str, Any]]] = {REFERENCE: [], OURS: []}
    for round_ in range(ROUNDS):
        for app, measured in results.items():
            data_dir = directory / f"{connections}-{round_}"
            measured.append(measure(app, connections, data_dir))
    print(f"{connections} connections, 25 kB, {ROUNDS} rounds of {SECONDS:.0f} s each, medians")
    for app, measured in results.items():
        rate, p50, p99, rss = (
            median(m[key] for m in measured) for key in ("rate", "p50", "p99", "rss")
        )
        name = "stored durably" if app == OURS else "signature only, in Flask"
        refused = sum(m["refused"] for m in measured)
        print(
            f"  {name:25} {rate:7.0f}/s  p50 {p50:5.1f} ms  p99 {p99:6.1f} ms"
            f"  memory {rss:4.0f} MB  refused {refused}"
        )
    ratios = [
        ours["rate"] / reference["rate"]
        for reference, ours in zip(results[REFERENCE], results[OURS], strict=True)
    ]
    print(f"  ratio {median(ratios):.2f}  ({', '.join(f'{ratio:.2f}' for ratio in ratios)})")


def measure(app: str, connections: int, data_dir: Path) -> dict[str, Any]:
    with serving(app, data_dir) as (port, process):
        arguments = [str(port), str(connections), str(SECONDS)]
        client = [sys.executable, "-m", "benchmarks.client", *arguments]
        result: dict[str, Any] = json.loads(subprocess.check_output(client))
        result["rss"] = memory(process.pid)
    if app == OURS:
        with sqlite3.connect(data_dir / "shiplog.db") as connection:
            (rows,) = connection.execute("SELECT count(*) FROM delivery").fetchone()
        if rows < result["rate"] * SECONDS:
            sys.exit(f"answered more deliveries than the {rows} that are stored")
    return result


@contextmanager
def serving(app: str, data_dir: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environ = os.environ | {
        "BENCH_APP": app,
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "LOG_FORMAT": "json",
    }
    if app == OURS:
        upgrade = [sys.executable, "-m", "flask", "--app", OURS, "db", "upgrade"]
        subprocess.run(upgrade, env=environ, check=True, stdout=subprocess.DEVNULL)
    data_dir.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "gunicorn", "-c", "benchmarks/server_settings.py"]
    with (data_dir / "server.log").open("a") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        wait_for(port)
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit("the server did not start")


def memory(pid: int) -> float:
    """Resident megabytes of *pid* and its children together."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    kilobytes = 0
    for each in (str(pid), *children):
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


if __name__ == "__main__":
    main()
