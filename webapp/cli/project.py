"""`flask project`: the applications of an organization."""

from __future__ import annotations

import click

from domain.organizations import get_organization
from domain.project_keys import list_keys, make_dsn
from domain.project_settings import add_project
from webapp.cli.base import Noun, Verb, command_why, json_option, org_option, show
from webapp.context import shiplog

project_commands = Noun("project", help="Projects.")


@project_commands.command("create", cls=Verb)
@org_option
@click.argument("slug")
@click.option("--platform", help="As in `python`.")
@click.option("--name", help="For people; the slug by default.")
@json_option
def create_command(
    org: str, slug: str, platform: str | None, name: str | None, as_json: bool
) -> None:
    """Create a project and show what its SDKs are set up with."""
    runtime = shiplog().runtime
    with runtime.db.transaction() as session:
        organization = get_organization(session, org)
        project = add_project(
            session, organization.id, slug, name=name or "", platform=platform, why=command_why()
        )
        [key] = list_keys(session, project.id)
    dsn = make_dsn(key, public_url=runtime.settings.public_url)
    document = {
        "organization": organization.slug,
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "dsn": dsn,
    }
    show(document, f"{project.slug}\nDSN: {dsn}", as_json=as_json)
