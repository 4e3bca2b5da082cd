"""Tags as versions: which line a tag belongs to and its place in the order.

Lines are defined in membership.md, the order in sentry-api.md 3.3. Tags are written by strangers:
every step is linear in their length, and numbers stay text because `int` refuses very long ones.
"""

import re
from dataclasses import dataclass

# (kind, size, text): nothing below digits below letters. Digits go without leading zeros, so that
# more of them are a larger number and equally many compare as text.
OrderPart = tuple[int, int, str]
# (components, phase, parts of the suffix, build code)
Order = tuple[tuple[OrderPart, ...], int, tuple[OrderPart, ...], OrderPart]

_NO_BUILD: OrderPart = (-1, 0, "")
_ZERO: OrderPart = (0, 0, "")
_BEFORE_FINAL, _FINAL, _AFTER_FINAL = -1, 0, 1
_AFTER_FINAL_WORDS = {"post", "p", "r", "final", "lts"}

# A prefix that names nothing, so that `release-1.0` and `v1.1` are one line.
_NO_PREFIX = {"", "v", "release", "rel", "version", "tag", "releases", "rels", "versions", "tags"}
_MARKER_WORDS = {"branch", "branches", "branchpoint", "eol", "base", "start", "deprecated"}
_MARKER_START = re.compile(r"\.(?:x(?![a-z0-9])|dev$)")

_SEPARATORS = "@/-_"
_VERSION = re.compile(r"(?:^|(?<=[@/_-]))v?([0-9]++(?:\.[0-9]++)+)(.*)", re.IGNORECASE | re.DOTALL)
_UNUSABLE = re.compile(r"[\s\x00-\x1f\x7f]")  # git allows none of them in a ref
_SUFFIX_PART = re.compile(r"[0-9]+|[^\W0-9_]+")


@dataclass(frozen=True, slots=True)
class TagVersion:
    """A tag that belongs to a line of versions."""

    line: str  # key of the line, "" for tags whose prefix names nothing
    prefix: str  # as written, without its separator
    text: str  # what follows prefix and `v`, as written
    order: Order


def parse_tag(name: str) -> TagVersion | None:
    """Return line and order of a tag, or None for one of no line (`latest`, `v4`, `2.3.x`).

    The prefix may hold separators itself (`a/b/v1.2.3`): the version begins at the leftmost place
    where one can. No version holds `@` or `/`, so that place lies behind the last of them.
    """
    tail = max(name.rfind("@"), name.rfind("/")) + 1
    match = _VERSION.search(name, tail)
    if match is None or _UNUSABLE.search(name) or _is_marker(match[2]):
        return None
    prefix = name[: match.start()].rstrip(_SEPARATORS)
    if prefix and not any(character.isalpha() for character in prefix):
        return None  # `2024-01-15.1` is a date with a counter, not version 15.1 of `2024-01`
    line = "" if prefix.lower() in _NO_PREFIX else prefix
    return TagVersion(line, prefix, match[1] + match[2], make_order(match[1], match[2]))


def make_order(numbers: str, suffix: str) -> Order:
    """Return the sort key of a version (sentry-api.md 3.3), for any number of components.

    *numbers* is dot-separated digits; *suffix* is all that follows them, build code included.
    """
    components = [_order_part(digits) for digits in numbers.split(".")]
    while components and components[-1] == _ZERO:  # missing components count as 0
        components.pop()
    label, _, build = suffix.partition("+")
    words = _SUFFIX_PART.findall(label.lower())
    parts = tuple(_order_part(word) for word in words)
    return tuple(components), _find_phase(words), parts, _order_part(build) if build else _NO_BUILD


def is_final(order: Order) -> bool:
    """Whether a version of that order is no pre-release."""
    return order[1] >= _FINAL


def _find_phase(words: list[str]) -> int:
    if not words:
        return _FINAL
    only_digits = all("0" <= word[0] <= "9" for word in words)
    return _AFTER_FINAL if only_digits or words[0] in _AFTER_FINAL_WORDS else _BEFORE_FINAL


def _order_part(text: str) -> OrderPart:
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0")
        return 0, len(digits), digits
    return 1, 0, text


def _is_marker(suffix: str) -> bool:
    """Say whether the suffix marks a place in history (`.x`, `-eol`) rather than a version.

    Build metadata may say anything: `1.0+5.Branch.main` is a version.
    """
    label = suffix.partition("+")[0].lower()
    return bool(_MARKER_START.match(label)) or not _MARKER_WORDS.isdisjoint(
        _SUFFIX_PART.findall(label)
    )
