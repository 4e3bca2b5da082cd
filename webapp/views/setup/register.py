"""Registering the App: the manifest on its way to GitHub, and GitHub's answer coming back.

The code that comes back is worth all secrets of the App. It is exchanged and what it gives is
stored in the same request; neither is shown or logged.
"""

from __future__ import annotations

import json

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.app_manifests import (
    ClaimedManifest,
    begin_manifest,
    claim_manifest,
    finish_manifest,
    give_back_manifest,
)
from domain.app_registration import NewApp, find_registration, store_registration
from domain.errors import AlreadyExistsError, BusyError, InvalidError, NotFoundError
from integrations.github.manifest import (
    RegistrationError,
    build_manifest,
    exchange_code,
    registration_url,
    require_name,
    require_organization,
)
from webapp.context import shiplog
from webapp.headers import allow_forms_to
from webapp.operators import require_operator
from webapp.views.setup.page import show_app, show_form

log = structlog.get_logger(__name__)
bp = Blueprint("register", __name__)


@bp.post("/manifest")
def begin() -> ResponseReturnValue:
    """A page whose button takes the manifest to GitHub."""
    link_id = require_operator()
    runtime = shiplog().runtime
    app = runtime.app_settings()
    if app is not None and app.source == "environment":
        return show_app(app, "The environment names the App, so none is registered here.")
    try:
        name = require_name(request.form.get("name", ""))
        organization = require_organization(request.form.get("organization", ""))
    except InvalidError as error:
        return show_form(str(error))
    with runtime.db.transaction() as db:
        old = find_registration(db)
        replaces_id = old.id if old else None
        state = begin_manifest(db, link_id, replaces_id=replaces_id, now=runtime.now())
    settings = runtime.settings
    manifest = build_manifest(name, settings.public_url, is_public="public" in request.form)
    page = render_template(
        "setup/to_github.html",
        address=registration_url(settings.github.url, organization, state),
        github_url=settings.github.url,
        manifest=json.dumps(manifest),
        name=name,
        organization=organization,
    )
    allow_forms_to(settings.github.url)
    return page


@bp.get("/registered")
def finish() -> ResponseReturnValue:
    """Where GitHub sends the browser, with the code; loading it again does no harm."""
    link_id = require_operator()
    runtime = shiplog().runtime
    try:
        with runtime.db.transaction() as db:
            state = request.args.get("state", "")
            claimed = claim_manifest(db, link_id, state, now=runtime.now())
    except AlreadyExistsError:
        return redirect(url_for("setup.page.show"), code=303)
    except NotFoundError:
        return _fail("It was not begun in this browser within the last hour. Begin again.", 410)
    except BusyError:
        return _fail("It is being finished at this moment. Load this page again in a minute.", 409)
    code = request.args.get("code", "")
    try:
        app = exchange_code(runtime.settings.github.api_url, code, now=runtime.now)
    except RegistrationError as error:
        return _release(claimed, error)
    return _store(claimed, app)


def _release(claimed: ClaimedManifest, error: RegistrationError) -> ResponseReturnValue:
    runtime = shiplog().runtime
    with runtime.db.transaction() as db:
        if error.is_over:
            finish_manifest(db, claimed.id, now=runtime.now())
        else:
            give_back_manifest(db, claimed.id)
    log.warning("the App was not registered", reason=str(error))
    return _fail(str(error), 410 if error.is_over else 502)


def _store(claimed: ClaimedManifest, app: NewApp) -> ResponseReturnValue:
    runtime = shiplog().runtime
    github = runtime.settings.github
    try:
        with runtime.db.transaction() as db:
            store_registration(
                db,
                runtime.secret_box,
                app,
                github_url=github.url,
                api_url=github.api_url,
                replaces_id=claimed.replaces_id,
                now=runtime.now(),
            )
            finish_manifest(db, claimed.id, now=runtime.now())
    except AlreadyExistsError:
        return _fail(
            f"Another App was registered meanwhile, and is in use. Delete {app.slug} on GitHub.",
            409,
        )
    runtime.forget_app()
    shiplog().app_check.forget()
    log.info("the App is registered", app_id=app.app_id, slug=app.slug, owner=app.owner_login)
    return redirect(url_for("setup.page.show"), code=303)


def _fail(reason: str, status: int) -> ResponseReturnValue:
    return render_template("setup/not_registered.html", reason=reason), status
