"""`flask release`: releases and their commits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from domain.organizations import get_organization
from domain.release_facts import (
    HeadFacts,
    ReleaseFacts,
    iterate_shas,
    list_shas,
    load_all_facts,
    load_facts,
)
from domain.release_queries import get_release
from webapp.cli.base import Noun, Verb, json_option, org_option
from webapp.context import shiplog
from webapp.moments import moment_text

release_commands = Noun("release", help="Releases.")


@release_commands.command("list", cls=Verb)
@org_option
@json_option
@click.option("--commits", "with_commits", is_flag=True, help="Each release's commits as well.")
def list_command(org: str, as_json: bool, with_commits: bool) -> None:
    """All releases, newest first."""
    with shiplog().runtime.db.reading() as session:
        organization_id = get_organization(session, org).id
        releases = load_all_facts(session, organization_id)
        found = iterate_shas(session, organization_id) if with_commits else None
        if as_json:
            documents = (render_release(*pair) for pair in _with_shas(releases, found))
            for chunk in _json_list(documents):
                click.echo(chunk, nl=False)
            return
        for facts, shas in _with_shas(releases, found):
            click.echo("\n".join([_line(facts), *(f"  {sha}" for sha in shas or ())]))


@release_commands.command("show", cls=Verb)
@click.argument("name", metavar="VERSION_OR_TAG")
@org_option
@json_option
def show_command(name: str, org: str, as_json: bool) -> None:
    """One release with its commits, found by version or tag."""
    with shiplog().runtime.db.reading() as session:
        release = get_release(session, get_organization(session, org).id, name)
        [facts] = load_facts(session, [release], [release.id])
        shas = list_shas(session, release.id)
    document = render_release(facts, shas)
    click.echo(json.dumps(document) if as_json else _readable(document))


def render_release(facts: ReleaseFacts, shas: Sequence[str] | None = None) -> dict[str, Any]:
    """A release as JSON; with *shas*, its commits, newest first."""
    release, shown = facts.release, facts.shown_head
    document: dict[str, Any] = {
        "version": release.version,
        "projects": facts.projects,
        "repository": shown.repository.full_name if shown else None,
        "released_at": moment_text(release.released_at),
        "tags": [tag for head in facts.heads if (tag := _render_tag(head)) is not None],
        "list": _render_list(facts, shown),
        "commit_count": release.commit_count,
        "hidden_count": release.hidden_count,
        "outside_count": release.outside_count,
        "author_count": release.author_count,
        "resolved_issues": facts.resolved_issues,
    }
    return document if shas is None else document | {"commits": list(shas)}


def _render_tag(facts: HeadFacts) -> dict[str, Any] | None:
    tag = facts.tag
    if tag is None:
        return None
    return {
        "name": tag.name,
        "repository": facts.repository.full_name,
        "sha": tag.sha,
        "made_at": moment_text(tag.made_at),
        "deleted": tag.is_deleted,
    }


def _render_list(facts: ReleaseFacts, shown: HeadFacts | None) -> dict[str, Any]:
    head = shown.head if shown else None
    return {
        "state": facts.release.list_state.value,
        "cause": head and head.cause,
        "remedy": head and head.remedy,
        "basis": head and head.basis,
        "compared_with": head and head.compared_with,
        "excluded": head.excluded if head else [],
    }


def _with_shas(
    releases: Sequence[ReleaseFacts], found: Iterator[tuple[int, list[str]]] | None
) -> Iterator[tuple[ReleaseFacts, list[str] | None]]:
    """Each release with its shas; *found* comes in the same order and leaves empty ones out."""
    following = next(found, None) if found is not None else None
    for facts in releases:
        shas: list[str] | None = None if found is None else []
        if found is not None and following is not None and following[0] == facts.release.id:
            shas = following[1]
            following = next(found, None)
        yield facts, shas


def _json_list(documents: Iterator[dict[str, Any]]) -> Iterator[str]:
    """One JSON array, a line an item, without ever holding all of it."""
    before = "[\n"
    for document in documents:
        yield before + json.dumps(document)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _line(facts: ReleaseFacts) -> str:
    release = facts.release
    return "\t".join(
        [
            release.version,
            moment_text(release.released_at) or "-",
            f"{release.commit_count} commits",
            release.list_state.value,
            ", ".join(facts.projects),
        ]
    )


def _readable(document: dict[str, Any]) -> str:
    lines = [document["version"]]
    stated = document["list"]
    told = {
        "projects": ", ".join(document["projects"]),
        "repository": document["repository"],
        "released": document["released_at"],
        "tags": ", ".join(tag["name"] for tag in document["tags"]),
        "list": stated["state"],
        "cause": stated["cause"],
        "remedy": stated["remedy"],
        "compared with": stated["compared_with"],
        "resolved issues": ", ".join(document["resolved_issues"]),
        "commits": f"{document['commit_count']}, and {document['hidden_count']} hidden",
    }
    lines += [f"{name}: {value}" for name, value in told.items() if value]
    return "\n".join(lines + [f"  {sha}" for sha in document["commits"]])
