"""The `flask` commands: one module a group, listed here."""

from __future__ import annotations

from flask import Flask

from webapp.cli.db import db_commands

GROUPS = (db_commands,)


def add_commands(app: Flask) -> None:
    for group in GROUPS:
        app.cli.add_command(group)
