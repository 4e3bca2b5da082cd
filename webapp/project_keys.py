"""Who sends an event: the key in a request, and whether it is one of the project's."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import structlog
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import ShiplogError
from domain.project_keys import ActiveKey, find_active_key, note_key_use
from models import utcnow
from models.session import Database

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = structlog.get_logger(__name__)

KEPT_SECONDS = 5.0  # a key that was made or deactivated works, or not, that much later
NOTING_SECONDS = 1.0  # for a turn to note that a key is used; else the next one notes it
MAX_KEPT = 10_000  # made-up keys are kept, too: asking again must not cost a query
KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
REFUSED = "no active key of this project: take the DSN from the project's settings"
IN_HEADER = re.compile(r"(?:^|[\s,])sentry_key=([^\s,]*)")


class MissingKeyError(ShiplogError):
    """The request names no key."""


class RefusedKeyError(ShiplogError):
    """The key is unknown, not active, or another project's; which, is nobody's business."""


class ProjectKeys:
    """Active keys, each remembered for a few seconds, so that a busy one costs no query an event.

    Keys whose use is to be noted are in `_due`; whoever takes one out of it notes it.
    """

    def __init__(
        self,
        db: Database,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        self._db, self._clock, self._now = db, clock, now
        self._kept: dict[str, tuple[float, ActiveKey | None]] = {}
        self._due: set[str] = set()

    def require(self, key: str, project_id: int) -> None:
        """Raises RefusedKeyError unless *key* may send to the project."""
        found = self._find(key) if KEY.fullmatch(key) is not None else None
        if found is None or found.project_id != project_id:
            raise RefusedKeyError(REFUSED)

    def note_use(self, key: str | None) -> None:
        """Remember, every few minutes, that *key* is used; to be called once its event is stored."""
        if key is None or key not in self._due:
            return
        self._due.discard(key)  # the others go on
        try:
            with self._db.transaction(within=NOTING_SECONDS) as session:
                note_key_use(session, key, now=self._now())
        except (SQLAlchemyError, TimeoutError) as error:
            log.warning("use of a key not noted", error=type(error).__name__)

    def _find(self, key: str) -> ActiveKey | None:
        now = self._clock()
        kept = self._kept.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]
        with self._db.reading() as session:
            found = find_active_key(session, key, now=self._now())
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[key] = (now + KEPT_SECONDS, found)
        if found is not None and found.is_use_due:
            self._due.add(key)
        return found


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
