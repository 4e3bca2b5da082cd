"""Text as both databases accept it."""

import re

# PostgreSQL refuses NUL in text, and no driver can encode half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(text: str, limit: int | None = None) -> str:
    """Drop what SQLite or PostgreSQL would refuse, then keep the first *limit* characters."""
    return _UNSTORABLE.sub("", text)[:limit]
