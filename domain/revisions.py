"""Which commit a client means: shas, abbreviations, branches, tags, `HEAD` and `~2` behind them.

Only what is stored is asked (sentry-api.md 5.4, OURS 12); what it does not tell, GitHub may.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import AmbiguousError
from models import Branch, Commit, Repository, Tag

SHORTEST = 4  # digits of an abbreviation
PADDING = 8  # zeros at the end of a sha that nobody knows: an abbreviation, filled up
_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(rf"[0-9a-f]{{{SHORTEST},}}")
_STEPS = re.compile(r"(?P<base>.*?)(?P<steps>(?:[~^][0-9]{0,4})+)", re.DOTALL)
_STEP = re.compile(r"([~^])([0-9]*)")
_PREFIXES = ("refs/heads/", "refs/tags/", "refs/remotes/origin/", "heads/", "tags/", "origin/")
MOST_STEPS = 1_000


def find_revision(session: Session, repository: Repository, text: str) -> str | None:
    """The full sha that *text* means, None if what is stored does not tell.

    A full sha stands for itself, known or not: CI may be faster than the push. Raises
    AmbiguousError when several commits begin with the digits given.
    """
    lowered = text.lower()
    if _FULL.fullmatch(lowered):
        return _find_full(session, repository, lowered)
    base, steps = split_steps(text)
    found = _find_name(session, repository, base)
    return (
        walk(found, steps, lambda sha: _list_parents(session, repository, sha)) if found else None
    )


def split_steps(text: str) -> tuple[str, list[tuple[str, int]]]:
    """A revision as a name and the steps behind it: `HEAD~2^` is HEAD, ~2 and ^1."""
    stepped = _STEPS.fullmatch(text)
    if stepped is None:
        return text, []
    steps = [(sign, int(digits or 1)) for sign, digits in _STEP.findall(stepped["steps"])]
    return stepped["base"] or "HEAD", steps


def walk(
    sha: str, steps: Sequence[tuple[str, int]], parents_of: Callable[[str], Sequence[str]]
) -> str | None:
    """As git reads `~n` (n first parents) and `^n` (the n-th parent); None where they are not known."""
    taken = 0
    for sign, number in steps:
        for place in [1] * number if sign == "~" else [number] * bool(number):
            parents = parents_of(sha)
            taken += 1
            if len(parents) < place or taken > MOST_STEPS:
                return None
            sha = parents[place - 1]
    return sha


def is_full(text: str) -> bool:
    """Whether *text* is a whole sha, which is accepted without asking."""
    return _FULL.fullmatch(text.lower()) is not None


def _find_full(session: Session, repository: Repository, sha: str) -> str:
    """The sha itself, but for an abbreviation that an old client filled up with zeros."""
    digits = sha.rstrip("0")
    if len(sha) - len(digits) < PADDING or _is_known(session, repository, sha):
        return sha
    for length in range(max(len(digits), SHORTEST), len(sha) - PADDING + 1):
        found = _list_beginning(session, repository, sha[:length])
        if len(found) == 1:
            return found[0]
        if not found:
            break
    return sha


def _find_name(session: Session, repository: Repository, name: str) -> str | None:
    if name in ("HEAD", "@"):
        return _find_branch(session, repository, repository.default_branch)
    plain = next((name.removeprefix(some) for some in _PREFIXES if name.startswith(some)), name)
    for candidate in dict.fromkeys((name, plain)):
        found = _find_tag(session, repository, candidate) or _find_branch(
            session, repository, candidate
        )
        if found:
            return found
    return _find_short(session, repository, name.lower())


def _find_tag(session: Session, repository: Repository, name: str) -> str | None:
    tag = session.scalar(select(Tag).where(Tag.repository_id == repository.id, Tag.name == name))
    return tag.sha if tag is not None and not tag.is_deleted else None


def _find_branch(session: Session, repository: Repository, name: str) -> str | None:
    return session.scalar(
        select(Branch.head_sha).where(Branch.repository_id == repository.id, Branch.name == name)
    )


def _find_short(session: Session, repository: Repository, digits: str) -> str | None:
    if _SHORT.fullmatch(digits) is None:
        return None
    found = _list_beginning(session, repository, digits)
    if len(found) > 1:
        raise AmbiguousError(f"several commits of {repository.full_name} begin with {digits}")
    return found[0] if found else None


def _list_beginning(session: Session, repository: Repository, digits: str) -> list[str]:
    """At most two shas that begin with *digits*, read off the index."""
    return list(
        session.scalars(
            select(Commit.sha)
            .where(
                Commit.repository_id == repository.id,
                Commit.sha >= digits,
                Commit.sha < digits + "g",
            )
            .limit(2)
        )
    )


def _list_parents(session: Session, repository: Repository, sha: str) -> list[str]:
    return (_find_parents(session, repository, sha) or "").split()


def _is_known(session: Session, repository: Repository, sha: str) -> bool:
    return _find_parents(session, repository, sha) is not None


def _find_parents(session: Session, repository: Repository, sha: str) -> str | None:
    """The parents of a known commit, empty if they are not known; None for an unknown commit."""
    row = session.execute(
        select(Commit.parents).where(Commit.repository_id == repository.id, Commit.sha == sha)
    ).one_or_none()
    return None if row is None else (row.parents or "")
