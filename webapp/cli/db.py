"""`flask db`: the schema of the database."""

from __future__ import annotations

import json

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError

from models.schema import differences, upgrade, write_revision
from webapp.context import shiplog

db_commands = AppGroup("db", help="The schema of the database.")


@db_commands.command("upgrade")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def upgrade_command(as_json: bool) -> None:
    """Bring the schema up to date; safe to repeat."""
    runtime = shiplog().runtime
    try:
        revision = upgrade(runtime.db, lock_file=runtime.settings.data_dir / "upgrade.lock")
    except OperationalError as error:
        why = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(f"DATABASE_URL: the database cannot be used: {why}") from None
    click.echo(json.dumps({"revision": revision}) if as_json else f"schema is at {revision}")


@db_commands.command("check")
def check_command() -> None:
    """Fail if the tables in the code differ from what the migrations make."""
    found = differences()
    if found:
        raise click.ClickException("migrations are missing: " + "; ".join(found))
    click.echo("the migrations make the tables that the code describes")


@db_commands.command("revision")
@click.option("--rev-id", required=True, help="Number of the revision, as in 0002.")
@click.argument("message")
def revision_command(rev_id: str, message: str) -> None:
    """Write the migration from the newest revision to the tables in the code."""
    click.echo(write_revision(message, rev_id=rev_id))
