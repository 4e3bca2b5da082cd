"""`start`, `end` and `statsPeriod`: the time that a list is narrowed to (sentry-api.md 4.4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask import request

from domain.errors import InvalidError

_PERIOD = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def period_asked_for(now: datetime) -> tuple[datetime | None, datetime | None]:
    """From when on, and until before when; None: without bound. Raises InvalidError."""
    period = request.args.get("statsPeriod")
    if period:
        return _beginning_of(period, now), None
    start, end = (_moment(name) for name in ("start", "end"))
    if start and end and start > end:
        raise InvalidError("start must be before end")
    return start, end


def _beginning_of(period: str, now: datetime) -> datetime:
    match = _PERIOD.fullmatch(period)
    try:
        if match is not None:
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:  # before the year 1
        pass
    raise InvalidError("Invalid statsPeriod parameter.")


def _moment(name: str) -> datetime | None:
    """ISO 8601; without an offset, UTC."""
    text = request.args.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidError(f"Invalid {name} parameter.") from None
