"""What people and programs reach over HTTP: webhook intake, pages, API, and the flask commands."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from jobs import Runtime, enqueue
from models.durable import open_durable
from webapp.api.rate import Rate, add_rate_limit
from webapp.app_check import AppCheck
from webapp.backlog import Backlog
from webapp.committer import Committer
from webapp.context import Shiplog
from webapp.ingest import Ingest, log_received
from webapp.intake import Intake, log_stored
from webapp.metrics import Metrics
from webapp.pages import add_pages
from webapp.project_keys import ProjectKeys
from webapp.refusals import Refusals
from webapp.silence import Silence
from webapp.slow_bodies import SlowBodies
from webapp.views import health

MAX_FORM = 1024 * 1024  # intake and API have limits of their own


def create_app(
    runtime: Runtime,
    *,
    api_rate: Rate | None = None,
    backlog: Backlog | None = None,
    with_commands: bool = True,
) -> Flask:
    """The application on *runtime*: wiring only. Starts no thread and opens no connection."""
    app = Flask(__name__)
    app.url_map.merge_slashes = False  # programs take a redirect for an answer
    app.secret_key = runtime.settings.secret_keys[0]
    app.config["SECRET_KEY_FALLBACKS"] = list(runtime.settings.secret_keys[1:])
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM

    def announce(stored: Sequence[tuple[object, object]]) -> None:
        enqueue(runtime)
        log_stored(stored)
        log_received(stored)

    committer = Committer(lambda: open_durable(runtime.db), after_commit=announce)
    metrics = Metrics(lambda: health.find_queue(runtime))
    slow_bodies = SlowBodies()
    refusals = Refusals()
    silence = Silence(runtime.now)
    parts = Shiplog(runtime, committer, metrics, slow_bodies, refusals, AppCheck(runtime), silence)
    parts.attach(app)
    app.register_blueprint(health.bp)
    add_pages(app, runtime.settings)
    add_rate_limit(app, api_rate)
    if with_commands:
        from webapp.cli import add_commands

        add_commands(app)
    events = Ingest(
        app.wsgi_app,
        committer=committer,
        keys=ProjectKeys(runtime.db, now=runtime.now),
        backlog=backlog or Backlog(runtime.db),
        now=runtime.now,
        slow_bodies=slow_bodies,
        metrics=metrics,
    )
    app.wsgi_app = Intake(  # type: ignore[method-assign]  # Flask's own way to put one in front
        events,
        committer=committer,
        webhook_secrets=runtime.webhook_secrets,
        refusals=refusals,
        now=runtime.now,
        slow_bodies=slow_bodies,
        metrics=metrics,
    )
    return app
