"""The words that claim a fix, and where such a claim is denied (sentry-api.md 9, OURS 24).

An organization may have words of its own (`verify_keywords`); the rest of the grammar stays.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from domain.errors import InvalidError
from domain.markup import find_code_spans

STANDARD = (
    *("fix", "fixes", "fixed"),
    *("close", "closes", "closed"),
    *("resolve", "resolves", "resolved"),
)
MOST_KEYWORDS = 30
KEYWORD_LENGTH = 30
# What the grammar reads as something else; as a keyword it would contradict itself.
_TAKEN = {
    *("not", "never", "cannot", "only", "and"),
    *("ref", "refs", "see", "re", "related", "relates", "part", "of"),
}
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


def verify_keywords(words: Iterable[str]) -> tuple[str, ...]:
    """*words* in lower case, each once, in their order; raises InvalidError for what is no word.

    Letters of any language, digits and hyphens: all that is safe in a pattern, and bounded in
    number and length, so that reading a text stays linear in it.
    """
    lowered = (unicodedata.normalize("NFC", word.strip()).lower() for word in words)
    found = tuple(dict.fromkeys(word for word in lowered if word))
    if not found:
        raise InvalidError("Choose or enter at least one word.")
    if len(found) > MOST_KEYWORDS:
        raise InvalidError(
            f"At most {MOST_KEYWORDS} words can claim a fix; these are {len(found)}."
        )
    for word in found:
        _verify_keyword(word)
    return found


def _verify_keyword(word: str) -> None:
    shown = word[: KEYWORD_LENGTH + 1]
    if len(word) > KEYWORD_LENGTH:
        raise InvalidError(f"“{shown}…” is too long: a word has at most {KEYWORD_LENGTH} letters.")
    if not all(char.isalpha() or char in "0123456789-" for char in word):
        raise InvalidError(f"“{shown}” is no word: use letters, digits and hyphens alone.")
    if not any(char.isalpha() for char in word) or word.startswith("-") or word.endswith("-"):
        raise InvalidError(f"“{shown}” is no word: it needs a letter, and no hyphen at its ends.")
    if word in _TAKEN:
        raise InvalidError(f"“{shown}” has another meaning in messages and claims nothing.")


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """The keywords as a pattern; at one place at most one of them is a whole word."""
    choices = "|".join(map(re.escape, words))
    return re.compile(
        rf"""(?<![\w-])(?:{choices})
        (?:(?P<scope>\([^()\n]*\)!?:|!:)  # `fix(ui):` counts only if an id follows at once.
          |:|(?=\s))""",
        re.IGNORECASE | re.VERBOSE,
    )


def has_keyword(text: str, words: Sequence[str] = STANDARD) -> bool:
    """Say whether any keyword occurs, be it one that counts or not."""
    return _pattern(tuple(words)).search(text) is not None


def find_keywords(text: str, words: Sequence[str] = STANDARD) -> Keywords:
    """Return the keywords that count: neither negated nor inside a code span."""
    negated = set()
    for negation in _NEGATION.finditer(text):
        negated |= {negation.start("first"), negation.start("second")}
    counted = []
    denied = {match.end() for match in _NOT.finditer(text)}
    spans = [*find_code_spans(text), (len(text), len(text))]
    span = 0
    for keyword in _pattern(tuple(words)).finditer(text):
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
