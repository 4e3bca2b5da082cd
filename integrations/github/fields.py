"""Reading untrusted JSON: one field at a time, typed, cleaned and bounded, or PayloadError.

What is signed is GitHub's, but a payload may still lack what we expect or hold what a database
refuses. Every reader names the path of what is wrong, for the reason shown in the delivery log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from domain.errors import ShiplogError
from domain.text import clean_text

ZERO_SHA = "0" * 40
LARGEST_ID = 2**63 - 1
# A year short of what Python holds, so that such a moment can be read back in any time zone.
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class PayloadError(ShiplogError):
    """The payload is not what its event promises; says where."""


class Fields:
    """A JSON object with its path; each method reads one key."""

    def __init__(self, value: Any, path: str = "") -> None:
        if not isinstance(value, dict):
            raise PayloadError(f"{path or 'the body'} is not an object")
        self.value: dict[str, Any] = value
        self.path = path

    def where(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def object(self, key: str) -> Fields:
        return Fields(self.value.get(key), self.where(key))

    def optional_object(self, key: str) -> Fields | None:
        """None as well for the empty object, which GitHub sends for an unknown account."""
        return self.object(key) if self.value.get(key) else None

    def objects(self, key: str) -> Iterator[Fields]:
        value = self.value.get(key)
        if not isinstance(value, list):
            raise PayloadError(f"{self.where(key)} is not a list")
        for number, item in enumerate(value):
            yield Fields(item, f"{self.where(key)}[{number}]")

    def strings(self, key: str) -> list[str]:
        value = self.value.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise PayloadError(f"{self.where(key)} is not a list of strings")
        return [clean_text(item) for item in value]

    def optional_string(self, key: str, limit: int | None = None) -> str | None:
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise PayloadError(f"{self.where(key)} is not a string")
        return clean_text(value, limit)

    def string(self, key: str, limit: int | None = None) -> str:
        value = self.optional_string(key, limit)
        if not value:
            raise PayloadError(f"{self.where(key)} is missing")
        return value

    def name(self, key: str, limit: int) -> str:
        """A string that would mean something else if it were cut: too long is an error."""
        value = self.string(key)
        if len(value) > limit:
            raise PayloadError(f"{self.where(key)} is longer than {limit} characters")
        return value

    def number(self, key: str, largest: int = LARGEST_ID) -> int:
        value = self.value.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= largest:
            raise PayloadError(f"{self.where(key)} is not an id")
        return value

    def count(self, key: str) -> int:
        """A number of things; 0 if it is not said."""
        return self.number(key) if self.value.get(key) else 0

    def flag(self, key: str) -> bool:
        value = self.value.get(key, False)
        if value is not None and not isinstance(value, bool):
            raise PayloadError(f"{self.where(key)} is not true or false")
        return bool(value)

    def sha(self, key: str) -> str:
        value = self.value.get(key)
        if not isinstance(value, str) or not _SHA.fullmatch(value):
            raise PayloadError(f"{self.where(key)} is not a commit id")
        return value

    def optional_sha(self, key: str) -> str | None:
        return self.sha(key) if self.value.get(key) is not None else None

    def moment(self, key: str) -> datetime | None:
        """ISO text or epoch seconds; None if missing or beyond what a calendar holds."""
        value = self.value.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise PayloadError(f"{self.where(key)} is not a time")
        try:
            if isinstance(value, int):
                moment = datetime.fromtimestamp(value, UTC)
            else:
                moment = datetime.fromisoformat(value)
                moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return moment if EARLIEST <= moment <= LATEST else None


def parse_body(body: bytes, content_type: str) -> Fields:
    """The JSON object of a delivery, sent as such or in a form's `payload`. Raises PayloadError."""
    try:
        text = body.decode("utf-8")
        if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
            text = parse_qs(text, max_num_fields=20, errors="strict")["payload"][0]
        return Fields(json.loads(text))
    except RecursionError:
        raise PayloadError("the body is nested too deeply") from None
    except (ValueError, KeyError, IndexError) as error:
        raise PayloadError(f"the body is not JSON ({type(error).__name__})") from None
