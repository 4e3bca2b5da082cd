"""Text as both databases accept it."""

import re

# PostgreSQL refuses NUL in text, and no driver can encode half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(text: str, limit: int | None = None) -> str:
    """Drop what SQLite or PostgreSQL would refuse, then keep the first *limit* characters."""
    if "\0" in text or not text.isascii():  # mostly there is nothing to look for
        text = _UNSTORABLE.sub("", text)
    return text[:limit]


def fit_bytes(text: str, limit: int) -> str:
    """The longest beginning of clean *text* that takes at most *limit* bytes as UTF-8."""
    return text.encode()[:limit].decode(errors="ignore")
