"""Bodies of requests: JSON, checked once against a pydantic model, with Sentry's error shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import FieldsInvalidError, InvalidError

BodyT = TypeVar("BodyT", bound=BaseModel)
_MESSAGES = {"missing": "This field is required.", "extra_forbidden": "Unknown field."}


def parse_body(kind: type[BodyT]) -> BodyT:
    """The request's JSON as *kind*, whatever its content type says; raises InvalidError."""
    data = request.get_json(force=True, silent=True)
    if not isinstance(data, dict):
        raise InvalidError("The body has to be a JSON object.")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise FieldsInvalidError(field_messages(error.errors(include_url=False))) from None


def field_messages(errors: Sequence[ErrorDetails]) -> dict[str, Any]:
    """`{"field": ["message"]}`, nested as the body is (sentry-api.md 1.2); list items by position."""
    found: dict[str, Any] = {}
    for error in errors:
        place = found
        *outer, last = [str(part) for part in error["loc"]] or ["detail"]
        for part in outer:
            inner = place.setdefault(part, {})
            place = inner if isinstance(inner, dict) else {}
        message = _MESSAGES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
        messages = place.setdefault(last, [])
        if isinstance(messages, list):
            messages.append(message)
    return found
