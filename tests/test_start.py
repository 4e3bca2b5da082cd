"""What the server says at its start: of an address it cannot have, and of what it lacks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config import GitHubSettings, Settings
from webapp.serving import list_lacks

ROOT = Path(__file__).parent.parent


def start(directory: Path, **settings: str) -> list[str]:
    """What a start that fails says, gunicorn's own lines apart."""
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(directory)} | settings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    return [line for line in done.stderr.splitlines() if "[INFO]" not in line]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = start(tmp_path, HOST="127.0.0.1", PORT=port)

    assert said == [f"shiplog: PORT: cannot listen on 127.0.0.1:{port}: Address already in use"]


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("192.0.2.1", "HOST: cannot listen on 192.0.2.1:8009: Cannot assign requested address"),
        ("no-such-host.invalid", "HOST: 'no-such-host.invalid' is not known"),
    ],
)
def test_a_host_that_is_not_ours_is_named(tmp_path: Path, host: str, reason: str) -> None:
    [said] = start(tmp_path, HOST=host, PORT="8009")

    assert reason in said


@pytest.mark.parametrize(
    ("github", "variables"),
    [
        (GitHubSettings(), ["GITHUB_WEBHOOK_SECRET", "GITHUB_APP_ID"]),
        (GitHubSettings(webhook_secrets=("s",), app_id=1), ["GITHUB_PRIVATE_KEY"]),
        (GitHubSettings(app_id=1, private_key="k"), ["GITHUB_WEBHOOK_SECRET"]),
        (GitHubSettings(webhook_secrets=("s",), app_id=1, private_key="k"), []),
    ],
)
def test_a_start_says_what_is_lacking(
    tmp_path: Path, github: GitHubSettings, variables: list[str]
) -> None:
    lacks = list_lacks(Settings(tmp_path, "sqlite:///x.db", ("key",), github=github))

    assert len(lacks) == len(variables)
    assert all(variable in lack for variable, lack in zip(variables, lacks, strict=True))
