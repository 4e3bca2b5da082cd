"""Side branches of a history import: what tags reach beside the default branch.

GraphQL gives the latest hundred commits of several branches in one call, with parents. A branch's
highest tag brings its lower ones along, so the highest of each series (1.2, 1.3, …) is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.commits import CommitData
from domain.graph_store import StoredGraph
from domain.identity import normalise_author
from domain.tags import Order, parse_tag
from integrations.github.client import InstallationClient
from integrations.github.fields import Fields
from models import Commit, Head, Repository

SIDES_A_CALL = 10
HEADS_AT_ONCE = 50

_COMMIT = (
    "oid message committedDate authoredDate author { name email user { login databaseId } }"
    " parents(first: 10) { totalCount nodes { oid } }"
)


def find_sides(session: Session, repository: Repository, *, skipped: set[str]) -> list[str]:
    """Commits to be learnt next, at most `SIDES_A_CALL`; none when every head is closed."""
    rows = session.execute(
        select(Head.name, Head.line, Head.sha)
        .outerjoin(Commit, (Commit.repository_id == Head.repository_id) & (Commit.sha == Head.sha))
        .where(Head.repository_id == repository.id, Commit.parents.is_(None))
    )
    best: dict[Any, tuple[Order, str]] = {}
    for row in rows:
        parsed = parse_tag(row.name)
        if parsed is not None and row.sha not in skipped:
            series = (row.line, parsed.order[0][:2])
            best[series] = max(best.get(series, (parsed.order, row.sha)), (parsed.order, row.sha))
    if best:
        ranked = sorted(best.values(), reverse=True)
        return list(dict.fromkeys(sha for _, sha in ranked))[:SIDES_A_CALL]
    return _find_open_ends(session, repository, skipped)


def _find_open_ends(session: Session, repository: Repository, skipped: set[str]) -> list[str]:
    """Where branches longer than one answer go on; closes what can be closed, oldest heads first."""
    heads = list(
        session.scalars(
            select(Head.sha)
            .where(Head.repository_id == repository.id)
            .order_by(Head.made_at, Head.id)
        )
    )
    for start in range(0, len(heads), HEADS_AT_ONCE):
        graph = StoredGraph(session, repository.id)
        closing = graph.close(heads[start : start + HEADS_AT_ONCE])
        open_ends = [sha for sha in closing.open_ends if sha not in skipped]
        if open_ends:
            return open_ends[:SIDES_A_CALL]
    return []


def list_histories(
    client: InstallationClient, full_name: str, shas: Sequence[str]
) -> list[CommitData]:
    """The latest hundred commits of each of *shas*, in one call. A sha that is gone is left out."""
    owner, _, name = full_name.partition("/")
    parts = " ".join(
        f'h{number}: object(oid: "{sha}")'
        f" {{ ... on Commit {{ history(first: 100) {{ nodes {{ {_COMMIT} }} }} }} }}"
        for number, sha in enumerate(shas)
    )
    query = (
        "query($owner: String!, $name: String!) {"
        f" repository(owner: $owner, name: $name) {{ {parts} }} }}"
    )
    data = client.graphql(query, {"owner": owner, "name": name})
    repository = Fields(data).object("repository")
    commits: dict[str, CommitData] = {}
    for number in range(len(shas)):
        found = repository.optional_object(f"h{number}")
        if found is not None and found.has("history"):
            for node in found.object("history").objects("nodes"):
                commit = _parse_commit(node)
                commits[commit.sha] = commit
    return list(commits.values())


def _parse_commit(node: Fields) -> CommitData:
    author = node.optional_object("author")
    user = author.optional_object("user") if author else None
    parents = node.object("parents")
    shas = tuple(parent.sha("oid") for parent in parents.objects("nodes"))
    return CommitData(
        sha=node.sha("oid"),
        message=node.optional_string("message") or "",
        author=normalise_author(
            author.optional_string("name") if author else None,
            author.optional_string("email") if author else None,
            user.optional_string("login", 128) if user else None,
        ),
        author_id=user.number("databaseId") if user and user.has("databaseId") else None,
        authored_at=node.moment("authoredDate"),
        committed_at=node.moment("committedDate"),
        # An octopus with more parents than were asked for stays open; compare names them all.
        parents=shas if parents.value.get("totalCount") == len(shas) else None,
    )
