"""`flask delivery`: what GitHub sent, and what became of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from domain.delivery_log import DeliveryFilter, DeliveryRow, list_deliveries
from domain.organizations import get_organization
from models import DeliveryState
from webapp.cli.base import Noun, Verb, json_option, show
from webapp.context import shiplog
from webapp.moments import moment_text

delivery_commands = Noun("delivery", help="Webhook deliveries.")


@delivery_commands.command("list", cls=Verb)
@click.option("--org", metavar="SLUG", help="Only this organization's; else everybody's.")
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]))
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@json_option
def list_command(org: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """One line a delivery, newest first: guid, event, state, attempts, reason."""
    with shiplog().runtime.db.reading() as session:
        page = list_deliveries(
            session,
            get_organization(session, org).id if org else None,
            narrowed=DeliveryFilter(state=DeliveryState(state) if state else None),
            size=limit,
        )
    if as_json or page.rows:
        documents = [_document(row) for row in page.rows]
        show(documents, "\n".join(map(_line, page.rows)), as_json=as_json)


def _line(row: DeliveryRow) -> str:
    event = f"{row.event}.{row.action}" if row.action else row.event
    told = [row.guid, event, row.state.value, str(row.attempts), row.reason or ""]
    return "\t".join(" ".join(part.split()) for part in told)


def _document(row: DeliveryRow) -> dict[str, Any]:
    return {
        name: moment_text(value) if isinstance(value, datetime) else value
        for name, value in asdict(row).items()
    }
