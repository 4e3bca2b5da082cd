"""The Sentry-compatible API below `/api/0/`: importing this makes every route known."""

from webapp.api import (
    commits,
    issues,
    organizations,
    projects,
    release_writes,
    releases,
    repositories,
    root,
)
from webapp.api.blueprint import bp

__all__ = [
    "bp",
    "commits",
    "issues",
    "organizations",
    "projects",
    "release_writes",
    "releases",
    "repositories",
    "root",
]
