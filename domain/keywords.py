"""The words that claim a fix, and where such a claim is denied (sentry-api.md 9, OURS 24)."""

import re
from typing import NamedTuple

from domain.markup import find_code_spans

_KEYWORD = re.compile(
    r"""(?<![\w-])(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)
    (?:(?P<scope>\([^()\n]*\)!?:|!:)  # `fix(ui):` counts only if an id follows at once.
      |:|(?=\s))""",
    re.IGNORECASE | re.VERBOSE,
)
# In one clause and with at most one word between, "does not fully fix". That word is bounded
# because apostrophes are part of it: a text of nothing but `n't'` would be read over and over.
_NEGATION = re.compile(
    r"""(?:(?<!\w)(?:not|never|cannot)|n['\u2019]t)(?![\w-])
    (?=[^\w\n.,;:!?]++(?!only\b)(?P<first>[\w'\u2019-]{1,40}+)(?:[^\w\n.,;:!?]++(?P<second>\w))?)""",
    re.IGNORECASE | re.VERBOSE,
)
_NOT = re.compile(r"(?<![\w-])not\s++", re.IGNORECASE)
_SPACE = re.compile(r"\s*+")


class Keywords(NamedTuple):
    """The keywords that count, in order; group `scope` is set for `fix(ui):` and `fix!:`."""

    counted: list[re.Match[str]]
    denied: set[int]  # where an id would directly follow `not` or a negated keyword


def has_keyword(text: str) -> bool:
    """Say whether any keyword occurs, be it one that counts or not."""
    return _KEYWORD.search(text) is not None


def find_keywords(text: str) -> Keywords:
    """Return the keywords that count: neither negated nor inside a code span."""
    negated = set()
    for negation in _NEGATION.finditer(text):
        negated |= {negation.start("first"), negation.start("second")}
    counted = []
    denied = {match.end() for match in _NOT.finditer(text)}
    spans = [*find_code_spans(text), (len(text), len(text))]
    span = 0
    for keyword in _KEYWORD.finditer(text):
        while spans[span][1] <= keyword.start():
            span += 1
        if keyword.start() in negated:
            denied.add(_skip_space(text, keyword.end()))
        elif keyword.start() < spans[span][0]:
            counted.append(keyword)
    return Keywords(counted, denied)


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
