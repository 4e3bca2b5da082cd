"""Durable, deduplicated deliveries a second, against a Flask view that only checks the signature.

Both run under the same server settings, in turns, in the same minutes: the ratio is what counts.
The worker is not running meanwhile; the messages to it are sent.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from benchmarks.client import SECRET, WARM_UP_SECONDS
from benchmarks.databases import KINDS, empty_databases
from benchmarks.figures import Figure
from benchmarks.server import serving
from models import Delivery, ReceivedEvent
from models.session import Database

REFERENCE, OURS = "benchmarks.apps:signature_only()", "wsgi:app"
ROUNDS = 3
SECONDS = 2.0
GOAL, FLOOR = 0.8, 0.5
P99_GOAL_MS = 150
Measured = dict[str, float]


def run(
    connections: Sequence[int] = (16, 64),
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    kinds: Sequence[str] = KINDS,
) -> list[Figure]:
    figures = []
    with TemporaryDirectory() as directory:
        for kind in kinds:
            for number in connections if kind == "SQLite" else connections[-1:]:
                path = Path(directory) / f"{kind}-{number}"
                figures += compare(kind, number, path, rounds, seconds)
    return figures


def compare(
    kind: str, connections: int, directory: Path, rounds: int, seconds: float
) -> list[Figure]:
    """Both in turns, so that a noisy minute falls on both; each round on a new database."""
    references, ours = [], []
    for number in range(rounds):
        references.append(
            measure(REFERENCE, connections, directory / f"reference{number}", seconds)
        )
        with empty_databases(kind) as databases:
            url = databases.fresh()
            path = directory / str(number)
            ours.append(measure(OURS, connections, path, seconds, url))
            verify_stored(url, ours[-1]["rate"] * seconds)
    ratio = median(a["rate"] / b["rate"] for a, b in zip(ours, references, strict=True))
    is_sqlite = kind == "SQLite"
    name = f"{kind}: durable deliveries, {connections} connections"
    figures = [
        Figure(
            name,
            describe(ours),
            f"Flask, signature only: {describe(references)}",
            ratio,
            f"{GOAL}x, at least {FLOOR}x" if is_sqlite else "",
            ratio >= FLOOR if is_sqlite else None,
        )
    ]
    if is_sqlite and connections == 64:
        p99 = median(one["p99"] for one in ours)
        reference = f"{median(one['p99'] for one in references):.0f} ms"
        goal = f"under {P99_GOAL_MS} ms"
        figures.append(
            Figure("  its p99", f"{p99:.0f} ms", reference, None, goal, p99 < P99_GOAL_MS)
        )
    return figures


def describe(measured: Sequence[Measured]) -> str:
    rate, cpu = (median(one[key] for one in measured) for key in ("rate", "cpu"))
    return f"{rate:,.0f}/s, {cpu:.0f} µs CPU each"


def measure(
    app: str,
    connections: int,
    data_dir: Path,
    seconds: float,
    database_url: str = "",
    *,
    client: str = "benchmarks.client",
    pace: float = float("inf"),
    with_worker: bool = False,
) -> Measured:
    environ = {"BENCH_APP": app, "GITHUB_WEBHOOK_SECRET": SECRET, "DATABASE_URL": database_url}
    environ |= {"BENCH_WORKER": "1"} if with_worker else {}
    with serving("benchmarks/server_settings.py", data_dir, environ) as server:
        before = server.cpu_seconds()
        arguments = [str(server.port), str(connections), str(seconds)]
        paced = [] if pace == float("inf") else [str(pace)]
        command = [sys.executable, "-m", client, *arguments, *paced]
        result: Measured = json.loads(subprocess.check_output(command))
        answered = result["rate"] * (seconds + WARM_UP_SECONDS)
        result["cpu"] = (server.cpu_seconds() - before) / answered * 1e6
    if result["refused"]:
        sys.exit(f"{app} refused {result['refused']} requests")
    return result


def verify_stored(
    database_url: str, answered: float, model: type[Delivery] | type[ReceivedEvent] = Delivery
) -> None:
    """A rate counts only if what was answered is there."""
    db = Database(database_url)
    with db.reading() as session:
        rows = session.scalar(select(func.count()).select_from(model)) or 0
    db.close()
    if rows < answered:
        sys.exit(f"answered {answered:.0f} requests, more than the {rows} that are stored")
