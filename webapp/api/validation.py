"""Bodies of requests: JSON, checked once against a pydantic model, with Sentry's error shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import FieldsInvalidError, InvalidError

BodyT = TypeVar("BodyT", bound=BaseModel)
_HALF = re.compile("[\ud800-\udfff]")
_HALF_WRITTEN = re.compile(r"\\u[dD][89a-fA-F]")  # perhaps one of a pair; others are no UTF-8
_MESSAGES = {"missing": "This field is required.", "extra_forbidden": "Unknown field."}


def parse_body(kind: type[BodyT]) -> BodyT:
    """The request's JSON as *kind*, whatever its content type says; raises InvalidError."""
    data = _read_json(request.get_data())
    if not isinstance(data, dict):
        raise InvalidError("The body has to be a JSON object.")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise FieldsInvalidError(field_messages(error.errors(include_url=False))) from None


def _read_json(body: bytes) -> Any:
    """The document, or None. Halves of surrogate pairs, which nothing can encode, are marked."""
    try:
        text = body.decode("utf-8-sig")
        data = json.loads(text)
        return _mark_halves(data) if _HALF_WRITTEN.search(text) else data
    except (ValueError, RecursionError):
        return None


def _mark_halves(data: Any) -> Any:
    if isinstance(data, str):
        return _HALF.sub("\ufffd", data)
    if isinstance(data, list):
        return [_mark_halves(item) for item in data]
    if isinstance(data, dict):
        return {_mark_halves(name): _mark_halves(item) for name, item in data.items()}
    return data


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
        if error["input"] is None and error["type"] != "value_error":
            message = "This field may not be null."
        messages = place.setdefault(last, [])
        if isinstance(messages, list):
            messages.append(message)
    return found
