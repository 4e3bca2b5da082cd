"""What clients send of a deploy (sentry-api.md 6)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from domain.deploys import ENVIRONMENT_LENGTH, NAME_LENGTH, DeployData, is_environment_name
from webapp.api.fields import FilledText, Moment, SlugOrId, Text, WebUrl, at_most


def _require_projects(names: list[str] | None) -> list[str] | None:
    """Left out means all projects; none at all, or null, means nothing that a client could want."""
    if not names:
        raise ValueError("This list may not be empty.")
    return names


def _require_environment(name: str) -> str:
    if not is_environment_name(name):
        raise ValueError("Invalid value for environment")
    return name


class DeployBody(BaseModel):
    """`dateFinished` may be null or absent: now (OURS 16). A blank text is none."""

    environment: Annotated[
        FilledText, at_most(ENVIRONMENT_LENGTH), AfterValidator(_require_environment)
    ]
    name: Annotated[Text, at_most(NAME_LENGTH)] | None = None
    url: WebUrl | None = None
    started_at: Moment | None = Field(default=None, alias="dateStarted")
    finished_at: Moment | None = Field(default=None, alias="dateFinished")
    projects: Annotated[list[SlugOrId] | None, AfterValidator(_require_projects)] = None

    def data(self, now: datetime) -> DeployData:
        return DeployData(
            environment=self.environment,
            finished_at=self.finished_at or now,
            started_at=self.started_at,
            name=self.name or None,
            url=self.url or None,
            projects=self.projects,
        )
