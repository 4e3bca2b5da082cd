"""The server on a real socket and the stand-in beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from config import Settings
from demo.github import StandIn
from jobs import Runtime
from models.session import Database
from tests.clock import Clock
from tests.flows.world import World
from webapp import create_app
from webapp.context import shiplog


@pytest.fixture
def github(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / "github") as github:
        yield github


@pytest.fixture
def world(github: StandIn, settings: Settings, database: Database, clock: Clock) -> Iterator[World]:
    app_settings = replace(
        settings.github,
        url=github.url,
        api_url=github.url,
        app_id=github.app.app_id,
        private_key=github.app.private_key_pem,
        webhook_secrets=(github.app.webhook_secret,),
    )
    runtime = Runtime(replace(settings, github=app_settings), database, now=clock)
    app = create_app(runtime)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield World(github, runtime, clock, f"http://127.0.0.1:{server.server_port}/webhooks/github")
    server.shutdown()
    thread.join()
    server.server_close()
    shiplog(app).committer.close()
    if runtime.github is not None:
        runtime.github.close()
