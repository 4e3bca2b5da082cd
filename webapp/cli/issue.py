"""`flask issue`: problems that a person writes down."""

from __future__ import annotations

import click

from domain.issues import create_issue, short_id_of
from domain.organizations import get_organization, get_project
from webapp.cli.base import Noun, Verb, json_option, org_option, show
from webapp.context import shiplog

issue_commands = Noun("issue", help="Issues.")


@issue_commands.command("create", cls=Verb)
@org_option
@click.option("--project", required=True, metavar="SLUG", help="The project it belongs to.")
@click.argument("title")
@json_option
def create_command(org: str, project: str, title: str, as_json: bool) -> None:
    """Write an issue down; prints its short id."""
    runtime = shiplog().runtime
    with runtime.db.transaction() as session:
        owner = get_project(session, get_organization(session, org).id, project)
        issue = create_issue(session, owner, title, now=runtime.now())
        short_id = short_id_of(issue, owner)
    document = {"short_id": short_id, "title": issue.title, "project": owner.slug}
    show(document, short_id, as_json=as_json)
