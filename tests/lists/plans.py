"""How a database goes about some statements, by default those that cut a page out of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from models.session import Database


@dataclass
class Plans:
    """A text for each such statement."""

    texts: list[str] = field(default_factory=list)

    def only(self) -> str:
        """The plan of the one such statement; forgets it."""
        [plan] = self.texts
        self.texts.clear()
        return plan


@contextmanager
def explaining(database: Database, holding: str = "\n LIMIT ") -> Iterator[Plans]:
    """Explain each SELECT *holding* this text as it is run, with the values that it is run with."""
    plans = Plans()
    verb = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "

    def explain(
        connection: Any, _cursor: object, statement: str, parameters: Any, *_: object
    ) -> None:
        if statement.startswith("SELECT") and holding in statement:
            cursor = connection.connection.cursor()
            cursor.execute(verb + statement, parameters)
            plans.texts.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
            cursor.close()

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)


def is_sorted(plan: str) -> bool:
    """Whether rows are put in order after they are read, rather than read in order."""
    return "TEMP B-TREE" in plan or "Sort" in plan


def enters(plan: str) -> bool:
    """Whether an index is entered at a value and read from there on."""
    return any(
        re.search("[<>]", line.replace("->", ""))
        for line in plan.replace("<expr>", "expression").splitlines()
        if "USING INDEX" in line or "Index Cond" in line
    )
