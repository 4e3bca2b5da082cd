"""The commit graph as sets: what a commit reaches, and what is new in it.

Facts come in two forms. A commit whose *parents* are known reaches itself and what they reach. A
*span*, which is what one push says, gives reach(after) = reach(before) + the listed commits without
naming a parent. A commit is **closed** when its reach is known in full, through either form; once
closed it stays closed, since commits never change. Closing gives it

- a *rank*, greater than the ranks of what it expands into (its parents, or *before*), and
- to each commit that it leads to (listed ones included) a *floor*: the least rank of the closed
  commits that lead to it directly.

Both let a walk stop early and still be exact, whatever the dates say: a commit of rank r cannot
reach one whose floor is above r. Listed commits of a span are painted, not expanded, because the
span already says all that they reach; so they need no rank of their own.

No session here: `Facts` is where nodes come from (`domain/graph_store.py`, or a dict in tests).
The sets are those of membership.md; `git rev-list` is the judge in the tests.
"""

from __future__ import annotations

import heapq
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SpanFact:
    """reach(after) = reach(before) + listed; an empty *before* means from nothing."""

    id: int
    before: str
    after: str
    listed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """What is known of one commit. `time`: the committer's date, seconds since the epoch."""

    sha: str
    parents: tuple[str, ...] | None = None
    rank: int | None = None
    floor: int | None = None
    span: SpanFact | None = None  # the one that closed it, if no parents did
    time: float = 0.0
    id: int = 0


class Facts(Protocol):
    """Where nodes and spans come from."""

    def nodes(self, shas: Collection[str]) -> Mapping[str, Node]:
        """The known ones among *shas*."""

    def spans(self, shas: Collection[str]) -> Mapping[str, Iterable[SpanFact]]:
        """The complete spans that end at one of *shas*, by *after*."""


@dataclass
class Closing:
    """What `close` found: new ranks (with the span that gave it, if one did), floors, open ends."""

    ranks: dict[str, tuple[int, SpanFact | None]] = field(default_factory=dict)
    floors: dict[str, int] = field(default_factory=dict)
    open_ends: list[str] = field(default_factory=list)  # commits whose parents must be learnt

    def _close(self, sha: str, rank: int, leads_to: Iterable[str], span: SpanFact | None) -> None:
        self.ranks[sha] = (rank, span)
        for target in leads_to:
            self.floors[target] = min(rank, self.floors.get(target, rank))


@dataclass
class _Option:
    """One way in which a commit may close: when nothing it waits for is open."""

    sha: str
    targets: tuple[str, ...]
    span: SpanFact | None
    waiting: int = 0


def close(facts: Facts, heads: Collection[str]) -> Closing:
    """Close *heads* and what they reach, as far as the facts go.

    Mostly parents are all it takes where they are known. Spans of such commits, one more question
    for each of them, are looked at only if that did not do.
    """
    closing = _close(facts, heads, all_spans=False)
    return _close(facts, heads, all_spans=True) if closing.open_ends else closing


def _close(facts: Facts, heads: Collection[str], *, all_spans: bool) -> Closing:
    region, options = _unclosed_region(facts, heads, all_spans=all_spans)
    closing = Closing()
    waiting_for: dict[str, list[_Option]] = {}
    ready: deque[_Option] = deque()
    for option in options:
        missing = [sha for sha in set(option.targets) if not _is_closed(region, sha)]
        option.waiting = len(missing)
        for sha in missing:
            waiting_for.setdefault(sha, []).append(option)
        if not missing:
            ready.append(option)
    while ready:
        option = ready.popleft()
        if option.sha in closing.ranks:
            continue
        top = max((_rank(region, closing, sha) for sha in option.targets), default=0)
        listed = option.span.listed if option.span else ()
        leads_to = [sha for sha in (*option.targets, *listed) if sha != option.sha]
        closing._close(option.sha, top + max(1, len(listed)), leads_to, option.span)
        for dependent in waiting_for.get(option.sha, ()):
            dependent.waiting -= 1
            if dependent.waiting == 0:
                ready.append(dependent)
    closing.open_ends = _open_ends(heads, region, options, closing)
    return closing


