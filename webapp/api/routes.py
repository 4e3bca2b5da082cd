"""What each route of the API takes and answers: told once, at the route, for checks and documents.

`ROUTES` holds every route that the decorators of `blueprint` made, in that order.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_origin

from pydantic import BaseModel

Answers = Mapping[int, Any]  # by status: the type of what is answered; None: an empty body
ROUTES: list[Route] = []
_AREAS = {"root": "About", "release_writes": "Releases", "repository_changes": "Repositories"}
_PLACE = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")


@dataclass(frozen=True)
class Query:
    """A parameter of the query string; *schema* is JSON Schema, of one value if it *repeats*."""

    name: str
    text: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    repeats: bool = False


DIGITS = {"type": "string", "pattern": "^[0-9]*$"}


def one_of(name: str, text: str, *choices: str) -> Query:
    """A query parameter of which only *choices*, and nothing at all, are accepted."""
    return Query(name, text, {"type": "string", "enum": ["", *choices]})


@dataclass(frozen=True, kw_only=True)
class Route:
    method: str
    rule: str  # as Flask reads it, below the blueprint's prefix
    view: Callable[..., Any]
    scopes: frozenset[str] | None  # one of them is needed; None: any token will do
    body: type[BaseModel] | None = None
    answers: Answers = field(default_factory=dict)
    query: Sequence[Query] = ()
    is_public: bool = False  # answers without a token too
    is_paged: bool = False

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def tag(self) -> str:
        """The area, by the module that the view is in."""
        module = self.view.__module__.rpartition(".")[2]
        return _AREAS.get(module) or module.replace("_", " ").capitalize()

    @property
    def text(self) -> str:
        """What the view's docstring says, its paragraphs kept."""
        return inspect.getdoc(self.view) or ""

    @property
    def path(self) -> str:
        """The rule as OpenAPI writes it: `/organizations/{org}/`."""
        return _PLACE.sub(r"{\g<name>}", self.rule)

    @property
    def places(self) -> list[tuple[str, str]]:
        """The path's parameters with their converters; "" is Flask's default."""
        return [(found["name"], found["converter"] or "") for found in _PLACE.finditer(self.rule)]

    @property
    def is_writing(self) -> bool:
        return self.method != "GET"


def is_list(answer: Any) -> bool:
    """Whether an answer of that type is a list."""
    return get_origin(answer) is list
