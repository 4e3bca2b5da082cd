"""Reverts and cherry-picks, as git writes them into messages, and what they leave alive."""

import re
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

# At least 7 digits: git abbreviates no shorter. 64 are a SHA-256 name.
_SHA = r"([0-9a-f]{7,64})(?![0-9a-z])"
_REVERTS = re.compile(rf"\bThis\s{{1,9}}reverts\s{{1,9}}commit\s{{1,9}}{_SHA}", re.IGNORECASE)
_PICKED = re.compile(rf"\(cherry[ -]picked from commit {_SHA}\)", re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*", re.MULTILINE)


def find_reverted(message: str) -> list[str]:
    """Return the commits that *message* says it reverts, in order, as written but in lower case.

    Of a reverted merge ("..., reversing changes made to ...") that is the merge alone: the second
    sha is the side that stays. `git revert --reference` abbreviates, so a sha may be short.
    """
    return _find_shas(_REVERTS, message)


def find_cherry_picked(message: str) -> list[str]:
    """Return the commits that *message* was copied from with `git cherry-pick -x`, in order."""
    return _find_shas(_PICKED, message)


def alive(commit: T, members: Collection[T], reverters: Mapping[T, Iterable[T]]) -> bool:
    """Say whether the effect of *commit* is part of *members*, by parity (membership.md).

    A commit is alive if it is a member and no living member reverts it: a revert of a revert
    counts again. Reverts that name each other in a circle prove nothing and take nothing away.
    """
    return commit in list_alive([commit], members, reverters)


def list_alive(
    commits: Iterable[T], members: Collection[T], reverters: Mapping[T, Iterable[T]]
) -> set[T]:
    """Return those of *commits* that are alive; linear in the reverts that lie behind them.

    Pass a set of members. Works from the reverts that nobody reverts back to the commits asked
    for, without recursion, so that neither long chains nor circles matter.
    """
    asked = [commit for commit in commits if commit in members]
    behind = _collect_reverters(asked, members, reverters)
    reverted_by: dict[T, list[T]] = {commit: [] for commit in behind}
    for commit, sources in behind.items():
        for source in sources:
            reverted_by[source].append(commit)
    dead: set[T] = set()
    open_reverters = {commit: len(sources) for commit, sources in behind.items()}
    settled_alive = [commit for commit, count in open_reverters.items() if count == 0]
    while settled_alive:
        newly_dead = set(reverted_by[settled_alive.pop()]) - dead
        dead |= newly_dead
        for victim in newly_dead:
            for target in reverted_by[victim]:
                open_reverters[target] -= 1
                if open_reverters[target] == 0 and target not in dead:
                    settled_alive.append(target)
    return set(asked) - dead


def _collect_reverters(
    commits: Iterable[T], members: Collection[T], reverters: Mapping[T, Iterable[T]]
) -> dict[T, set[T]]:
    """Return, for the commits and all that bears on them, the members that revert each."""
    found: dict[T, set[T]] = {}
    waiting = list(commits)
    while waiting:
        commit = waiting.pop()
        if commit not in found:
            found[commit] = {other for other in reverters.get(commit, ()) if other in members}
            waiting.extend(found[commit])
    return found


def _find_shas(pattern: re.Pattern[str], message: str) -> list[str]:
    unquoted = _QUOTED_LINE.sub("", message)
    return list(dict.fromkeys(sha.lower() for sha in pattern.findall(unquoted)))
