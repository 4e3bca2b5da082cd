"""Kinds of values in the bodies of requests: texts that can be stored, moments, web addresses."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

_BEGINS_WITH_DATE = re.compile(r"\d{4}-\d", re.ASCII)
_YEARS = range(1970, 9999)  # what clocks say; UTC of a later moment may not exist


def at_most(limit: int) -> AfterValidator:
    """Refuse a text of more than *limit* characters."""

    def verify(text: str) -> str:
        if len(text) > limit:
            raise ValueError(f"Ensure this field has no more than {limit} characters.")
        return text

    return AfterValidator(verify)


def _refuse_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("Null characters are not allowed.")
    return text


def _require_something(text: str) -> str:
    if not text:
        raise ValueError("This field may not be blank.")
    return text


def _require_text(value: object) -> object:
    """Not a number: neither seconds nor milliseconds are agreed on with anybody."""
    if not isinstance(value, str) or _BEGINS_WITH_DATE.match(value.strip()) is None:
        raise ValueError("A moment is written as in 2026-01-05T11:00:00Z.")
    return value.strip()


def _to_utc(moment: datetime) -> datetime:
    """A moment without an offset is in UTC."""
    if moment.year not in _YEARS:
        raise ValueError(f"The year has to be from {_YEARS[0]} to {_YEARS[-1]}.")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _require_web_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if text and (not is_usable or re.search(r"\s", text)):
        raise ValueError("Enter a valid URL.")
    return text


def _name_of_thing(value: object) -> object:
    """An id as text: clients send ids as numbers or as digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, AfterValidator(_refuse_nul), AfterValidator(str.strip)]
FilledText = Annotated[Text, AfterValidator(_require_something)]
SlugOrId = Annotated[FilledText, BeforeValidator(_name_of_thing)]
Moment = Annotated[datetime, BeforeValidator(_require_text), AfterValidator(_to_utc)]
WebUrl = Annotated[Text, AfterValidator(_require_web_url)]
