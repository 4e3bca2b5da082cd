"""`flask org`: organizations, and the links with which people sign in to them."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from domain.login_links import LINK_LIFETIME, ROLES, create_login_link
from domain.organizations import create_organization, get_organization
from webapp.cli.base import Noun, Verb, json_option, org_option, show
from webapp.context import shiplog
from webapp.moments import moment_text

org_commands = Noun("org", help="Organizations.")


@org_commands.command("create", cls=Verb)
@click.argument("slug")
@click.option("--name", help="For people; the slug by default.")
@json_option
def create_command(slug: str, name: str | None, as_json: bool) -> None:
    """Create an organization."""
    runtime = shiplog().runtime
    with runtime.db.transaction() as session:
        organization = create_organization(session, slug, name=name, now=runtime.now())
        document = {"slug": organization.slug, "name": organization.name}
    show(document, organization.slug, as_json=as_json)


@click.command("login-link", cls=Verb)
@org_option
@click.option("--role", type=click.Choice(ROLES), default="member", show_default=True)
@json_option
@with_appcontext
def login_link_command(org: str, role: str, as_json: bool) -> None:
    """Make a one-time sign-in URL, good for an hour."""
    runtime = shiplog().runtime
    now = runtime.now()
    with runtime.db.transaction() as session:
        organization = get_organization(session, org)
        token = create_login_link(session, organization, role=role, now=now)
    url = f"{runtime.settings.public_url}/login/{token}"
    document = {"url": url, "role": role, "expires_at": moment_text(now + LINK_LIFETIME)}
    show(document, url, as_json=as_json)
