"""Moments as text, alike in every document."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a `Z`: clients refuse moments without a zone."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
