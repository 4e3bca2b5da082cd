from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reverts import alive, find_cherry_picked, find_reverted, list_alive

A, B = "a1" * 20, "b2" * 20

REVERTED = {
    "git revert": (f'Revert "Add cache"\n\nThis reverts commit {A}.\n', [A]),
    "of a merge": (f"This reverts commit {A}, reversing\nchanges made to {B}.", [A]),
    "of a revert": (f'Reapply "Add cache"\n\nThis reverts commit {B}.', [B]),
    "abbreviated with --reference": (
        "This reverts commit a1a1a1a (Add cache, 2026-01-02).",
        ["a1a1a1a"],
    ),
    "several": (f"This reverts commit {A}.\nThis reverts commit {B}.\n", [A, B]),
    "the same twice": (f"This reverts commit {A}.\n\nThis reverts commit {A.upper()}.", [A]),
    "wrapped": (f"This reverts\ncommit {A}", [A]),
    "sha-256": (f"This reverts commit {'c' * 64}.", ["c" * 64]),
    "too short": ("This reverts commit a1a1a1.", []),
    "too long": (f"This reverts commit {'c' * 65}.", []),
    "no sha": ("This reverts commit deadbeefs.", []),
    "quoted": (f"> This reverts commit {A}.", []),
    "other words": (f"Reverts {A}", []),
    "empty": ("", []),
}


@pytest.mark.parametrize(("message", "shas"), REVERTED.values(), ids=REVERTED.keys())
def test_find_reverted(message: str, shas: list[str]) -> None:
    assert find_reverted(message) == shas


PICKED = {
    "git cherry-pick -x": (f"Guard cart\n\n(cherry picked from commit {A})", [A]),
    "picked twice": (f"(cherry picked from commit {A})\n(cherry picked from commit {B})", [A, B]),
    "hyphenated": (f"(cherry-picked from commit {A})", [A]),
    "without parentheses": (f"cherry picked from commit {A}", []),
    "quoted": (f"> (cherry picked from commit {A})", []),
}


@pytest.mark.parametrize(("message", "shas"), PICKED.values(), ids=PICKED.keys())
def test_find_cherry_picked(message: str, shas: list[str]) -> None:
    assert find_cherry_picked(message) == shas


ALIVE = {
    "a member": ("f", "f", {}, True),
    "not a member": ("f", "", {}, False),
    "reverted": ("f", "fr", {"f": ["r"]}, False),
    "the revert is elsewhere": ("f", "f", {"f": ["r"]}, True),
    "only the revert is here": ("f", "r", {"f": ["r"]}, False),
    "revert of a revert": ("f", "frs", {"f": ["r"], "r": ["s"]}, True),
    "reverted a third time": ("f", "frst", {"f": ["r"], "r": ["s"], "s": ["t"]}, False),
    "reapplied, reverted anew": ("f", "frst", {"f": ["r", "t"], "r": ["s"]}, False),
    "reverted on two branches": ("f", "frt", {"f": ["r", "t"]}, False),
    "both reverts reverted": ("f", "frtsu", {"f": ["r", "t"], "r": ["s"], "t": ["u"]}, True),
    "one revert of two": ("f", "frsg", {"f": ["r"], "g": ["r"], "r": ["s"]}, True),
    "reverts itself": ("f", "f", {"f": ["f"]}, True),
    "reverts in a circle": ("f", "frs", {"f": ["r"], "r": ["s"], "s": ["f"]}, True),
    "a circle broken from outside": ("f", "frx", {"f": ["r"], "r": ["f", "x"]}, True),
    "reverted beside a circle": ("f", "frsx", {"f": ["r", "x"], "r": ["s"], "s": ["r"]}, False),
}


@pytest.mark.parametrize(
    ("commit", "members", "reverters", "is_alive"), ALIVE.values(), ids=ALIVE.keys()
)
def test_parity(commit: str, members: str, reverters: dict[str, list[str]], is_alive: bool) -> None:
    assert alive(commit, set(members), reverters) is is_alive


@pytest.mark.parametrize("length", [100_000, 100_001])
def test_a_long_chain_of_reverts(length: int) -> None:
    chain = [str(number) for number in range(length)]
    reverters = {reverted: [revert] for reverted, revert in pairwise(chain)}
    assert alive("0", set(chain), reverters) is (length % 2 == 1)


COMMITS = st.integers(0, 12).map(str)
HISTORY = st.dictionaries(COMMITS, st.sets(COMMITS))


@given(HISTORY, st.sets(COMMITS))
def test_without_circles_a_commit_is_alive_unless_a_living_one_reverts_it(
    reverters: dict[str, set[str]], members: set[str]
) -> None:
    later = {c: {r for r in found if int(r) > int(c)} for c, found in reverters.items()}
    expected: set[str] = set()
    for commit in sorted(members, key=int, reverse=True):
        if not later.get(commit, set()) & expected:
            expected.add(commit)
    assert list_alive(members, members, later) == expected


@given(HISTORY, st.sets(COMMITS))
def test_the_answer_depends_on_no_order(reverters: dict[str, set[str]], members: set[str]) -> None:
    together = list_alive(members, members, reverters)
    backwards = {c: sorted(found, reverse=True) for c, found in reversed(reverters.items())}
    assert together == {commit for commit in members if alive(commit, members, backwards)}
