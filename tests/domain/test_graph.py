"""The set algebra against brute force, whatever mixture of parents and spans is known."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.graph import contains, first_reached, new_commits
from tests.domain.graphs import MemoryFacts, Parents, histories, reach


def full(parents: Parents) -> MemoryFacts:
    facts = MemoryFacts()
    facts.learn_parents(parents, parents)
    return facts


@st.composite
def partly_known(draw: st.DrawFn) -> tuple[Parents, MemoryFacts, list[str]]:
    """Some commits by their parents, some by pushes onto known ones; returns the push tips too."""
    parents = draw(histories())
    facts = MemoryFacts()
    names = list(parents)
    imported = draw(st.sampled_from(names))
    facts.learn_parents(parents, reach(parents, imported))
    tips = [imported]
    for name in names:
        if name in reach(parents, imported) or not draw(st.booleans()):
            continue
        bases = [tip for tip in tips if tip in reach(parents, name) and tip != name]
        if bases:
            facts.learn_push(parents, draw(st.sampled_from(bases)), name)
            tips.append(name)
    for name in draw(st.lists(st.sampled_from(names), max_size=4)):
        facts.learn_parents(parents, [name])
    return parents, facts, tips


@given(partly_known(), st.data())
@settings(max_examples=400)
def test_new_commits_are_what_brute_force_says(
    known: tuple[Parents, MemoryFacts, list[str]], data: st.DataObject
) -> None:
    parents, facts, tips = known
    for tip in data.draw(st.permutations(tips)):
        assert facts.close(tip).open_ends == []
    head = data.draw(st.sampled_from(tips))
    excluded = data.draw(st.lists(st.sampled_from(tips), max_size=4))
    marked = set(data.draw(st.lists(st.sampled_from(tips), max_size=4)))

    result = new_commits(facts, head, excluded=excluded, marked=marked)

    expected = reach(parents, head)
    for sha in [*excluded, *(marked & reach(parents, head))]:
        expected -= reach(parents, sha)
    assert set(result.shas) == expected
    assert len(result.shas) == len(expected)
    assert not result.open_ends


@given(partly_known(), st.data())
@settings(max_examples=200)
def test_contains_is_ancestry(
    known: tuple[Parents, MemoryFacts, list[str]], data: st.DataObject
) -> None:
    parents, facts, tips = known
    facts.close(*tips)
    head = data.draw(st.sampled_from(tips))
    sha = data.draw(st.sampled_from(sorted(facts.rows)))
    assert contains(facts, head, sha) == (sha in reach(parents, head))
    order = data.draw(st.lists(st.sampled_from(sorted(facts.rows)), max_size=5, unique=True))
    expected = next((sha for sha in order if sha in reach(parents, head)), None)
    assert first_reached(facts, head, order) == expected


@given(partly_known())
def test_what_cannot_be_closed_names_an_open_end(
    known: tuple[Parents, MemoryFacts, list[str]],
) -> None:
    parents, facts, _ = known
    for name in parents:
        closing = facts.close(name)
        if name in facts.ranks:
            assert closing.open_ends == []
        else:
            assert closing.open_ends
            assert all(end in reach(parents, name) for end in closing.open_ends)
            assert all(end not in facts.known_parents for end in closing.open_ends)


@given(histories(60), st.randoms())
def test_ranks_fall_along_every_parent(parents: Parents, random: object) -> None:
    facts = full(parents)
    facts.close(*parents)
    assert all(
        facts.ranks[sha] > facts.ranks[parent] >= 1 and facts.floors[parent] <= facts.ranks[sha]
        for sha in parents
        for parent in parents[sha]
    )


def test_contradictory_spans_do_not_hang() -> None:
    facts = MemoryFacts()
    facts.rows |= {"c1", "c2"}
    from domain.graph import SpanFact

    facts.complete_spans = [SpanFact(1, "c1", "c2", ("c2",)), SpanFact(2, "c2", "c1", ("c1",))]
    assert facts.close("c1", "c2").open_ends == ["c1", "c2"]


def test_the_cost_of_new_commits_does_not_grow_with_the_history() -> None:
    costs = []
    for size in (1_000, 10_000):
        parents: Parents = {"c0": ()}
        for number in range(1, size):
            parents[f"c{number}"] = (f"c{number - 1}",)
        facts = full(parents)
        facts.close(f"c{size - 1}")
        facts.loads = 0
        result = new_commits(
            facts, f"c{size - 1}", excluded=[f"c{size - 11}"], marked=[f"c{size - 11}"]
        )
        assert len(result.shas) == 10
        costs.append(facts.loads)
    assert costs[0] == costs[1] < 30
