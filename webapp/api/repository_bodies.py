"""What clients send of repositories (sentry-api.md 7)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator

from domain.text import clean_text


def _text_or_none(value: object) -> object:
    """What cannot be meant counts as missing: the route tells of both in a shape of its own."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    is_usable = isinstance(value, str) and clean_text(value) == value
    return value if is_usable else None


LooseText = Annotated[str | None, BeforeValidator(_text_or_none)]


class RepositoryBody(BaseModel):
    """`installation` is what repositories show as `integrationId`, `identifier` is `owner/name`."""

    provider: LooseText = None
    installation: LooseText = None
    identifier: LooseText = None


class RepositoryStatusBody(BaseModel):
    """Without `status` nothing changes."""

    status: Literal["active", "visible", "hidden"] | None = None
