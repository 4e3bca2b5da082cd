"""What pydantic finds wrong with a body, in the words and the shape that clients show people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails

MOST_MESSAGES = 100  # a body may hold a million mistakes
WORDS = {
    "missing": "This field is required.",
    "string_too_long": "Ensure this field has no more than {max_length} characters.",
    "string_too_short": "Ensure this field has at least {min_length} characters.",
    "too_long": "Ensure this field has no more than {max_length} elements.",
    "too_short": "Ensure this field has at least {min_length} elements.",
    "greater_than": "Ensure this value is greater than {gt}.",
    "greater_than_equal": "Ensure this value is greater than or equal to {ge}.",
    "less_than": "Ensure this value is less than {lt}.",
    "less_than_equal": "Ensure this value is less than or equal to {le}.",
    "literal_error": "Expected {expected}.",
    "enum": "Expected {expected}.",
    "string_pattern_mismatch": "This value has the wrong format.",
    "extra_forbidden": "Unknown field.",
    "value_error": "{error}",
    "assertion_error": "{error}",
}
OF_KIND = {  # by the beginning of the error's type, so that all mistakes of a kind read alike
    "string_": "Expected a string.",
    "int_": "A valid integer is required.",
    "float_": "A valid number is required.",
    "finite_": "A valid number is required.",
    "bool_": "Expected true or false.",
    "list_": "Expected a list.",
    "tuple_": "Expected a list.",
    "dict_": "Expected an object.",
    "model_": "Expected an object.",
    "dataclass_": "Expected an object.",
    "datetime_": "Expected a date and time, as in 2026-01-05T10:00:00Z.",
    "timezone_": "Expected a date and time with a zone, as in 2026-01-05T10:00:00Z.",
    "url_": "Expected a URL, as in https://example.com/.",
}
NULL = "This field may not be null."


def field_messages(errors: Sequence[ErrorDetails], body: object) -> dict[str, Any]:
    """`{"field": ["message"]}`, nested as *body* is (sentry-api.md 1.2); list items by position.

    What is wrong with the body as a whole is under `detail`, one sentence alone.
    """
    found: dict[str, Any] = {}
    for error in errors[:MOST_MESSAGES]:
        places = _places(error, body)
        if not places:
            return {"detail": _message(error)}
        _put(found, places, _message(error))
    return found


def _put(found: dict[str, Any], places: list[str], message: str) -> None:
    *outer, last = places
    for place in outer:
        inner = found.setdefault(place, {})
        if not isinstance(inner, dict):
            return  # the whole is wrong already
        found = inner
    messages = found.setdefault(last, [])
    if isinstance(messages, list) and message not in messages:
        messages.append(message)


def _places(error: ErrorDetails, body: Any) -> list[str]:
    """The error's path as far as it leads through *body*: pydantic names branches of unions too."""
    places = []
    for part in error["loc"]:
        if _holds(body, part):
            body = body[part]
        elif error["type"] != "missing" or part != error["loc"][-1]:
            continue
        places.append(str(part))
    return places


def _holds(body: Any, part: int | str) -> bool:
    if isinstance(body, list):
        return isinstance(part, int) and part < len(body)
    return isinstance(body, dict) and part in body


def _message(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind in ("too_long", "too_short") and isinstance(error["input"], str):
        kind = f"string_{kind}"  # of a text that validators had in hand first
    if kind in WORDS:
        return WORDS[kind].format_map(error.get("ctx", {}))
    for beginning, words in OF_KIND.items():
        if kind.startswith(beginning):
            return NULL if error["input"] is None else words
    return error["msg"]
