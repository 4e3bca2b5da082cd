"""The Sentry-compatible API below `/api/0/`: importing this makes every route known."""

from webapp.api import (
    commits,
    deploys,
    doctor,
    events,
    issue_writes,
    issues,
    organizations,
    projects,
    release_writes,
    releases,
    repositories,
    repository_changes,
    root,
)
from webapp.api.blueprint import bp

__all__ = [
    "bp",
    "commits",
    "deploys",
    "doctor",
    "events",
    "issue_writes",
    "issues",
    "organizations",
    "projects",
    "release_writes",
    "releases",
    "repositories",
    "repository_changes",
    "root",
]
