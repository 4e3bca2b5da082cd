"""What people and programs reach over HTTP: webhook intake, pages, API, and the flask commands."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from jobs import Runtime, enqueue
from models.durable import open_durable
from webapp.api.rate import Rate, add_rate_limit
from webapp.cli import add_commands
from webapp.committer import Committer
from webapp.context import Shiplog
from webapp.intake import Intake, log_stored
from webapp.metrics import Metrics
from webapp.pages import add_pages
from webapp.views import health

MAX_FORM = 1024 * 1024  # intake and API have limits of their own


def create_app(runtime: Runtime, *, api_rate: Rate | None = None) -> Flask:
    """The application on *runtime*: wiring only. Starts no thread and opens no connection."""
    app = Flask(__name__)
    app.url_map.merge_slashes = False  # programs take a redirect for an answer
    app.secret_key = runtime.settings.secret_keys[0]
    app.config["SECRET_KEY_FALLBACKS"] = list(runtime.settings.secret_keys[1:])
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM

    def announce(stored: Sequence[tuple[object, object]]) -> None:
        enqueue(runtime)
        log_stored(stored)

    committer = Committer(lambda: open_durable(runtime.db), after_commit=announce)
    metrics = Metrics(lambda: health.find_queue(runtime))
    Shiplog(runtime, committer, metrics).attach(app)
    app.register_blueprint(health.bp)
    add_pages(app, runtime.settings)
    add_rate_limit(app, api_rate)
    add_commands(app)
    app.wsgi_app = Intake(  # type: ignore[method-assign]  # Flask's own way to put one in front
        app.wsgi_app,
        committer=committer,
        webhook_secrets=runtime.webhook_secrets,
        now=runtime.now,
        metrics=metrics,
    )
    return app
