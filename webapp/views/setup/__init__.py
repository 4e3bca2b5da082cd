"""Setting the server up: the operator's link, registering the App, and whether all of it works."""

from __future__ import annotations

from flask import Blueprint

from webapp.views.setup import app_secrets, link, page, register

bp = Blueprint("setup", __name__, url_prefix="/setup")
for part in (page.bp, link.bp, register.bp, app_secrets.bp):
    bp.register_blueprint(part)