def _unclosed_region(
    facts: Facts, heads: Collection[str], *, all_spans: bool
) -> tuple[dict[str, Node | None], list[_Option]]:
    """Everything that *heads* may reach down to closed commits, and the ways to close it."""
    region: dict[str, Node | None] = {}
    options: list[_Option] = []
    frontier = set(heads)
    while frontier:
        found = facts.nodes(frontier)
        region.update({sha: found.get(sha) for sha in frontier})
        unclosed = [sha for sha in frontier if not _is_closed(region, sha)]
        asked = [sha for sha in unclosed if all_spans or not _has_parents(region[sha])]
        spans = facts.spans(asked) if asked else {}
        frontier = set()
        for sha in unclosed:
            node = region[sha]
            here = []
            if node is not None and node.parents is not None:
                here.append(_Option(sha, node.parents, None))
            here += [
                _Option(sha, (span.before,) if span.before else (), span)
                for span in spans.get(sha, ())
            ]
            options += here
            frontier.update(target for option in here for target in option.targets)
        frontier = {sha for sha in frontier if sha not in region}  # `-=` would go through all keys
    return region, options


def _has_parents(node: Node | None) -> bool:
    return node is not None and node.parents is not None


def _is_closed(region: Mapping[str, Node | None], sha: str) -> bool:
    node = region.get(sha)
    return node is not None and node.rank is not None


def _rank(region: Mapping[str, Node | None], closing: Closing, sha: str) -> int:
    if sha in closing.ranks:
        return closing.ranks[sha][0]
    node = region.get(sha)
    return (node.rank or 0) if node else 0


def _open_ends(
    heads: Collection[str],
    region: Mapping[str, Node | None],
    options: Iterable[_Option],
    closing: Closing,
) -> list[str]:
    """Reachable commits of which nothing is known that could close them."""
    if all(sha in closing.ranks or _is_closed(region, sha) for sha in heads):
        return []
    with_option = {option.sha for option in options}
    still_open = {sha for sha in region if sha not in closing.ranks and not _is_closed(region, sha)}
    ends = sorted(still_open - with_option)
    return ends or sorted(still_open & set(heads))  # contradictory facts: ask about the heads


@dataclass
class NewCommits:
    """What is new in a head. `shas` newest first, the head before all.

    `ancestors`: the marked commits met on the way, now excluded; `met`: the excluded commits whose
    reach was found to overlap; `open_ends`: marked commits that must be closed first (then the
    set is not exact).
    """

    shas: list[str]
    ancestors: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    open_ends: list[str] = field(default_factory=list)


class _Walk:
    """Paints commits *new* (None) or excluded (by the commit named), highest rank first."""

    def __init__(self, facts: Facts, marked: Container[str]) -> None:
        self.facts = facts
        self.marked = marked
        self.paint: dict[str, str | None] = {}
        self.heap: list[tuple[int, str, bool]] = []  # -rank, sha, new when it was put there
        self.new_waiting = 0  # entries of the heap that are new: the walk cannot stop before them
        self.floors: list[tuple[int, str]] = []  # of new commits, least first
        self.nodes: dict[str, Node] = {}
        self.result = NewCommits([])

    def load(self, shas: Collection[str]) -> None:
        missing = [sha for sha in shas if sha not in self.nodes]
        if missing:
            self.nodes.update(self.facts.nodes(missing))

    def push(self, sha: str) -> None:
        rank = self.nodes[sha].rank or 0  # what a closed commit expands into is closed
        is_new = self.paint[sha] is None
        heapq.heappush(self.heap, (-rank, sha, is_new))
        self.new_waiting += is_new

    def exclude(self, sha: str, because_of: str, *, expand: bool = True) -> None:
        known = sha in self.paint
        if known and self.paint[sha] is not None:
            return
        if known:
            self.result.met.add(because_of)
        self.paint[sha] = because_of
        if expand:
            self.push(sha)

    def add(self, sha: str, *, expand: bool = True) -> None:
        if sha in self.paint:
            because_of = self.paint[sha]
            if because_of is not None:
                self.result.met.add(because_of)
            return
        if sha in self.marked:
            self._add_marked(sha)
            return
        self.paint[sha] = None
        if expand:
            self.push(sha)
        floor = self.nodes[sha].floor if sha in self.nodes else None
        if floor is not None:
            heapq.heappush(self.floors, (floor, sha))

    def _add_marked(self, sha: str) -> None:
        """An earlier tag that the head descends from: what it reaches is not new."""
        self.result.ancestors.add(sha)
        self.result.met.add(sha)
        if sha in self.nodes and self.nodes[sha].rank is not None:
            self.exclude(sha, sha)
        else:
            self.result.open_ends.append(sha)
            self.paint[sha] = sha

    def least_floor(self) -> int | None:
        """Least floor of a commit that is new as things stand."""
        while self.floors and self.paint[self.floors[0][1]] is not None:
            heapq.heappop(self.floors)
        return self.floors[0][0] if self.floors else None

    def can_stop(self) -> bool:
        if self.new_waiting:
            return False
        floor = self.least_floor()
        return floor is None or not self.heap or -self.heap[0][0] < floor

    def step(self) -> None:
        _, sha, was_new = heapq.heappop(self.heap)
        self.new_waiting -= was_new
        because_of = self.paint[sha]
        if was_new and because_of is not None:
            return  # excluded since; that has its own entry, or its span said all
        node = self.nodes[sha]
        expands, listed = _leads_to(node)
        self.load((*expands, *listed))
        for other in expands:
            self.add(other) if because_of is None else self.exclude(other, because_of)
        for other in listed:
            if because_of is None:
                self.add(other, expand=False)
            else:
                self.exclude(other, because_of, expand=False)


