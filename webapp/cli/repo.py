"""`flask repo`: which repositories count, and which projects they feed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from domain.organizations import get_organization, get_project
from domain.provenance import Why
from domain.repositories import get_repository, track_repository, untrack_repository
from domain.repository_queries import RepositoryRow, list_repositories
from domain.repository_settings import record_tracking
from jobs import enqueue
from models import Repository
from webapp.cli.base import Noun, Verb, json_option, org_option, show
from webapp.context import shiplog
from webapp.moments import moment_text

repo_commands = Noun("repo", help="Repositories.")


@repo_commands.command("list", cls=Verb)
@org_option
@json_option
def list_command(org: str, as_json: bool) -> None:
    """One line a repository: name, tracked or not, projects."""
    with shiplog().runtime.db.reading() as session:
        rows = list_repositories(session, get_organization(session, org).id)
    if as_json or rows:
        show([_document(row) for row in rows], "\n".join(map(_line, rows)), as_json=as_json)


@repo_commands.command("track", cls=Verb)
@org_option
@click.argument("name", metavar="OWNER/NAME")
@click.option("--project", "slugs", multiple=True, metavar="SLUG", help="Feed exactly these.")
@json_option
def track_command(org: str, name: str, slugs: tuple[str, ...], as_json: bool) -> None:
    """Let a repository's pushes and tags count, and import its history."""
    runtime = shiplog().runtime
    with runtime.db.transaction() as session:
        organization = get_organization(session, org)
        repository = get_repository(session, organization.id, name)
        projects = [get_project(session, organization.id, slug) for slug in slugs] or None
        before = repository.is_tracked
        track_repository(session, repository, projects=projects, now=runtime.now())
        record_tracking(session, repository, before, why=_why(runtime.now()))
        row = _row_of(session, repository)
    enqueue(runtime)
    show(_document(row), _line(row), as_json=as_json)


@repo_commands.command("untrack", cls=Verb)
@org_option
@click.argument("name", metavar="OWNER/NAME")
@json_option
def untrack_command(org: str, name: str, as_json: bool) -> None:
    """Ignore a repository's pushes and tags from now on; its releases stay."""
    runtime = shiplog().runtime
    with runtime.db.transaction() as session:
        organization = get_organization(session, org)
        repository = get_repository(session, organization.id, name)
        before = repository.is_tracked
        untrack_repository(session, repository)
        record_tracking(session, repository, before, why=_why(runtime.now()))
        row = _row_of(session, repository)
    show(_document(row), _line(row), as_json=as_json)


def _why(now: datetime) -> Why:
    return Why(now, source="command", actor="the command line")


def _row_of(session: Session, repository: Repository) -> RepositoryRow:
    rows = list_repositories(session, repository.organization_id)
    return next(row for row in rows if row.repository.id == repository.id)


def _line(row: RepositoryRow) -> str:
    state = "tracked" if row.repository.is_tracked else "not tracked"
    return "\t".join([row.repository.full_name, state, ", ".join(row.projects)])


def _document(row: RepositoryRow) -> dict[str, Any]:
    progress = None
    if row.progress is not None:
        progress = asdict(row.progress) | {"due_at": moment_text(row.progress.due_at)}
    return {
        "name": row.repository.full_name,
        "tracked": row.repository.is_tracked,
        "listed": row.repository.is_accessible,
        "projects": row.projects,
        "history_known": row.repository.is_history_known,
        "import": progress,
    }
