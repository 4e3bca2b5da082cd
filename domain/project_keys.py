"""Keys with which SDKs send events to a project, and the DSN that an SDK is set up with."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Project, ProjectKey

NAME_LENGTH = 64
DEFAULT = "Default"


def make_dsn(key: ProjectKey, *, public_url: str) -> str:
    """`scheme://KEY@host/ID`, as SDKs read it; *public_url* is a host's root."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{key.public_key}@{parts.netloc}/{key.project_id}"


def create_key(
    session: Session, project_id: int, *, name: str | None = None, now: datetime
) -> ProjectKey:
    """A new key; a nameless one is called after its first digits. Flushes, does not commit."""
    public_key = secrets.token_hex(16)
    key = ProjectKey(
        project_id=project_id, name=name or public_key[:8], public_key=public_key, created_at=now
    )
    session.add(key)
    session.flush()
    return key


def list_keys(session: Session, project_id: int) -> Sequence[ProjectKey]:
    """The project's keys, the oldest first."""
    return session.scalars(
        select(ProjectKey).where(ProjectKey.project_id == project_id).order_by(ProjectKey.id)
    ).all()


def ensure_key(session: Session, project_id: int, *, now: datetime) -> Sequence[ProjectKey]:
    """As `list_keys`, of a project that gets its default key now if it has none.

    Projects from before there were keys have none. Asking twice, or at once, makes one key.
    """
    session.execute(
        select(Project.id).where(Project.id == project_id).with_for_update(key_share=True)
    )
    keys = list_keys(session, project_id)
    return keys or [create_key(session, project_id, name=DEFAULT, now=now)]
