"""Globs on paths, read as in `.gitignore`, in time that no glob and no path can blow up.

A glob without a slash, or with one at its end alone, matches at any depth; any other is anchored at
the repository's root. What matches a directory takes all below it. `*` and `?` stop at slashes,
`**` between slashes stands for any number of directories, `[a-z]` for one of the characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from functools import lru_cache

ANY_DEPTH = "**"
ONE = "*"


class PathGlobs:
    """Several globs, of which the last that matches decides; `!` takes paths out again."""

    def __init__(self, globs: Iterable[str]) -> None:
        self._globs = [(not glob.startswith("!"), _split(glob.lstrip("!"))) for glob in globs]

    def matches(self, path: str) -> bool:
        """Whether *path*, with `/` between its parts, is among those that the globs take."""
        parts = path.split("/")
        for takes, wanted in reversed(self._globs):
            if _matches(wanted, parts):
                return takes
        return False


def _split(glob: str) -> tuple[str, ...]:
    """The glob's parts; one that is not anchored begins with `**`.

    At its end both a slash and `**` stand for something below, which takes all below that.
    """
    parts = glob.strip("/").split("/")
    is_anchored = "/" in glob.rstrip("/")
    if glob.endswith("/"):
        parts.append(ONE)
    elif parts[-1] == ANY_DEPTH:
        parts[-1] = ONE
    return tuple(parts if is_anchored else [ANY_DEPTH, *parts])


def _matches(wanted: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether *wanted* matches *parts* or one of the directories above.

    `reached` holds how many of *wanted* may be used up by the parts so far, which keeps the time
    to the product of both lengths.
    """
    reached = _skip_any_depth({0}, wanted)
    for part in parts:
        following: set[int] = set()
        for number in reached:
            if number == len(wanted):
                return True
            if wanted[number] == ANY_DEPTH:
                following.add(number)
            elif _compile(wanted[number]).match(part):
                following.add(number + 1)
        reached = _skip_any_depth(following, wanted)
    return len(wanted) in reached


def _skip_any_depth(reached: set[int], wanted: Sequence[str]) -> set[int]:
    """`**` may stand for no directory at all."""
    for number in sorted(reached):
        while number < len(wanted) and wanted[number] == ANY_DEPTH:
            number += 1
            reached.add(number)
    return reached


@lru_cache(maxsize=1024)
def _compile(part: str) -> re.Pattern[str]:
    """`translate` makes expressions that do not go back to an earlier star."""
    return re.compile(translate(part))
