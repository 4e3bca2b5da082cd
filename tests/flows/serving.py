"""A server of ours on a real socket, against a stand-in for GitHub; no worker, tests drain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

from werkzeug.serving import WSGIRequestHandler, make_server

from config import Settings
from demo.github import StandIn
from jobs import Runtime
from models.session import Database
from tests.clock import Clock
from webapp import create_app
from webapp.context import shiplog


class Quiet(WSGIRequestHandler):
    """Logs no requests: a failing property would drown in them."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


@contextmanager
def serving(
    github: StandIn,
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    webhook_secrets: Sequence[str] = (),
) -> Iterator[tuple[Runtime, str]]:
    """The runtime, and the URL of the webhook intake."""
    app_settings = replace(
        settings.github,
        url=github.url,
        api_url=github.url,
        app_id=github.app.app_id,
        private_key=github.app.private_key_pem,
        webhook_secrets=tuple(webhook_secrets) or (github.app.webhook_secret,),
    )
    changed = replace(settings, github=app_settings)
    runtime = Runtime(changed, database, now=clock, backoff=0)
    app = create_app(runtime)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield runtime, f"http://127.0.0.1:{server.server_port}/webhooks/github"
    server.shutdown()
    thread.join()
    server.server_close()
    shiplog(app).committer.close()
    if runtime.github is not None:
        runtime.github.close()
