"""Bodies of requests: JSON, checked once against a pydantic model, with Sentry's error shapes."""

from __future__ import annotations

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from werkzeug.exceptions import UnsupportedMediaType

from domain.errors import FieldsInvalidError, InvalidError
from webapp.api.messages import field_messages

BodyT = TypeVar("BodyT", bound=BaseModel)
NOT_AN_OBJECT = "The body has to be a JSON object."
LARGEST = 2**63 - 1  # databases hold no larger number
# What may hide a value that no database takes. Few bodies match, and only those are gone through.
_SUSPICIOUS = re.compile(rb"[\s:,\[]-?(?:[0-9]{19}|[0-9.]+[eE]\+?[0-9]{3})")
_HALF = re.compile("[\ud800-\udfff]")


def parse_body(kind: type[BodyT]) -> BodyT:
    """The request's JSON as *kind*, whatever its content type says.

    Raises InvalidError, and the errors of HTTP for a body that is too large or packed.
    """
    if request.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise UnsupportedMediaType
    data = parse_json(_read_body())
    if not isinstance(data, dict):
        raise InvalidError(NOT_AN_OBJECT)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        messages = field_messages(error.errors(include_url=False), data)
        raise FieldsInvalidError(messages) from None


def _read_body() -> bytes:
    """All of the body. Werkzeug cuts one that is sent in chunks, and says so only to who reads on."""
    body = request.get_data(cache=False)
    request.stream.read(1)
    return body


def parse_json(text: bytes) -> Any:
    """What *text* holds, with numbers that can be stored; raises InvalidError.

    UTF-8 alone, no NaN, no more than 200 levels. Halves of surrogate pairs, as programs write them
    that cut texts in the middle, are marked. NUL characters are for the fields to judge.
    """
    text = text.removeprefix(BOM_UTF8)
    try:
        data = from_json(text, allow_inf_nan=False)
    except ValueError:
        data = _read_halves(text)
    if _SUSPICIOUS.search(text) and not all(map(_is_storable, _values(data))):
        raise InvalidError("The body holds a number that is too large.")
    return data


def _read_halves(text: bytes) -> Any:
    """What can be read once halves of surrogate pairs are marked, which nothing can encode."""
    try:
        whole = json.loads(text.decode(), parse_constant=_refuse_constant)
        return from_json(_HALF.sub("\ufffd", json.dumps(whole, ensure_ascii=False)))
    except (ValueError, RecursionError):
        raise InvalidError(NOT_AN_OBJECT) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _values(data: Any) -> Iterator[Any]:
    """All keys and values of *data* that are neither list nor object."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        else:
            yield value


def _is_storable(value: Any) -> bool:
    if isinstance(value, int):
        return -LARGEST <= value <= LARGEST
    return not isinstance(value, float) or math.isfinite(value)
