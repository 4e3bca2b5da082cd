"""New secrets of the App, without a moment in which neither the old nor the new one works."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from domain.app_registration import (
    add_webhook_secret,
    drop_old_webhook_secret,
    replace_private_key,
)
from domain.errors import InvalidError, NotFoundError
from domain.secret_box import UnreadableSecretError
from integrations.github.app_facts import request_ping, verify_private_key
from integrations.github.errors import GitHubError
from integrations.github.fields import PayloadError
from webapp.context import shiplog
from webapp.operators import require_operator
from webapp.views.setup.page import show_app, show_form

log = structlog.get_logger(__name__)
bp = Blueprint("app_secrets", __name__)
OF_ENVIRONMENT = "The environment names the App: change its variables and start the server again."


@bp.post("/key")
def change_key() -> ResponseReturnValue:
    """Take a new private key, once GitHub has accepted what it signs."""
    require_operator()
    runtime = shiplog().runtime
    app = runtime.app_settings()
    if app is None or app.source == "environment":
        return _refuse(OF_ENVIRONMENT)
    upload = request.files.get("key_file")
    given = upload.read().decode(errors="replace") if upload else ""
    api_url, text = runtime.settings.github.api_url, given or request.form.get("key", "")
    try:
        pem = verify_private_key(api_url, app.app_id, text, now=runtime.now)
    except InvalidError as error:
        return _refuse(str(error))
    except GitHubError:
        return _refuse("GitHub does not answer, so the key was not tried. The old one is in use.")
    return _change(
        "key", lambda db: replace_private_key(db, runtime.secret_box, pem, now=runtime.now())
    )


@bp.post("/webhook-secret")
def add_secret() -> ResponseReturnValue:
    """Accept a new webhook secret beside the one in use."""
    require_operator()
    runtime, secret = shiplog().runtime, request.form.get("secret", "")
    return _change(
        "secret", lambda db: add_webhook_secret(db, runtime.secret_box, secret, now=runtime.now())
    )


@bp.post("/webhook-secret/drop")
def drop_secret() -> ResponseReturnValue:
    """Accept the newest webhook secret alone."""
    require_operator()
    runtime = shiplog().runtime
    return _change(
        "dropped", lambda db: drop_old_webhook_secret(db, runtime.secret_box, now=runtime.now())
    )


@bp.post("/ping")
def ping() -> ResponseReturnValue:
    """Have GitHub send its ping again, signed with the secret that it has now."""
    require_operator()
    runtime = shiplog().runtime
    app, api_url = runtime.app_settings(), runtime.settings.github.api_url
    if app is None or app.private_key is None:
        return _refuse("Without an App and its key GitHub cannot be asked.")
    try:
        is_asked = request_ping(api_url, app.app_id, app.private_key, now=runtime.now)
    except (GitHubError, InvalidError, PayloadError) as error:
        return _refuse(f"GitHub did not send its ping: {error}")
    if not is_asked:
        return _refuse(
            "GitHub has no ping of the last days: install the App, that is told as well."
        )
    return redirect(url_for("setup.page.show", done="ping"), code=303)


def _change(what: str, change: Callable[[Session], None]) -> ResponseReturnValue:
    parts = shiplog()
    app = parts.runtime.app_settings()
    if app is None or app.source == "environment":
        return _refuse(OF_ENVIRONMENT)
    try:
        with parts.runtime.db.transaction() as db:
            change(db)
    except (InvalidError, NotFoundError, UnreadableSecretError) as error:
        return _refuse(str(error))
    parts.runtime.forget_app()
    parts.app_check.forget()
    log.info("the App's secrets were changed by the operator", what=what)
    return redirect(url_for("setup.page.show", done=what), code=303)


def _refuse(reason: str) -> ResponseReturnValue:
    app = shiplog().runtime.app_settings()
    return show_app(app, reason) if app is not None else show_form(reason)
