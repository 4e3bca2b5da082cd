"""`repository`: renamed, transferred, archived, deleted. The numeric id stays, all else follows."""

from __future__ import annotations

from integrations.github.payloads import parse_repository
from integrations.github.sync import find_by_github_id, lose_access, record_repository
from integrations.github.webhooks.context import (
    NOT_OWNED,
    Context,
    IgnoredError,
    find_installation,
    is_owned,
)
from models import Organization, Repository

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
    organization = ctx.session.get_one(Organization, installation.organization_id)
    if ctx.action == "deleted":
        repository = _lose(ctx, organization, payload.id, "it was deleted on GitHub")
    elif not is_owned(installation, payload):
        if ctx.action != "transferred":
            raise IgnoredError(NOT_OWNED)
        repository = _lose(ctx, organization, payload.id, "it was transferred to another account")
    elif ctx.action in FOLLOWED or ctx.action == "created":
        repository = record_repository(
            ctx.session, organization, installation, payload, now=ctx.now
        )
    else:
        raise IgnoredError(f"action {ctx.action} changes nothing here")
    ctx.delivery.repository_id = repository.id


def _lose(ctx: Context, organization: Organization, github_id: int, reason: str) -> Repository:
    repository = find_by_github_id(ctx.session, organization.id, github_id)
    if repository is None:
        raise IgnoredError("the repository was never listed")
    lose_access(ctx.session, repository, ctx.why, reason=reason)
    return repository
