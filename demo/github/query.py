"""GraphQL's text: one operation with fields, aliases, arguments, variables and inline fragments."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r'[\s,\ufeff]+|#[^\n]*|("""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"|\.\.\.|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[!$():=@\[\]{|}])'
)


class QueryError(Exception):
    """The query is wrong as a whole: the answer has errors and no data."""


@dataclass(frozen=True)
class Field:
    """A field that is asked for; `key` is its name in the answer."""

    key: str
    name: str
    arguments: dict[str, Any]
    selections: "list[Field | Fragment]"


@dataclass(frozen=True)
class Fragment:
    """Fields for objects of one type only; of any when that is None."""

    type: str | None
    selections: "list[Field | Fragment]"


def parse_query(text: str, variables: Mapping[str, Any]) -> list[Field | Fragment]:
    """Parse the one operation in *text*, variables filled in; raise QueryError."""
    return _Parser(text, variables).parse()


class _Parser:
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._tokens = _split(text)
        self._position = 0
        self._given = dict(variables)
        self._known: dict[str, Any] = {}

    def parse(self) -> list[Field | Fragment]:
        if self._peek() != "{":
            if self._next() != "query":
                raise QueryError("Only queries are supported")
            if self._peek() not in ("{", "("):
                self._next()
            if self._skip("("):
                self._declarations()
        selections = self._selections()
        if self._peek():
            raise QueryError(f"Expected one operation, found {self._peek()!r}")
        return selections

    def _declarations(self) -> None:
        while not self._skip(")"):
            self._expect("$")
            name = self._next()
            self._expect(":")
            kind = ""
            while self._peek() not in ("$", ")", "=", ""):
                kind += self._next()
            default = self._value() if self._skip("=") else None
            value = self._given.get(name, default)
            if value is None and kind.endswith("!"):
                raise QueryError(f"Variable ${name} of type {kind} was provided invalid value")
            self._known[name] = value

    def _selections(self) -> list[Field | Fragment]:
        self._expect("{")
        found: list[Field | Fragment] = []
        while not self._skip("}"):
            found.append(self._fragment() if self._skip("...") else self._field())
        return found

    def _fragment(self) -> Fragment:
        type_ = self._next() if self._skip("on") else None
        return Fragment(type_, self._selections())

    def _field(self) -> Field:
        key = name = self._name()
        if self._skip(":"):
            name = self._name()
        arguments = {}
        if self._skip("("):
            while not self._skip(")"):
                argument = self._name()
                self._expect(":")
                arguments[argument] = self._value()
        selections = self._selections() if self._peek() == "{" else []
        return Field(key, name, arguments, selections)

    def _value(self) -> Any:
        first = self._next()
        if first == "$":
            name = self._name()
            if name not in self._known:
                raise QueryError(f"Variable ${name} is used but not declared")
            return self._known[name]
        if first == "[":
            items = []
            while not self._skip("]"):
                items.append(self._value())
            return items
        if first == "{":
            members = {}
            while not self._skip("}"):
                member = self._name()
                self._expect(":")
                members[member] = self._value()
            return members
        if first.startswith('"""'):
            return first[3:-3].strip()
        try:
            return json.loads(first)  # numbers, strings, true, false, null
        except ValueError:
            return first  # an enum

    def _name(self) -> str:
        token = self._next()
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise QueryError(f"Expected a name, found {token!r}")
        return token

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise QueryError("Unexpected end of document")
        self._position += 1
        return token

    def _skip(self, token: str) -> bool:
        if self._peek() == token:
            self._position += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._skip(token):
            raise QueryError(f"Expected {token!r}, found {self._peek()!r}")


def _split(text: str) -> list[str]:
    tokens = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            raise QueryError(f"Unexpected character {text[position]!r}")
        if found.group(1):
            tokens.append(found.group(1))
        position = found.end()
    return tokens
