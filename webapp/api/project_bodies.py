"""What clients send of projects and their keys (sentry-api.md 4.1)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel

from domain import project_keys
from domain.organizations import NAME_LENGTH, PLATFORM_LENGTH, SLUG_RULE, is_slug
from webapp.api.fields import FilledText, Text, at_most


def _require_slug(slug: str) -> str:
    if slug and not is_slug(slug):
        raise ValueError(f"Not a usable slug: {SLUG_RULE}.")
    return slug


class ProjectBody(BaseModel):
    """Without `slug`, or with a blank one, the slug is made of the name."""

    name: Annotated[FilledText, at_most(NAME_LENGTH)]
    slug: Annotated[Text, AfterValidator(_require_slug)] | None = None
    platform: Annotated[Text, at_most(PLATFORM_LENGTH)] | None = None


class KeyBody(BaseModel):
    name: Annotated[Text, at_most(project_keys.NAME_LENGTH)] | None = None
