"""The building blocks of a GraphQL answer: objects with fields, pages of them, errors of one field."""

import base64
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from demo.github.query import Field, QueryError


class FieldError(Exception):
    """One field cannot be answered: it is null, and `errors` says why."""

    def __init__(self, type_: str, message: str) -> None:
        """Keep GitHub's name for the kind of error."""
        super().__init__(message)
        self.type = type_


class Node:
    """An object of the graph; values that cost something are functions of the field's arguments."""

    def __init__(
        self, type_: str, fields: Mapping[str, Any], interfaces: tuple[str, ...] = ()
    ) -> None:
        """Name the type, its fields and the interfaces that fragments may name instead."""
        self.type = type_
        self.fields = fields
        self.interfaces = interfaces

    def get(self, field: Field) -> Any:
        """Return a field's value; raise QueryError for one that the type has not."""
        if field.name == "__typename":
            return self.type
        if field.name not in self.fields:
            raise QueryError(f"Field '{field.name}' doesn't exist on type '{self.type}'")
        value = self.fields[field.name]
        if not callable(value):
            return value
        try:
            return value(**field.arguments)
        except TypeError:
            _check_arguments(value, field)
            raise


def connection(
    item: str,
    nodes: Iterable[Node],
    total: int,
    start: int,
    end: str | None,
    name: str | None = None,
) -> Node:
    """Return a page of *nodes*, which begins at the *start*th of *total* and ends at cursor *end*."""
    shown = list(nodes)
    info = {
        "hasNextPage": start + len(shown) < total,
        "hasPreviousPage": start > 0,
        "endCursor": end,
    }
    fields = {"totalCount": total, "pageInfo": Node("PageInfo", info), "nodes": shown}
    return Node(name or f"{item}Connection", fields)


def check_first(connection: str, first: object) -> None:
    """Raise FieldError unless *first* is there and at most 100."""
    if first is None:
        raise FieldError(
            "MISSING_PAGINATION_BOUNDARIES",
            "You must provide a `first` or `last` value to properly paginate "
            f"the `{connection}` connection.",
        )
    if not isinstance(first, int) or not 1 <= first <= 100:
        raise FieldError(
            "EXCESSIVE_PAGINATION",
            f"Requesting {first} records on the `{connection}` connection exceeds "
            "the `first` limit of 100 records.",
        )


def cursor(name: str) -> str:
    """Return an opaque cursor for an item known by its name."""
    return base64.b64encode(name.encode()).decode()


def after_cursor(cursors: list[str], after: str | None) -> int:
    """Return where the page after a cursor begins."""
    if after is None:
        return 0
    if after not in cursors:
        raise FieldError("INVALID_CURSOR_ARGUMENTS", f"`{after}` does not appear to be a cursor.")
    return cursors.index(after) + 1


def _check_arguments(function: Callable[..., object], field: Field) -> None:
    try:
        inspect.signature(function).bind(**field.arguments)
    except TypeError as error:
        raise QueryError(f"Field '{field.name}': {error}") from None
