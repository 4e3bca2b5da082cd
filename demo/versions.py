"""How the judge reads a tag's name: which line it belongs to, and its place in that line.

Written from the definition alone and shared with nothing in the product, so that an error there
cannot hide behind the same error here. The order: numbers; pre-release, final, post-release; the
parts of the suffix; build.
"""

import re
from dataclasses import dataclass

_TAG = re.compile(
    r"(?P<prefix>|.*?[@/_-])v?(?P<numbers>[0-9]+(?:\.[0-9]+)+)(?P<suffix>[^/@]*)",
    re.IGNORECASE | re.DOTALL,
)
_NO_PREFIX = re.compile(r"(?:(?:release|rel|version|tag)s?|v)?", re.IGNORECASE)
_NO_VERSION = re.compile(r"\.x(?![a-z0-9]).*|\.dev", re.DOTALL)
_MARKERS = frozenset({"branch", "branches", "branchpoint", "eol", "base", "start", "deprecated"})
_PART = re.compile(r"[0-9]+|[^\W0-9_]+")
_POST = frozenset({"post", "p", "r", "final", "lts"})

Part = tuple[int, int, str]
"""A part of a suffix: digits before letters, then the number, then the lower-case text."""


@dataclass(frozen=True, order=True)
class Order:
    """The place of a version among those of its line."""

    numbers: tuple[int, ...]
    stage: int
    suffix: tuple[Part, ...]
    build: Part


@dataclass(frozen=True)
class TagName:
    """A tag that names a version: `line` is empty for the repository's own."""

    line: str
    order: Order


def parse_tag(name: str) -> TagName | None:
    """Return what the tag *name* says; None if it names no version."""
    match = _TAG.fullmatch(name)
    if match is None:
        return None
    suffix, _, build = match["suffix"].lower().partition("+")
    line = match["prefix"].rstrip("@/_-")
    names_nothing = bool(line) and not any(letter.isalpha() for letter in line)
    is_marker = _NO_VERSION.fullmatch(suffix) or _MARKERS.intersection(_PART.findall(suffix))
    if is_marker or names_nothing:  # as in 2024-01-15.1
        return None
    order = Order(_numbers(match["numbers"]), _stage(suffix), _parts(suffix), _build(build))
    return TagName("" if _NO_PREFIX.fullmatch(line) else line, order)


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers without the zeros at the end, for 1.2 equals 1.2.0."""
    numbers = [int(part) for part in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _stage(suffix: str) -> int:
    """Return 0 for a pre-release, 1 for a final version, 2 for a post-release."""
    parts = _PART.findall(suffix)
    if not parts:
        return 1
    digits_alone = all(part.isdigit() for part in parts)
    return 2 if digits_alone or parts[0] in _POST else 0


def _parts(suffix: str) -> tuple[Part, ...]:
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in _PART.findall(suffix)
    )


def _build(build: str) -> Part:
    if not build:
        return (0, 0, "")
    return (1, int(build), "") if re.fullmatch("[0-9]+", build) else (2, 0, build)
