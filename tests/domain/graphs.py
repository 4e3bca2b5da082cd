"""Generated histories for property tests: commits, pushes of them, and what brute force says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from domain.graph import Closing, Node, SpanFact, close

Parents = dict[str, tuple[str, ...]]


def reach(parents: Mapping[str, Iterable[str]], sha: str) -> set[str]:
    seen: set[str] = set()
    stack = [sha]
    while stack:
        current = stack.pop()
        if current not in seen:
            seen.add(current)
            stack.extend(parents[current])
    return seen


@dataclass
class MemoryFacts:
    """Facts in dicts; closings are stored as the database would."""

    known_parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)
    complete_spans: list[SpanFact] = field(default_factory=list)
    ranks: dict[str, int] = field(default_factory=dict)
    via: dict[str, SpanFact | None] = field(default_factory=dict)
    floors: dict[str, int] = field(default_factory=dict)
    loads: int = 0

    def nodes(self, shas: Collection[str]) -> dict[str, Node]:
        self.loads += len(shas)
        return {
            sha: Node(
                sha,
                self.known_parents.get(sha),
                self.ranks.get(sha),
                self.floors.get(sha),
                self.via.get(sha),
            )
            for sha in shas
            if sha in self.rows
        }

    def spans(self, shas: Collection[str]) -> dict[str, list[SpanFact]]:
        found: dict[str, list[SpanFact]] = {}
        for span in self.complete_spans:
            if span.after in shas:
                found.setdefault(span.after, []).append(span)
        return found

    def close(self, *heads: str) -> Closing:
        closing = close(self, heads)
        for sha, (rank, span) in closing.ranks.items():
            assert sha not in self.ranks, "a closed commit is closed once"
            self.ranks[sha] = rank
            self.via[sha] = span
        for sha, floor in closing.floors.items():
            self.floors[sha] = min(floor, self.floors.get(sha, floor))
        return closing

    def learn_parents(self, parents: Parents, shas: Iterable[str]) -> None:
        for sha in shas:
            self.rows.add(sha)
            self.known_parents[sha] = parents[sha]

    def learn_push(self, parents: Parents, before: str, after: str) -> None:
        listed = reach(parents, after) - (reach(parents, before) if before else set())
        self.rows |= listed
        order = tuple(sorted(listed, key=lambda sha: int(sha[1:])))
        span = SpanFact(len(self.complete_spans) + 1, before, after, order)
        self.complete_spans.append(span)


@st.composite
def histories(draw: st.DrawFn, most: int = 24) -> Parents:
    """A history: c0 is a root, later commits have one to three earlier parents, or rarely none."""
    size = draw(st.integers(1, most))
    parents: Parents = {"c0": ()}
    for number in range(1, size):
        if draw(st.integers(0, 14)) == 0:
            parents[f"c{number}"] = ()
            continue
        recent = st.integers(max(0, number - 5), number - 1)
        anywhere = st.integers(0, number - 1)
        count = draw(st.sampled_from([1, 1, 1, 2, 2, 3]))
        chosen = draw(st.lists(recent | anywhere, min_size=count, max_size=count, unique=False))
        parents[f"c{number}"] = tuple(dict.fromkeys(f"c{parent}" for parent in chosen))
    return parents
