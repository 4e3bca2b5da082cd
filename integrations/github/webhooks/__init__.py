"""Webhook handlers: one table from event to handler."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy.orm import Session

from integrations.github.fields import PayloadError, parse_body
from integrations.github.webhooks.authorization import on_github_app_authorization
from integrations.github.webhooks.context import Context, IgnoredError, Outcome
from integrations.github.webhooks.installation import (
    on_installation,
    on_installation_repositories,
)
from integrations.github.webhooks.pull_request import on_pull_request
from integrations.github.webhooks.push import on_push
from integrations.github.webhooks.release import on_release
from integrations.github.webhooks.repository import on_repository
from integrations.github.webhooks.tags import on_create, on_delete
from models import Delivery

HANDLERS: dict[str, Callable[[Context], None]] = {
    "create": on_create,
    "delete": on_delete,
    "github_app_authorization": on_github_app_authorization,
    "installation": on_installation,
    "installation_repositories": on_installation_repositories,
    "pull_request": on_pull_request,
    "push": on_push,
    "release": on_release,
    "repository": on_repository,
}


def handle_delivery(
    session: Session, delivery: Delivery, *, now: datetime, hosts: Collection[str] = ()
) -> Outcome:
    """Apply *delivery*. Writes through *session*, never commits, never uses the network.

    *hosts* are this server's names, for issues named by URL. What cannot be understood, and what
    concerns nothing of ours, ends as ignored with the reason; any other exception is a failure.
    """
    try:
        body = parse_body(delivery.body, delivery.content_type)
        ctx = Context(session, delivery, body, now, hosts)
        delivery.action = ctx.action or None
        handler = HANDLERS.get(delivery.event)
        if handler is None:
            raise IgnoredError(_unhandled(delivery.event))
        with session.begin_nested():  # what turns out not to be understood changes nothing
            return _apply(handler, ctx)
    except PayloadError as error:
        return Outcome("ignored", f"not understood: {error}")
    except IgnoredError as error:
        return Outcome("ignored", str(error))


def _apply(handler: Callable[[Context], None], ctx: Context) -> Outcome:
    """Run *handler*; what it noted before it found the rest of no concern stays noted."""
    try:
        handler(ctx)
    except IgnoredError as error:
        return Outcome("ignored", str(error))
    return Outcome(effects=ctx.effects)


def _unhandled(event: str) -> str:
    return "a ping: the webhook works" if event == "ping" else f"event {event} is not handled"
