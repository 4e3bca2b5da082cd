"""`installation`, `installation_repositories`, `installation_target`: where the App is, what it may see."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select

from domain.installations import find_shown, lock_takers
from domain.work import resume_failed
from integrations.github.fields import Fields
from integrations.github.payloads import parse_account, parse_installation, parse_repository
from integrations.github.sync import (
    close_installation,
    describe_installation,
    list_repositories_later,
    lose_access,
    record_installation,
    record_repository,
)
from integrations.github.webhooks.context import Context, IgnoredError, find_installation
from models import Installation, Repository

SEES = ("created", "unsuspend", "new_permissions_accepted")
OTHER_ACCOUNT = "the installation belongs to another account"


def on_installation(ctx: Context) -> None:
    """Made, suspended, deleted. History is kept in every case and works again when undone."""
    if ctx.action in SEES:
        payload = parse_installation(ctx.body.object("installation"))
        installation = record_installation(ctx.session, payload.id, payload.account, now=ctx.now)
        if installation.account_id != payload.account.id:
            raise IgnoredError(OTHER_ACCOUNT)
        find_installation(ctx)
        if ctx.action != "created" or installation.permissions is None:
            describe_installation(installation, payload)  # a late `created` takes nothing back
        _open(ctx, installation)
    elif ctx.action in ("deleted", "suspend"):
        _close(ctx, find_installation(ctx))
    else:
        raise IgnoredError(f"action {ctx.action} changes nothing here")


def _open(ctx: Context, installation: Installation) -> None:
    if ctx.action == "created" and installation.deleted_at is not None:
        raise IgnoredError("the installation was deleted since")
    if ctx.action == "created" and installation.installed_by_id is None:
        installer = ctx.body.optional_object("sender")
        if installer is not None:
            account = parse_account(installer)
            installation.installed_by_id = account.id
            installation.installed_by_login = account.login
    if ctx.action == "unsuspend":
        installation.suspended_at = installation.suspended_by_login = None
    if ctx.body.has("repositories"):
        _list(ctx, installation, "repositories")
    if installation.is_working:
        known = select(Repository.id).where(Repository.installation_id == installation.id)
        resume_failed(ctx.session, ctx.session.scalars(known).all(), at=ctx.now)
    list_repositories_later(ctx.session, installation, at=ctx.now)


def _list(ctx: Context, installation: Installation, key: str) -> None:
    lock_takers(ctx.session, installation)
    for fields in ctx.body.objects(key):
        record_repository(ctx.session, installation, parse_repository(fields), now=ctx.now)


def _close(ctx: Context, installation: Installation) -> None:
    sender = ctx.body.optional_object("sender")
    by = sender.optional_string("login", 128) if sender else None
    how: Literal["suspended", "uninstalled"] = (
        "uninstalled" if ctx.action == "deleted" else "suspended"
    )
    close_installation(ctx.session, installation, how=how, by=by, why=ctx.why)


def on_installation_repositories(ctx: Context) -> None:
    """Repositories were added to or removed from the installation."""
    installation = find_installation(ctx)
    describe_installation(installation, parse_installation(ctx.body.object("installation")))
    selection = ctx.body.optional_string("repository_selection", 16)
    installation.repository_selection = selection or installation.repository_selection
    if ctx.action == "added":
        _list(ctx, installation, "repositories_added")
        list_repositories_later(ctx.session, installation, at=ctx.now)
    elif ctx.action == "removed":
        lock_takers(ctx.session, installation)
        for fields in ctx.body.objects("repositories_removed"):
            _remove(ctx, installation, fields)
        list_repositories_later(ctx.session, installation, at=ctx.now)
    else:
        raise IgnoredError(f"action {ctx.action} changes nothing here")


def _remove(ctx: Context, installation: Installation, fields: Fields) -> None:
    repository = find_shown(ctx.session, installation, fields.number("id"))
    if repository is not None and repository.installation_id == installation.id:
        reason = "it was removed from the installation"
        lose_access(ctx.session, repository, ctx.why, reason=reason)


def on_installation_target(ctx: Context) -> None:
    """The account was renamed: its login is an attribute, as are the names of its repositories."""
    if ctx.action != "renamed":
        raise IgnoredError(f"action {ctx.action} changes nothing here")
    installation = find_installation(ctx)
    account = parse_account(ctx.body.object("account"))
    if installation.account_id != account.id:
        raise IgnoredError(OTHER_ACCOUNT)
    ctx.effects.update({"from": installation.account_login, "to": account.login})
    installation.account_login = account.login
    list_repositories_later(ctx.session, installation, at=ctx.now)
