"""The application for gunicorn and the `flask` commands. Imported after the fork, never before."""

from __future__ import annotations

from config import load_settings
from jobs import Runtime
from logs import configure_logging
from models.session import Database
from webapp import create_app

settings = load_settings()
configure_logging(settings.log_format)
app = create_app(Runtime(settings, Database(settings.database_url)))
