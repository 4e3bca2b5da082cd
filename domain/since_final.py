"""What is new since the last final version: new(T) as if there were no pre-releases."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from domain.graph_store import StoredGraph
from domain.lines import Point
from domain.new_commits import find_new
from domain.stored_lines import NO_LINE, load_line
from domain.tags import is_final, parse_tag
from models import Head, ListState


@dataclass(frozen=True)
class SinceFinal:
    """Commits, newest first, and the best final version below, by the name of its head."""

    base: str
    shas: list[str]


def has_pre_releases(head: Head) -> bool:
    """Whether a pre-release shortened this list, so that a longer one can be asked for."""
    return head.state == ListState.complete and any(
        _is_pre_release(name) for name in (head.compared_with, *head.excluded) if name
    )


def find_since_final(session: Session, head: Head) -> SinceFinal | None:
    """The list of *head* against final versions alone; writes nothing.

    None where there is no final version below, or the graph does not tell without asking GitHub.
    """
    if head.line == NO_LINE or head.is_superseded:
        return None
    line = load_line(session, head)
    if head.id not in line:
        return None
    point = line[head.id]
    finals = line.only(lambda one: is_final(one.order) or one is point)
    lower = list(finals.lower(point))
    graph = StoredGraph(session, head.repository_id)
    if not lower or not _are_closed(graph, [point, *lower]):
        return None
    found = find_new(graph, finals, point)
    return None if found.open_ends else SinceFinal(lower[0].name, found.shas)


def _is_pre_release(name: str) -> bool:
    parsed = parse_tag(name)
    return parsed is not None and not is_final(parsed.order)


def _are_closed(graph: StoredGraph, points: list[Point]) -> bool:
    shas = {point.sha for point in points}
    nodes = graph.nodes(shas)
    return len(nodes) == len(shas) and all(node.rank is not None for node in nodes.values())
