"""Keys with which SDKs send events to a project, and the DSN that an SDK is set up with."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from models import Project, ProjectKey

NAME_LENGTH = 64
DEFAULT = "Default"
USE_NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ActiveKey:
    """What an active key opens."""

    project_id: int
    is_use_due: bool  # nobody noted for a while that it is used


def make_dsn(key: ProjectKey, *, public_url: str) -> str:
    """`scheme://KEY@host/ID`, as SDKs read it; *public_url* is a host's root."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{key.public_key}@{parts.netloc}/{key.project_id}"


def find_active_key(session: Session, public_key: str, *, now: datetime) -> ActiveKey | None:
    """The project whose events *public_key* may send."""
    row = session.execute(
        select(ProjectKey.project_id, ProjectKey.last_used_at).where(
            ProjectKey.public_key == public_key, ProjectKey.is_active
        )
    ).one_or_none()
    if row is None:
        return None
    used = row.last_used_at
    return ActiveKey(row.project_id, used is None or used <= now - USE_NOTED_EVERY)


def note_key_use(session: Session, public_key: str, *, now: datetime) -> None:
    """Remember that the key is used; of several at once, one writes."""
    session.execute(
        update(ProjectKey)
        .where(
            ProjectKey.public_key == public_key,
            or_(
                ProjectKey.last_used_at.is_(None),
                ProjectKey.last_used_at <= now - USE_NOTED_EVERY,
            ),
        )
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


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
