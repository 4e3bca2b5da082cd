"""Which GitHub App this server is: from the environment, else as registered on the set-up page.

A registration is made while servers and workers run, perhaps in another process. So it is read
again every few seconds, by one thread while the others go on with what is known, and at once in
the process that changed it. Where the environment names the App, nothing is ever read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Literal

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from config import GitHubSettings
from domain.app_registration import find_registration, open_secrets
from domain.errors import AwayError
from domain.secret_box import SecretBox, UnreadableSecretError
from models.session import Database

log = structlog.get_logger(__name__)

KEPT_SECONDS = 3.0


@dataclass(frozen=True)
class AppSettings:
    """The App, as far as it is known: the environment may name it and lack the rest.

    The first webhook secret is the newest; all of them are accepted.
    """

    app_id: int
    slug: str | None
    private_key: str | None = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    client_id: str | None
    client_secret: str | None = field(repr=False)
    source: Literal["environment", "registration"]


@dataclass(frozen=True)
class KnownApp:
    """The App, or why there is none although one is registered."""

    settings: AppSettings | None = None
    trouble: str | None = None  # a sentence for operators
    version: tuple[int, datetime] | None = None  # of the registration that this was read from


def app_of_environment(github: GitHubSettings) -> AppSettings | None:
    """The App that the environment names by its id; None where it leaves that to the set-up page."""
    if github.app_id is None:
        return None
    return AppSettings(
        app_id=github.app_id,
        slug=github.app_slug,
        private_key=github.private_key,
        webhook_secrets=github.webhook_secrets,
        client_id=github.client_id,
        client_secret=github.client_secret,
        source="environment",
    )


class AppSource:
    """What is known of the App, kept for a few seconds; one a process."""

    def __init__(
        self,
        github: GitHubSettings,
        db: Database,
        box: SecretBox,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._db, self._box, self._clock = db, box, clock
        self._further_secrets = github.webhook_secrets
        named = app_of_environment(github)
        self._known = KnownApp(named) if named else None
        self._good_until = float("inf") if named else 0.0
        self._reading = Lock()

    def look(self) -> KnownApp:
        """Raises AwayError while the database does not answer and nothing was read before."""
        known = self._known
        if known is not None and self._clock() < self._good_until:
            return known
        if not self._reading.acquire(blocking=known is None):
            return known if known is not None else KnownApp()  # another thread is at it
        try:
            return self._read_unless_done()
        finally:
            self._reading.release()

    def forget(self) -> None:
        """Read again at the next look: this process has changed the registration."""
        with self._reading:
            if self._good_until != float("inf"):
                self._known, self._good_until = None, 0.0

    def _read_unless_done(self) -> KnownApp:
        if self._known is not None and self._clock() < self._good_until:
            return self._known
        try:
            self._known = self._read(self._known)
        except (DBAPIError, PoolTimeoutError) as error:
            if self._known is None:
                raise AwayError("the database does not answer") from error
            log.warning("the registration could not be read again", error=type(error).__name__)
        self._good_until = self._clock() + KEPT_SECONDS
        return self._known

    def _read(self, known: KnownApp | None) -> KnownApp:
        with self._db.reading() as session:
            row = find_registration(session)
        if row is None:
            return KnownApp()
        version = (row.id, row.changed_at)
        if known is not None and known.version == version:
            return known  # opening secrets takes longer than reading them
        try:
            opened = open_secrets(row, self._box)
        except UnreadableSecretError as error:
            log.error("the registered App cannot be used", reason=str(error))
            return KnownApp(trouble=str(error), version=version)
        settings = AppSettings(
            app_id=row.app_id,
            slug=row.slug,
            private_key=opened.private_key,
            webhook_secrets=(*opened.webhook_secrets, *self._further_secrets),
            client_id=row.client_id,
            client_secret=opened.client_secret,
            source="registration",
        )
        return KnownApp(settings, version=version)
