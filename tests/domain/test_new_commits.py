"""new(T) in a line of many tags against brute force, with few of them likely to matter."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.graph import Closing
from domain.lines import Line, Point
from domain.new_commits import find_new
from domain.tags import parse_tag
from tests.domain.graphs import MemoryFacts, Parents, histories, reach

DAY = datetime(2026, 1, 1, tzinfo=UTC)


class Graph:
    """`MemoryFacts` with the one difference that the stored graph has."""

    def __init__(self, facts: MemoryFacts) -> None:
        self.nodes, self.spans, self._facts = facts.nodes, facts.spans, facts

    def close(self, heads: Collection[str]) -> Closing:
        return self._facts.close(*heads)


@st.composite
def lines(draw: st.DrawFn) -> tuple[Parents, list[Point]]:
    """A history with tags anywhere, whose versions and dates need not agree with it."""
    parents = draw(histories(40))
    count = draw(st.integers(1, 14))
    versions = draw(st.permutations(range(count)))
    points = []
    for head_id, version in enumerate(versions):
        name = f"v1.{version}.0"
        parsed = parse_tag(name)
        assert parsed is not None
        sha = draw(st.sampled_from(list(parents)))
        made_at = DAY + timedelta(days=draw(st.integers(0, count)))
        is_gone = draw(st.integers(0, 9)) == 0
        points.append(Point(head_id, name, sha, parsed.order, made_at, is_withdrawn=is_gone))
    return parents, points


def brute_force(parents: Parents, points: list[Point], point: Point) -> set[str]:
    earlier = [one for one in points if one.key < point.key and not one.is_withdrawn]
    reached = reach(parents, point.sha)
    new = set(reached)
    for one in earlier:
        if one.order < point.order or one.sha in reached:
            new -= reach(parents, one.sha)
    return new


@given(lines(), st.integers(1, 3))
@settings(max_examples=400, deadline=None)
def test_every_list_is_what_brute_force_says(
    drawn: tuple[Parents, list[Point]], likely: int
) -> None:
    parents, points = drawn
    facts = MemoryFacts()
    facts.learn_parents(parents, parents)
    line = Line(points, {})
    for point in points:
        found = find_new(Graph(facts), line, line[point.head_id], likely=likely)
        assert not found.open_ends
        assert set(found.shas) == brute_force(parents, points, point)
