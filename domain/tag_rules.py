"""Which tags of a repository make releases, and on which line each stands (membership.md).

By default those that parse as versions do. A repository's settings may say otherwise, by globs
(`domain.ref_globs`): then tags that parse stay on the line of their versions, and all others are
on lines of their own, one for each prefix, ordered by the time at which the tags were made. There
"lower" means "earlier", so a nightly build lists what is new since the one before.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from domain.errors import InvalidError
from domain.ref_globs import read_globs, split_globs
from domain.tags import Order, parse_tag

LONGEST_PATTERN = 255
DATED = ":"  # begins the key of a line by date; no tag holds one
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNUSABLE = re.compile(r"[\s\x00-\x1f\x7f]")
_PREFIX = re.compile(r"[^0-9]*")
_SEPARATORS = "@/-_."


def parse_tag_pattern(text: str) -> str | None:
    """Globs as they are stored, None for the default; raises InvalidError."""
    pattern = ", ".join(split_globs(text))
    if len(pattern) > LONGEST_PATTERN:
        raise InvalidError(f"The globs for tags have at most {LONGEST_PATTERN} characters.")
    return pattern or None


def find_tag_line(name: str, pattern: str | None) -> str | None:
    """The line of the tag in a repository with that setting; None if it makes no release.

    Exclusions alone take from the tags that parse: they are no invitation to all others.
    """
    if _UNUSABLE.search(name):
        return None
    parsed = parse_tag(name)
    if pattern is not None:
        globs = read_globs(_split(pattern))
        if not globs.take(name) or (parsed is None and not globs.taking):
            return None
    elif parsed is None:
        return None
    return parsed.line if parsed is not None else DATED + _dated_prefix(name)


def explain_no_release(name: str, pattern: str | None) -> str:
    """Why `find_tag_line` has none for the tag, for people."""
    if pattern is None or (parse_tag(name) is None and not read_globs(_split(pattern)).taking):
        return f"tag {name} names no version"
    return f"tag {name} is not one that the repository's settings let make releases"


def is_dated(line: str) -> bool:
    """Whether the points of the line are ordered by date, not by version."""
    return line.startswith(DATED)


def dated_order(made_at: datetime) -> Order:
    """The place on a line by date: of one moment, none is lower."""
    count = str((made_at - _BEGINNING) // _MICROSECOND)
    return ((0, len(count), count),), 0, (), (-1, 0, "")


@lru_cache(maxsize=1_000)
def _split(pattern: str) -> tuple[str, ...]:
    return tuple(split_globs(pattern))


def _dated_prefix(name: str) -> str:
    """What dated tags of one kind share: `nightly-2024-01-15` and `nightly-2024-01-16` are one line.

    What stands before the first digit; without one, before the last separator.
    """
    found = _PREFIX.match(name)
    head = found[0] if found else ""
    if head == name:
        cut = max(name.rfind(sign) for sign in _SEPARATORS)
        head = name[: cut + 1]
    prefix = head.rstrip(_SEPARATORS)
    return "" if prefix.lower() == "v" else prefix
