"""Who sends an event: the key in a request, and whether it is one of the project's."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import ShiplogError
from models import ProjectKey
from models.session import Database

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

KEPT_SECONDS = 5.0  # a key that was made or revoked works, or not, that much later
MAX_KEPT = 10_000  # made-up keys are kept, too: asking again must not cost a query
KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
IN_HEADER = re.compile(r"(?:^|[\s,])sentry_key=([^\s,]*)")


class MissingKeyError(ShiplogError):
    """The request names no key."""


class RefusedKeyError(ShiplogError):
    """The key is unknown, not active, or another project's; which, is nobody's business."""


class ProjectKeys:
    """Active keys, each remembered for a few seconds, so that a busy one costs no query an event."""

    def __init__(self, db: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._db, self._clock = db, clock
        self._kept: dict[str, tuple[float, int | None]] = {}

    def require(self, key: str, project_id: int) -> None:
        """Raises RefusedKeyError unless *key* may send to the project."""
        if KEY.fullmatch(key) is None or self._find(key) != project_id:
            raise RefusedKeyError("no active key of this project")

    def _find(self, key: str) -> int | None:
        now = self._clock()
        kept = self._kept.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]
        with self._db.reading() as session:
            project_id = find_active_key(session, key)
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[key] = (now + KEPT_SECONDS, project_id)
        return project_id


def find_active_key(session: Session, public_key: str) -> int | None:
    """The project whose events *public_key* may send."""
    return session.scalar(
        select(ProjectKey.project_id).where(
            ProjectKey.public_key == public_key, ProjectKey.is_active
        )
    )


def find_key(environ: WSGIEnvironment) -> str | None:
    """The key in the header of servers' SDKs, else in the query of browsers'."""
    header = environ.get("HTTP_X_SENTRY_AUTH")
    if header and (found := IN_HEADER.search(header.removeprefix("Sentry"))):
        return found[1]
    query = environ.get("QUERY_STRING", "")
    if "sentry_key" not in query:
        return None
    try:
        keys = parse_qs(query, max_num_fields=50).get("sentry_key")
    except ValueError:
        return None
    return keys[0] if keys else None


def find_key_in_dsn(dsn: str | None) -> str | None:
    """The public key of `https://KEY@host/ID`."""
    try:
        key: str | None = urlsplit(dsn).username if dsn else None
    except ValueError:
        return None
    return key
