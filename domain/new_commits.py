"""new(T) of one point of a line, without looking at every tag that the line has.

All earlier points with a lower version are to be excluded, but of thousands only a few matter: what
they reach is mostly reached by others of them. So those that are likely to matter are excluded
first, and then all that could still reach something of what is left. That is exact: a commit of
rank r cannot reach one whose floor is above r (`domain/graph.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from heapq import nlargest
from itertools import islice
from typing import Protocol

from domain.graph import Closing, Facts, NewCommits, new_commits
from domain.lines import Line, Point

LIKELY = 8  # by version, and as many by rank


class Graph(Facts, Protocol):
    """Facts, and a place to keep what closing found."""

    def close(self, heads: Collection[str]) -> Closing: ...


class Marked:
    """The commits that an earlier point of the line stands on."""

    def __init__(self, line: Line, point: Point) -> None:
        self._line, self._point = line, point

    def __contains__(self, sha: object) -> bool:
        return isinstance(sha, str) and bool(self._line.earlier_on(sha, self._point))


def find_new(graph: Graph, line: Line, point: Point, *, likely: int = LIKELY) -> NewCommits:
    """new(T), or the open ends that keep it from being known; *likely* decides the cost alone."""
    unclosed = line.unclosed_below(point)
    if unclosed:
        closing = graph.close(unclosed)
        if closing.open_ends:
            return NewCommits([], open_ends=closing.open_ends)
        line.learn_ranks({sha: node.rank for sha, node in graph.nodes(unclosed).items()})
    marked = Marked(line, point)
    excluded = _likely(line, point, likely)
    found = new_commits(graph, point.sha, excluded=excluded, marked=marked)
    if found.open_ends:  # an earlier tag inside of a push: what it reaches must be learnt first
        closing = graph.close(found.open_ends)
        if closing.open_ends:
            found.open_ends = closing.open_ends
            return found
        found = new_commits(graph, point.sha, excluded=excluded, marked=marked)
    if missed := _missed(graph, line, point, found, excluded):
        found = new_commits(graph, point.sha, excluded=excluded | missed, marked=marked)
    return found


def _likely(line: Line, point: Point, most: int) -> set[str]:
    """Lower points that probably exclude all there is to exclude: near by version or in the graph."""
    by_version = {other.sha for other in islice(line.lower(point), most)}
    below = line.rank(point)
    ranked = ((line.rank(other), other.sha) for other in line.earlier_and_lower(point))
    by_rank = nlargest(most, ((rank, sha) for rank, sha in ranked if rank < below))
    return by_version | {sha for _, sha in by_rank}


def _missed(
    graph: Graph, line: Line, point: Point, found: NewCommits, excluded: Collection[str]
) -> set[str]:
    """The other lower points that may reach one of the commits found.

    With these excluded nothing is missed any more: what is left can only have higher floors. A
    point that stands on one of the commits is none of them, since the walk was told of it.
    """
    floors = [node.floor for node in graph.nodes(found.shas).values() if node.floor is not None]
    if not floors:
        return set()
    least = min(floors)
    return {
        other.sha
        for other in line.earlier_and_lower(point)
        if line.rank(other) >= least and other.sha not in excluded
    }
