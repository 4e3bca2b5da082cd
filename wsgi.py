"""The application for gunicorn and the `flask` commands. Imported after the fork, never before."""

from __future__ import annotations

import os

from config import load_settings
from jobs import Runtime
from logs import configure_logging
from models.session import Database
from webapp import create_app

settings = load_settings()
configure_logging(settings.log_format)
# `flask` says so of itself; the server is a tenth smaller without the commands and what they need.
is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
app = create_app(Runtime(settings, Database(settings.database_url)), with_commands=is_command)
