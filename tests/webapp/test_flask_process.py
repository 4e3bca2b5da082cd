"""The commands as an operator runs them: `flask`, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"DATA_DIR": str(tmp_path), "PUBLIC_URL": "https://ship.example"}


def flask(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_from_nothing_to_an_issue(environment: dict[str, str]) -> None:
    before = flask(environment, "org", "create", "acme")
    assert (before.returncode, before.stdout) == (1, "")
    assert "flask db upgrade" in before.stderr
    assert len(before.stderr.splitlines()) == 1

    for arguments in (
        ["db", "upgrade"],
        ["org", "create", "acme"],
        ["project", "create", "--org", "acme", "web"],
    ):
        assert flask(environment, *arguments).returncode == 0
    issue = flask(environment, "issue", "create", "--org", "acme", "--project", "web", "Cart")
    assert (issue.returncode, issue.stdout, issue.stderr) == (0, "WEB-1\n", "")
    link = flask(environment, "login-link", "--org", "acme")
    assert link.stdout.startswith("https://ship.example/login/")
    releases = flask(environment, "release", "list", "--org", "acme", "--json", "--commits")
    assert json.loads(releases.stdout) == []
    usage = flask(environment, "release", "show", "--org", "acme")
    assert (usage.returncode, len(usage.stderr.splitlines())) == (2, 1)
