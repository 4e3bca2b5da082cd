"""`flask token`: what programs present to the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from domain.organizations import get_organization
from domain.token_settings import grant_token, withdraw_token
from domain.tokens import list_tokens
from models import TokenKind
from webapp.cli.base import Noun, Verb, command_why, json_option, org_option, show
from webapp.context import shiplog
from webapp.moments import moment_text

token_commands = Noun("token", help="API tokens.")


@token_commands.command("create", cls=Verb)
@org_option
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="As in `project:read`.")
@click.option("--name", default="", help="For people.")
@click.option("--org-token", is_flag=True, help="Of no person, for CI; its scope is `org:ci`.")
@click.option(
    "--days", type=click.IntRange(1, 3660), help="How long it opens anything; by default for good."
)
@json_option
def create_command(
    org: str,
    scopes: tuple[str, ...],
    name: str,
    org_token: bool,
    days: int | None,
    as_json: bool,
) -> None:
    """Make a token; prints it, once and never again."""
    runtime = shiplog().runtime
    kind = TokenKind.org if org_token else TokenKind.user
    if kind == TokenKind.user and not scopes:
        raise click.UsageError("Missing option '--scope'.")
    with runtime.db.transaction() as session:
        token, _ = grant_token(
            session,
            get_organization(session, org),
            kind=kind,
            scopes=scopes,
            name=name,
            url=runtime.settings.public_url,
            lasts=timedelta(days=days) if days is not None else None,
            why=command_why(),
        )
    show({"token": token, "kind": kind, "name": name}, token, as_json=as_json)


@token_commands.command("list", cls=Verb)
@org_option
@json_option
def list_command(org: str, as_json: bool) -> None:
    """List tokens: id, last four characters, kind, scopes, name, last use, state."""
    runtime = shiplog().runtime
    with runtime.db.reading() as session:
        tokens = list_tokens(session, get_organization(session, org).id)
    documents = [
        {
            "id": token.id,
            "last_characters": token.last_characters,
            "kind": token.kind,
            "name": token.name,
            "scopes": token.scopes,
            "created_at": moment_text(token.created_at),
            "last_used_at": moment_text(token.last_used_at),
            "expires_at": moment_text(token.expires_at),
            "revoked_at": moment_text(token.revoked_at),
        }
        for token in tokens
    ]
    show(documents, "\n".join(map(_line, documents)) or "no tokens", as_json=as_json)


@token_commands.command("revoke", cls=Verb)
@org_option
@click.argument("token_id", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@json_option
def revoke_command(org: str, token_id: int, as_json: bool) -> None:
    """Let a token open nothing any more; `token list` shows the ids."""
    with shiplog().runtime.db.transaction() as session:
        organization = get_organization(session, org)
        withdraw_token(session, organization.id, token_id, why=command_why())
    show({"id": token_id, "state": "revoked"}, f"token {token_id} is revoked", as_json=as_json)


def _line(document: dict[str, Any]) -> str:
    used = document["last_used_at"]
    parts = [
        str(document["id"]),
        f"…{document['last_characters']}",
        str(document["kind"]),
        ",".join(document["scopes"]),
        document["name"] or "-",
        f"used {used}" if used else "never used",
        f"until {document['expires_at']}" if document["expires_at"] else "",
        "revoked" if document["revoked_at"] else "",
    ]
    return "  ".join(part for part in parts if part)
