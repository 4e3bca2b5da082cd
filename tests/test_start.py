"""What the server says at its start: of an address it cannot have, and of what it lacks."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from config import GitHubSettings, Settings
from jobs import Runtime
from models.session import Database
from tests.databases import Databases
from tests.server import Server
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
    settings: Settings, database: Database, github: GitHubSettings, variables: list[str]
) -> None:
    lacks = list_lacks(Runtime(replace(settings, github=github), database))

    assert len(lacks) == len(variables)
    assert all(variable in lack for variable, lack in zip(variables, lacks, strict=True))


def links_in(log: Path) -> list[str]:
    return re.findall(r"http://\S+/setup/\S+", log.read_text())


def open_page(address: str) -> int:
    try:
        with urlopen(address, timeout=20) as answer:  # noqa: S310 (our own server)
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def test_a_fresh_server_prints_one_set_up_link_each_start(
    tmp_path: Path, databases: Databases
) -> None:
    server = Server(tmp_path, databases.empty(), environ={"GITHUB_APP_ID": ""})
    server.start()
    [first] = links_in(server.log)
    assert first.startswith(f"http://127.0.0.1:{server.port}/setup/")
    server.wait_for(lambda: "GitHub is asked for nothing" in server.log.read_text(), seconds=20)
    assert open_page(first) == 200
    assert server.stop() == 0

    server.start()
    _, second = links_in(server.log)
    assert (open_page(first), open_page(second)) == (410, 200)
    assert server.stop() == 0


def test_a_server_that_has_its_app_prints_no_link(tmp_path: Path, databases: Databases) -> None:
    server = Server(tmp_path, databases.empty(), environ={"GITHUB_APP_ID": "7"})
    server.start()
    assert server.stop() == 0

    assert links_in(server.log) == []
