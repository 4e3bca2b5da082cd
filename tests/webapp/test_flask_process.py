"""The commands as an operator runs them: `flask`, in a process of its own."""

from __future__ import annotations

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


def test_from_nothing_to_a_link(environment: dict[str, str]) -> None:
    """What each command says is tested in one process; here, that they work in their own."""
    before = flask(environment, "org", "create", "acme")
    assert (before.returncode, before.stdout) == (1, "")
    assert "flask db upgrade" in before.stderr
    assert len(before.stderr.splitlines()) == 1

    assert flask(environment, "db", "upgrade").returncode == 0
    made = flask(environment, "org", "create", "acme")
    assert (made.returncode, made.stdout, made.stderr) == (0, "acme\n", "")
    link = flask(environment, "login-link", "--org", "acme")
    assert link.stdout.startswith("https://ship.example/login/")
    usage = flask(environment, "release", "show", "--org", "acme")
    assert (usage.returncode, len(usage.stderr.splitlines())) == (2, 1)
