"""Globs for the names of tags and branches, as people write them into settings.

Globs stand in lines, or with commas or spaces between: no name in git holds a space. `*` stands for
any characters, slashes included, `?` for one; everything else for itself. What begins with `!`
excludes. A name is in if some glob takes it and no exclusion does; exclusions alone take from all.
So the order of globs makes no difference. Matching is linear in the length of the name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from domain.errors import InvalidError
from domain.text import clean_text

MOST_GLOBS = 50
LONGEST_GLOB = 200
_BETWEEN = re.compile(r"[\s,]+")
_STARS = re.compile(r"\*+")
_NEVER = re.compile(r"[~^:\\\[\]{}\x00-\x1f\x7f]")  # in no name; brackets and braces mean nothing


@dataclass(frozen=True)
class Globs:
    """What takes names, and what excludes them; without the first, all others are in."""

    taking: tuple[str, ...]
    excluding: tuple[str, ...]

    def take(self, name: str) -> bool:
        """Whether the globs let *name* in."""
        if any(_compile(glob).match(name) for glob in self.excluding):
            return False
        return not self.taking or any(_compile(glob).match(name) for glob in self.taking)


def split_globs(text: str) -> list[str]:
    """The globs in *text*, each once, in their order; raises InvalidError with the remedy."""
    globs = [glob for glob in dict.fromkeys(_BETWEEN.split(clean_text(text))) if glob]
    if len(globs) > MOST_GLOBS:
        raise InvalidError(f"These are {len(globs)} globs; at most {MOST_GLOBS} are possible.")
    for glob in globs:
        _verify(glob)
    return globs


@lru_cache(maxsize=1_000)
def read_globs(globs: tuple[str, ...]) -> Globs:
    """Globs that were split before, sorted into what takes and what excludes."""
    return Globs(
        tuple(glob for glob in globs if not glob.startswith("!")),
        tuple(glob[1:] for glob in globs if glob.startswith("!")),
    )


def _verify(glob: str) -> None:
    if len(glob) > LONGEST_GLOB:
        raise InvalidError(f"A glob has at most {LONGEST_GLOB} characters.")
    if glob.startswith("!!") or glob == "!":
        raise InvalidError(f"“{glob}” excludes nothing: write ! before the glob, once.")
    found = _NEVER.search(glob)
    if found is not None:
        sign = found[0] if found[0].isprintable() else "a control character"
        raise InvalidError(
            f"“{glob}” holds {sign}, which is in no name of a tag or branch. "
            "Only * and ? have a meaning; write further globs by themselves."
        )


@lru_cache(maxsize=2_000)
def _compile(glob: str) -> re.Pattern[str]:
    """The first place where a part between stars fits is always as good as any later one.

    So each part is an atomic group, which is never tried again at another place.
    """
    first, *others = [_literal(part) for part in _STARS.split(glob)]
    if not others:
        return re.compile(rf"{first}\Z", re.DOTALL)
    *middle, last = others
    between = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(rf"{first}{between}.*{last}\Z", re.DOTALL)


def _literal(part: str) -> str:
    return "".join("." if sign == "?" else re.escape(sign) for sign in part)
