"""Reading what strangers send: any JSON comes back in the type asked for, bounded, or as nothing.

Nothing here raises, whatever the value: a wrong type is an absent value, a long text is cut, and
what was cut is noted by the name of its part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from domain.event_secrets import HIDDEN, is_secret, may_be_secret
from domain.text import clean_text

Json = Mapping[str, Any]

CUT = "…"
NESTED = 6  # levels of a value that are kept
MEMBERS = 100  # of an object or list within a value
LONGEST_NAME = 200  # of a member
VALUES = 20_000  # of one event, in all its free-form parts
CHARACTERS = 1_000_000  # likewise
_LARGE = 2**63
_REMEMBERED = 500  # characters of names


class Reader:
    """Reads one event, and remembers what did not fit."""

    def __init__(self) -> None:
        self._cuts: dict[str, None] = {}
        self._values, self._characters = VALUES, CHARACTERS

    @property
    def cuts(self) -> tuple[str, ...]:
        """The parts of the event that were cut."""
        return tuple(self._cuts)

    def note(self, part: str) -> None:
        """Remember that *part* is not whole."""
        self._cuts[part] = None

    def text(self, value: object, limit: int, part: str) -> str | None:
        """A text, or a number or truth value as text; None for anything else, and when empty."""
        if value is None:
            return None
        if isinstance(value, str):
            if len(value) <= limit and value.isascii() and "\0" not in value:
                return value or None  # the common case, without another call
        else:
            value = _scalar_text(value)
        return (self._fit(value, limit, part) or None) if value is not None else None

    def texts(self, values: Sequence[object], limit: int, part: str) -> Sequence[str | None]:
        """As `text`, for each of *values*."""
        given = [value for value in values if value is not None]
        if is_plain(given, limit) and "" not in given:
            return values  # type: ignore[return-value]  # plain ones are texts
        return [self.text(value, limit, part) for value in values]

    def items(self, value: object, most: int, part: str, *, newest: bool = True) -> list[Any]:
        """The items of a list, or of `{"values": list}`: the last *most*, or the first."""
        if isinstance(value, dict):
            value = value.get("values")
        if not isinstance(value, list):
            return []
        if len(value) > most:
            self.note(part)
            return value[-most:] if newest else value[:most]
        return value

    def pairs(self, value: object, most: int, part: str) -> list[tuple[str, Any]]:
        """Names and values of an object, or of a list of pairs; names as text."""
        if isinstance(value, dict):
            found = list(value.items())
        elif isinstance(value, list):
            found = [tuple(pair) for pair in value if isinstance(pair, list) and len(pair) == 2]
        else:
            return []
        if len(found) > most:
            self.note(part)
            found = found[:most]
        if isinstance(value, dict) and is_plain(value, LONGEST_NAME) and "" not in value:
            return found
        named = ((self.text(name, LONGEST_NAME, part), item) for name, item in found)
        return [(name, item) for name, item in named if name is not None]

    def lines(self, value: Sequence[object], longest: int, part: str) -> tuple[str, ...]:
        """Lines of source, empty ones as well; what is no text is an empty line."""
        if is_plain(value, longest):
            return tuple(value)  # type: ignore[arg-type]  # plain ones are texts
        return tuple(self.line(line, longest, part) or "" for line in value)

    def line(self, value: object, longest: int, part: str) -> str | None:
        """A line of source, which may be empty; None for what is no text."""
        return self._fit(value, longest, part) if isinstance(value, str) else None

    def mapping(self, value: object, part: str, *, longest: int) -> dict[str, Any]:
        """A free-form object, bounded and without secrets; empty for anything else."""
        if not isinstance(value, dict) or not value:
            return {}
        is_within = self._values > 0 and self._characters >= 0
        if is_within and len(value) <= MEMBERS and _are_innocent(value):
            texts = value.values()
            if is_plain(texts, longest):
                self._values -= len(value) + 1
                self._characters -= sum(map(len, texts))
                return value
        found = self.value(value, part, longest=longest)
        return found if isinstance(found, dict) else {}

    def value(self, value: object, part: str, *, longest: int, nested: int = NESTED) -> Any:
        """A free-form value, bounded and without secrets: JSON of few levels and short texts."""
        self._values -= 1
        if self._values < 0 or self._characters < 0:
            self.note(part)
            return CUT
        if isinstance(value, str):
            return self._fit(value, longest, part)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            is_plain = -_LARGE < value < _LARGE  # neither NaN nor infinite
            return value if is_plain else _scalar_text(value)
        if isinstance(value, dict | list):
            return self._members(value, part, longest, nested)
        return None

    def _members(self, value: Any, part: str, longest: int, nested: int) -> Any:
        if nested == 0:
            self.note(part)
            return CUT
        inner = nested - 1
        if isinstance(value, list):
            some = value if len(value) <= MEMBERS else value[:MEMBERS]
            if some is not value:
                self.note(part)
            return [self.value(item, part, longest=longest, nested=inner) for item in some]
        pairs = self.pairs(value, MEMBERS, part)
        if is_plain(value.values(), longest):
            self._values -= len(pairs)
            self._characters -= sum(map(len, value.values()))
            return {key: HIDDEN if is_secret(key) else item for key, item in pairs}
        return {
            key: HIDDEN
            if item is not None and is_secret(key)
            else self.value(item, part, longest=longest, nested=inner)
            for key, item in pairs
        }

    def _fit(self, text: str, limit: int, part: str) -> str:
        if len(text) > limit:
            self.note(part)
            text = text[: limit - 1] + CUT
        if "\0" in text or not text.isascii():
            text = clean_text(text)
        self._characters -= len(text)
        return text


def is_plain(texts: Collection[object], longest: int) -> bool:
    """Whether all are texts that can stay as they are: looked at as one, which is fast."""
    try:
        joined = "\0".join(texts)  # type: ignore[arg-type]  # what is no text raises
    except TypeError:
        return False
    if not joined.isascii() or joined.count("\0") >= max(len(texts), 1):
        return False
    return len(joined) <= longest or max(map(len, texts)) <= longest  # type: ignore[arg-type]


def _are_innocent(names: Collection[str]) -> bool:
    """Whether the names of an object can stay as they are, and none of them may be secret."""
    joined = "\0".join(names)
    if len(joined) > _REMEMBERED:
        return _is_innocent.__wrapped__(joined, len(names))
    return _is_innocent(joined, len(names))


@lru_cache(maxsize=4096)
def _is_innocent(joined: str, count: int) -> bool:
    """The same frames come again and again, with the same variables."""
    names = joined.split("\0")
    return (
        len(names) == count
        and is_plain(names, LONGEST_NAME)
        and "" not in names
        and not may_be_secret(names)
    )


def _scalar_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        bits = value.bit_length()  # Python refuses to write out numbers of thousands of digits
        return str(value) if bits <= 1024 else f"(a number of {bits} bits)"
    return None
