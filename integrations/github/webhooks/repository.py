"""`repository`: renamed, transferred, archived, deleted. The numeric id stays, all else follows."""

from __future__ import annotations

from integrations.github.payloads import parse_repository
from integrations.github.sync import find_by_github_id, lose_access, record_repository
from integrations.github.webhooks.context import Context, IgnoredError, find_installation
from models import Organization

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
        repository = find_by_github_id(ctx.session, organization.id, payload.id)
        if repository is None:
            raise IgnoredError("the repository was never listed")
        lose_access(ctx.session, repository, ctx.why, reason="it was deleted on GitHub")
    elif ctx.action in FOLLOWED or ctx.action == "created":
        repository = record_repository(
            ctx.session, organization, installation, payload, now=ctx.now
        )
    else:
        raise IgnoredError(f"action {ctx.action} changes nothing here")
    ctx.delivery.repository_id = repository.id
