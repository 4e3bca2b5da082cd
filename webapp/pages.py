"""Wiring of pages and API: blueprints, sessions, CSRF, headers, template helpers."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, request
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]  # ships no types

from config import Settings
from domain.login_links import SESSION_LIFETIME
from webapp import api
from webapp.auth_client import app_page, oauth_settings
from webapp.context import shiplog
from webapp.errors import add_error_pages
from webapp.headers import protect
from webapp.operators import is_operator
from webapp.places import this_place
from webapp.presentation import add_template_helpers
from webapp.security import guard
from webapp.views import (
    account,
    api_docs,
    auth,
    deliveries,
    doctor,
    home,
    installs,
    issues,
    releases,
    repositories,
    setup,
    tokens,
)
from webapp.views import (
    settings as settings_pages,
)
from webapp.visitors import recognise

csrf = CSRFProtect()


def add_pages(app: Flask, settings: Settings) -> None:
    """Register the pages and what protects them."""
    app.config.update(
        SESSION_COOKIE_NAME="shiplog_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        WTF_CSRF_TIME_LIMIT=None,  # a form may stay open for as long as its session
    )
    csrf.init_app(app)
    app.before_request(_refuse_unstorable)
    app.before_request(recognise)
    protect(app)
    add_error_pages(app)
    add_template_helpers(app, settings)
    app.jinja_env.globals["settings_sections"] = settings_pages.list_sections
    app.jinja_env.globals.update(
        can_sign_in=lambda: oauth_settings(shiplog().runtime) is not None,
        has_app=_has_app,
        is_operator=is_operator,
        can_install=lambda: app_page(shiplog().runtime) is not None,
        this_place=this_place,
    )
    app.register_blueprint(home.bp)
    app.register_blueprint(auth.bp)
    app.register_blueprint(account.bp)
    app.register_blueprint(installs.bp)
    app.register_blueprint(setup.bp)
    app.register_blueprint(api_docs.bp)
    app.register_blueprint(tokens.bp)
    app.register_blueprint(_tenant())
    csrf.exempt(api.bp)  # tokens, never cookies, open it
    app.register_blueprint(api.bp)


def _has_app() -> bool:
    """Whether a GitHub App is set up, even one whose secrets cannot be read at present."""
    runtime = shiplog().runtime
    return runtime.app_settings() is not None or runtime.app_trouble() is not None


def _tenant() -> Blueprint:
    """All pages of one organization."""
    tenant = Blueprint("tenant", __name__, url_prefix="/o/<org>")
    guard(tenant)
    for part in (
        releases.bp,
        issues.bp,
        doctor.bp,
        deliveries.bp,
        repositories.bp,
        settings_pages.bp,
    ):
        tenant.register_blueprint(part)
    tenant.add_url_rule("/", endpoint="start", view_func=releases.start)
    return tenant


def _refuse_unstorable() -> None:
    """A NUL is in no name, and PostgreSQL refuses to compare with it."""
    texts = [request.path, *request.args, *(v for _, v in request.args.items(multi=True))]
    if any("\0" in text for text in texts):
        abort(400)
