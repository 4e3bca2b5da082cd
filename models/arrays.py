"""PostgreSQL's arrays of the values of a column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # has no types


def array_type(kind: TypeEngine[Any]) -> str:
    """The name of an array of *kind*; of texts without their length, to which a cast would cut them."""
    return "TEXT[]" if isinstance(kind, String) else f"{kind.compile(_POSTGRESQL)}[]"
