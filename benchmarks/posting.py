"""A release with its whole list of commits in one request, over HTTP, against one row at a time.

The reference is that of `benchmarks.bulk`, without HTTP and without what else a release brings about.
Several such requests tell whether the server keeps memory back from them.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bulk import GOALS, make_commits, one_row_at_a_time
from benchmarks.bulk import measure as measure_rows
from benchmarks.databases import KINDS, empty_databases
from benchmarks.figures import Figure
from benchmarks.server import Serving, serving
from domain.tokens import ORG_SCOPE, create_token
from models import TokenKind
from models.session import Database
from tests.factories import NOW, make_organization, make_project

REQUESTS = 5
GROWS_MB_AT_MOST = 10  # from the first request to the last


def run(
    small: int = 1_000, large: int = 10_000, requests: int = REQUESTS, kinds: Sequence[str] = KINDS
) -> list[Figure]:
    figures = []
    for kind in kinds:
        with empty_databases(kind) as databases, TemporaryDirectory() as directory:
            reference, statements = measure_rows(databases, small, one_row_at_a_time)
            url = databases.fresh()
            token = make_tenant(url)
            environ = {"BENCH_APP": "wsgi:app", "DATABASE_URL": url}
            with serving("benchmarks/server_settings.py", Path(directory), environ) as server:
                post(server, token, 0, 3)  # warms the server up
                measured = [post(server, token, n, large) for n in range(1, requests + 1)]
        seconds = min(took for took, _ in measured)
        ratio = (reference / small) / (seconds / large)
        first, last = measured[0][1], measured[-1][1]
        figures += [
            Figure(
                f"{kind}: post a release of {large:,} commits",
                f"{seconds:.2f} s",
                f"one row at a time: {reference:.1f} s, {statements} statements for {small:,}",
                ratio,
                f"at least {GOALS[kind]}x",
                ratio >= GOALS[kind],
            ),
            Figure(
                f"  memory after {requests} such requests",
                f"{last:.0f} MB",
                f"after the first: {first:.0f} MB",
                last / first,
                f"grows by less than {GROWS_MB_AT_MOST} MB",
                last - first < GROWS_MB_AT_MOST,
            ),
        ]
    return figures


def make_tenant(url: str) -> str:
    """An organization with a project; a token of its CI."""
    db = Database(url)
    with db.transaction() as session:
        organization = make_organization(session, "acme")
        make_project(session, organization, "web")
        token = create_token(
            session,
            organization,
            kind=TokenKind.org,
            scopes=[ORG_SCOPE],
            url="http://127.0.0.1",
            now=NOW,
        )
    db.close()
    return token


def post(server: Serving, token: str, number: int, size: int) -> tuple[float, float]:
    """Seconds until the answer, and the server's megabytes after it."""
    body = json.dumps(make_body(number, size)).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    began = time.perf_counter()
    connection.request("POST", "/api/0/organizations/acme/releases/", body, headers)
    answer = connection.getresponse()
    told = answer.read()
    seconds = time.perf_counter() - began
    connection.close()
    if answer.status != 201 or json.loads(told)["commitCount"] != size:
        sys.exit(f"posting a release failed: {answer.status} {told[:500]!r}")
    return seconds, server.megabytes()


def make_body(number: int, size: int) -> dict[str, object]:
    """What `sentry-cli releases set-commits --local` sends, with five files a commit."""
    commits = [
        {
            "id": commit.sha,
            "repository": "acme/web",
            "message": commit.message,
            "author_name": commit.author.name if commit.author else None,
            "author_email": commit.author.email if commit.author else None,
            "timestamp": commit.authored_at.isoformat() if commit.authored_at else None,
            "patch_set": [{"path": path, "type": kind} for path, kind in commit.files or ()],
        }
        for commit in reversed(make_commits(size))
    ]
    return {"version": f"web@{number}.0.0", "projects": ["web"], "commits": commits}
