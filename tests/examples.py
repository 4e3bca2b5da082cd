"""How many examples a property is tried with.

All of them on SQLite. On PostgreSQL, where the same code runs on the same kinds of input, as many
as show that its statements do what they should.
"""

from __future__ import annotations

SHARE = 3
_divisor = 1


def be_second_database() -> None:
    """From now on; tests ask while they are imported."""
    global _divisor
    _divisor = SHARE


def examples(number: int) -> int:
    return -(-number // _divisor)
