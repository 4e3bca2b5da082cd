"""Short ids of issues, `WEB-7`: project slug and number in Crockford base 32 (sentry-api.md 8.5)."""

import re

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)} | {"O": 0, "I": 1, "L": 1}
_MAX_NUMBER = 2**63 - 1  # a larger one fits no column, so it names no issue
# The greedy slug makes the last separator the one that splits; 13 digits hold every 63-bit number.
_SHORT_ID = re.compile(r"\s*([A-Za-z0-9_][A-Za-z0-9_-]*)[-_\s]([0-9A-Za-z]{1,13})\s*")


def format_short_id(slug: str, number: int) -> str:
    """Return the display form, `SHOP-9X` for issue 317 of project `shop`.

    Raises:
        ValueError: the number is below 1, where the counter begins.
    """
    if number < 1:
        raise ValueError(f"issue numbers begin at 1, not {number}")
    digits = ""
    while number:
        number, value = divmod(number, 32)
        digits = _DIGITS[value] + digits
    return f"{slug.upper()}-{digits}"


def parse_short_id(text: str) -> tuple[str, int] | None:
    """Return the project slug, in lower case, and the number; None if *text* is no short id."""
    match = _SHORT_ID.fullmatch(text)
    number = _decode(match[2]) if match else None
    return (match[1].lower(), number) if match and number else None


def canonical_short_id(text: str) -> str | None:
    """Return the one spelling under which an issue is known: `shop_9x` and `SHOP-9X` are the same."""
    parsed = parse_short_id(text)
    return format_short_id(*parsed) if parsed else None


def _decode(digits: str) -> int | None:
    number = 0
    for digit in digits.upper():
        value = _VALUES.get(digit)
        if value is None:  # only U: left out of the alphabet, and read as nothing else
            return None
        number = number * 32 + value
    return number if number <= _MAX_NUMBER else None
