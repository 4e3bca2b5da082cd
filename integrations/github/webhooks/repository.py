"""`repository`: renamed, transferred, archived, deleted. The numeric id stays, all else follows."""

from __future__ import annotations

from domain.installations import find_shown
from integrations.github.payloads import parse_repository
from integrations.github.sync import lose_access, record_repository
from integrations.github.webhooks.context import (
    NOT_OWNED,
    Context,
    IgnoredError,
    find_installation,
    is_owned,
)
from models import Installation, Repository

FOLLOWED = (
    "renamed",
    "transferred",
    "archived",
    "unarchived",
    "edited",
    "privatized",
    "publicized",
)


def on_repository(ctx: Context) -> None:
    installation = find_installation(ctx)
    payload = parse_repository(ctx.body.object("repository"))
    if ctx.action == "deleted":
        repository = _lose(ctx, installation, payload.id, "it was deleted on GitHub")
    elif not is_owned(installation, payload):
        if ctx.action != "transferred":
            raise IgnoredError(NOT_OWNED)
        reason = "it was transferred to another account"
        repository = _lose(ctx, installation, payload.id, reason)
    elif ctx.action in FOLLOWED or ctx.action == "created":
        repository = record_repository(ctx.session, installation, payload, now=ctx.now)
    else:
        raise IgnoredError(f"action {ctx.action} changes nothing here")
    ctx.delivery.repository_id = repository.id
    ctx.delivery.organization_id = repository.organization_id


def _lose(ctx: Context, installation: Installation, github_id: int, reason: str) -> Repository:
    repository = find_shown(ctx.session, installation, github_id)
    if repository is None:
        raise IgnoredError("the repository was never listed")
    if not _is_shown_by_account_of(ctx, repository, installation):
        raise IgnoredError("another installation shows the repository by now")
    lose_access(ctx.session, repository, ctx.why, reason=reason)
    return repository


def _is_shown_by_account_of(
    ctx: Context, repository: Repository, installation: Installation
) -> bool:
    """An organization may have installations on both accounts of a transfer."""
    if repository.installation_id in (None, installation.id):
        return True
    current = ctx.session.get_one(Installation, repository.installation_id)
    return current.account_id == installation.account_id
