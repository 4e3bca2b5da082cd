"""What a handler is given, and how it finds whose delivery it has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.provenance import Why
from domain.repositories import lock_repository
from integrations.github.fields import Fields
from integrations.github.payloads import RepositoryPayload, parse_repository
from integrations.github.sync import record_repository
from models import Delivery, Installation, Repository

EXACT_TO = timedelta(minutes=5)
NOT_TRACKED = "repository not tracked"
NOT_OWNED = "the repository does not belong to the account of the installation"


@dataclass
class Outcome:
    """How a delivery ended: done or ignored (with the reason people read), and what it changed."""

    state: Literal["done", "ignored"] = "done"
    reason: str | None = None
    effects: dict[str, Any] = field(default_factory=dict)


class IgnoredError(Exception):
    """The delivery changes nothing; the message is the reason shown to people."""


@dataclass
class Context:
    """One delivery being handled: its body's fields, the session to write through, the moment."""

    session: Session
    delivery: Delivery
    body: Fields
    now: datetime
    hosts: Collection[str] = ()
    effects: dict[str, Any] = field(default_factory=dict)

    @property
    def why(self) -> Why:
        return Why(now=self.now, delivery_id=self.delivery.id)

    @property
    def action(self) -> str:
        return self.body.optional_string("action", 64) or ""


def find_installation(ctx: Context) -> Installation:
    """The installation that the delivery names. Raises IgnoredError."""
    named = ctx.body.optional_object("installation")
    if named is None:
        raise IgnoredError("the delivery names no installation")
    installation = ctx.session.scalar(
        select(Installation).where(Installation.github_id == named.number("id"))
    )
    if installation is None:
        raise IgnoredError("unknown installation")
    ctx.delivery.organization_id = installation.organization_id
    _note_delivery(installation, ctx.delivery.received_at)
    return installation


def _note_delivery(installation: Installation, at: datetime) -> None:
    """Exact to some minutes: written each time, all deliveries of an account would queue for it."""
    last = installation.last_delivery_at
    if last is None or at - last > EXACT_TO:
        installation.last_delivery_at = at


def find_tracked_repository(ctx: Context) -> Repository:
    """The delivery's repository, by numeric id, locked; listed if it was not.

    It is looked for in the installation's home and in the organizations that it is shared with.
    Name and owner are refreshed from the payload, so that renames heal. Raises IgnoredError.
    """
    installation = find_installation(ctx)
    payload = parse_repository(ctx.body.object("repository"))
    if not is_owned(installation, payload):
        raise IgnoredError(NOT_OWNED)
    repository = _record_locked(ctx, installation, payload)
    ctx.delivery.repository_id = repository.id
    ctx.delivery.organization_id = repository.organization_id
    if not repository.is_tracked:  # perhaps only since the lock was had
        raise IgnoredError(NOT_TRACKED)
    return repository


def _record_locked(
    ctx: Context, installation: Installation, payload: RepositoryPayload
) -> Repository:
    """The repository where it counts, once nobody is moving it elsewhere."""
    while True:
        repository = record_repository(ctx.session, installation, payload, now=ctx.now)
        if not repository.is_tracked:
            return repository
        lock_repository(ctx.session, repository)
        if repository.moved_to_id is None:
            return repository


def is_owned(installation: Installation, repository: RepositoryPayload) -> bool:
    """Whether the repository belongs to the account that the App is installed on.

    An installation sees no others, so a delivery that says otherwise is not to be believed: it
    would show one tenant what is another's.
    """
    return repository.owner is not None and repository.owner.id == installation.account_id
