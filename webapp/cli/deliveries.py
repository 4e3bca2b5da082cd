"""`flask deliveries`: what GitHub sent and did not get here."""

from __future__ import annotations

from dataclasses import asdict

import click

from domain.organizations import get_organization
from jobs import enqueue
from jobs.catching_up import CaughtUp, catch_up
from webapp.cli.base import Noun, Verb, json_option, show
from webapp.context import shiplog

deliveries_commands = Noun("deliveries", help="Deliveries that did not get here.")


@deliveries_commands.command("recover", cls=Verb)
@click.option("--org", metavar="SLUG", help="Only this organization's; else everybody's.")
@json_option
def recover_command(org: str | None, as_json: bool) -> None:
    """Ask GitHub for deliveries that failed or never arrived, and close gaps now."""
    runtime = shiplog().runtime
    organization_id = None
    if org is not None:
        with runtime.db.reading() as session:
            organization_id = get_organization(session, org).id
    done = catch_up(runtime, organization_id)
    enqueue(runtime)
    show(asdict(done), _text(done), as_json=as_json)


def _text(done: CaughtUp) -> str:
    got = done.deliveries
    lines = [
        f"deliveries: {got.stored} recovered, {got.asked_again} asked for again, "
        f"{got.given_up} given up",
        f"repositories: {done.repositories} compared, {done.different} branches and tags were "
        "different",
        *done.troubles,
    ]
    return "\n".join(lines)
