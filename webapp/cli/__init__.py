"""The `flask` commands: one module a group, listed here."""

from __future__ import annotations

from flask import Flask

from webapp.cli.db import db_commands
from webapp.cli.deliveries import deliveries_commands
from webapp.cli.delivery import delivery_commands
from webapp.cli.issue import issue_commands
from webapp.cli.org import login_link_command, org_commands
from webapp.cli.project import project_commands
from webapp.cli.release import release_commands
from webapp.cli.repo import repo_commands
from webapp.cli.setup import secret_commands, setup_link_command
from webapp.cli.token import token_commands

GROUPS = (
    db_commands,
    deliveries_commands,
    delivery_commands,
    issue_commands,
    login_link_command,
    org_commands,
    project_commands,
    release_commands,
    repo_commands,
    secret_commands,
    setup_link_command,
    token_commands,
)


def add_commands(app: Flask) -> None:
    for group in GROUPS:
        app.cli.add_command(group)
