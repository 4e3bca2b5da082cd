"""`github_app_authorization`: a person takes back what signing in with GitHub had allowed."""

from __future__ import annotations

from domain.users import revoke_user
from integrations.github.payloads import parse_account
from integrations.github.webhooks.context import Context, IgnoredError


def on_github_app_authorization(ctx: Context) -> None:
    """Forget the person's tokens and sign them out everywhere. It names no installation."""
    if ctx.action != "revoked":
        raise IgnoredError(f"action {ctx.action} changes nothing here")
    sender = parse_account(ctx.body.object("sender"))
    if revoke_user(ctx.session, sender.id) is None:
        raise IgnoredError("nobody of that account has signed in")
    ctx.effects["signed_out"] = sender.login