def new_commits(
    facts: Facts, head: str, *, excluded: Collection[str], marked: Container[str]
) -> NewCommits:
    """reach(head) without the reach of *excluded*, nor of those *marked* that head descends from.

    All of head and *excluded* must be closed. Costs about as many steps as there are new commits
    and commits ranked between them and the oldest of them.
    """
    walk = _Walk(facts, marked)
    walk.load({head, *excluded})
    for sha in excluded:
        walk.exclude(sha, sha)
    walk.add(head)
    while walk.heap and not walk.can_stop():
        walk.step()
    new = [sha for sha, because_of in walk.paint.items() if because_of is None]
    walk.load(new)
    new.sort(key=lambda sha: (sha != head, -walk.nodes[sha].time if sha in walk.nodes else 0.0))
    walk.result.shas = new
    return walk.result


def first_reached(facts: Facts, head: str, candidates: Sequence[str]) -> str | None:
    """The first of *candidates* (in their order) that *head* reaches; *head* must be closed.

    Walks down from *head* no further than the last candidate that could still win.
    """
    place: dict[str, int] = {}
    for number, sha in enumerate(candidates):
        place.setdefault(sha, number)
    nodes = dict(facts.nodes({head, *place}))
    if head not in nodes:
        return None
    best = place.get(head, len(candidates))
    hopes = _Hopes({sha: nodes[sha].floor or 0 for sha in place if sha in nodes}, place)
    seen = {head}
    heap = [(-(nodes[head].rank or 0), head)]
    while heap and hopes.best_below(-heap[0][0]) < best:
        node = nodes[heapq.heappop(heap)[1]]
        expands, listed = _leads_to(node)
        nodes.update(facts.nodes([other for other in expands if other not in nodes]))
        best = min(best, *(place.get(other, best) for other in (*expands, *listed)), best)
        for other in expands:
            if other not in seen:
                seen.add(other)
                heapq.heappush(heap, (-(nodes[other].rank or 0), other))
    return candidates[best] if best < len(candidates) else None


class _Hopes:
    """Which candidate could still be reached, as the walk sinks: those whose floor is not above."""

    def __init__(self, floors: Mapping[str, int], place: Mapping[str, int]) -> None:
        rising = sorted((floor, place[sha]) for sha, floor in floors.items())
        self.floors = [floor for floor, _ in rising]
        least = len(place)
        self.best = [least := min(least, number) for _, number in rising]

    def best_below(self, rank: int) -> int:
        """Least place of a candidate that a commit of *rank* may lead to; a large number if none."""
        index = bisect_right(self.floors, rank) - 1
        return self.best[index] if index >= 0 else sys.maxsize


def _leads_to(node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a closed commit expands into, and what it merely lists."""
    if node.span is None:
        return node.parents or (), ()
    listed = tuple(other for other in node.span.listed if other != node.sha)
    return (node.span.before,) if node.span.before else (), listed


def contains(facts: Facts, head: str, sha: str) -> bool:
    """Whether *sha* is in reach(head); head must be closed."""
    return first_reached(facts, head, [sha]) is not None
