"""`installation` and `installation_repositories`: where the App is, and what it may see."""

from __future__ import annotations

from sqlalchemy import select

from domain.organizations import lock_organization
from integrations.github.fields import Fields
from integrations.github.payloads import parse_account, parse_installation, parse_repository
from integrations.github.sync import (
    find_by_github_id,
    list_repositories_later,
    lose_access,
    record_installation,
    record_repository,
    refresh_installation,
)
from integrations.github.webhooks.context import Context, IgnoredError, find_installation
from models import Installation, Repository

SEES = ("created", "unsuspend", "new_permissions_accepted")


def on_installation(ctx: Context) -> None:
    """Made, suspended, deleted. History is kept in every case and works again when undone."""
    if ctx.action in SEES:
        named = ctx.body.object("installation")
        account = parse_account(named.object("account"))
        installation = record_installation(ctx.session, named.number("id"), account, now=ctx.now)
        if installation.account_id != account.id:
            raise IgnoredError("the installation belongs to another account")
        ctx.delivery.organization_id = installation.organization_id
        _describe(ctx, installation, named)
        _open(ctx, installation)
    elif ctx.action in ("deleted", "suspend"):
        _close(ctx, find_installation(ctx))
    else:
        raise IgnoredError(f"action {ctx.action} changes nothing here")


def _describe(ctx: Context, installation: Installation, named: Fields) -> None:
    """Note what was granted, and who installed it: the sender is an admin once signed in.

    A `created` that comes late does not take back what was granted since.
    """
    if ctx.action != "created" or installation.permissions is None:
        refresh_installation(installation, parse_installation(named))
    sender = ctx.body.optional_object("sender")
    if ctx.action == "created" and sender is not None and installation.installed_by_id is None:
        installer = parse_account(sender)
        installation.installed_by_id = installer.id
        installation.installed_by_login = installer.login


def _open(ctx: Context, installation: Installation) -> None:
    if ctx.action == "created" and installation.deleted_at is not None:
        raise IgnoredError("the installation was deleted since")
    if ctx.action == "unsuspend":
        installation.suspended_at = None
    if ctx.body.has("repositories"):
        _list(ctx, installation, "repositories")
    list_repositories_later(ctx.session, installation, at=ctx.now)


def _list(ctx: Context, installation: Installation, key: str) -> None:
    organization = lock_organization(ctx.session, installation.organization_id)
    for fields in ctx.body.objects(key):
        record_repository(
            ctx.session, organization, installation, parse_repository(fields), now=ctx.now
        )


def _close(ctx: Context, installation: Installation) -> None:
    if ctx.action == "deleted":
        installation.deleted_at = ctx.now
    else:
        installation.suspended_at = ctx.now
    lock_organization(ctx.session, installation.organization_id)
    repositories = ctx.session.scalars(
        select(Repository)
        .where(Repository.installation_id == installation.id)
        .order_by(Repository.id)
    )
    for repository in list(repositories):
        reason = "uninstalled" if ctx.action == "deleted" else "suspended"
        lose_access(ctx.session, repository, ctx.why, reason=f"the App was {reason}")


def on_installation_repositories(ctx: Context) -> None:
    """Repositories were added to or removed from the installation."""
    installation = find_installation(ctx)
    if ctx.action == "added":
        _list(ctx, installation, "repositories_added")
        list_repositories_later(ctx.session, installation, at=ctx.now)
    elif ctx.action == "removed":
        lock_organization(ctx.session, installation.organization_id)
        for fields in ctx.body.objects("repositories_removed"):
            _remove(ctx, installation, fields)
        list_repositories_later(ctx.session, installation, at=ctx.now)
    else:
        raise IgnoredError(f"action {ctx.action} changes nothing here")


def _remove(ctx: Context, installation: Installation, fields: Fields) -> None:
    repository = find_by_github_id(ctx.session, installation.organization_id, fields.number("id"))
    if repository is not None and repository.installation_id == installation.id:
        reason = "it was removed from the installation"
        lose_access(ctx.session, repository, ctx.why, reason=reason)
