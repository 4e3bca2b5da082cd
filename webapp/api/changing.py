"""Changes made by a request: one transaction that does not wait for ever, then a fresh snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from domain.errors import BusyError
from jobs import enqueue
from webapp.context import shiplog
from webapp.security import close_page_session, open_page_session

PATIENCE = 5  # seconds: `sentry-cli` does not try a 409 again (sentry-cli-contract.md 6)
# Lock not available, deadlock, and what SQLite says when another process writes.
_BUSY = {"55P03", "40P01", "SQLITE_BUSY", "SQLITE_LOCKED"}


@contextmanager
def changing(busy: str) -> Iterator[Session]:
    """A writing transaction; what is read afterwards is the state that it left.

    Work that it made due is begun.

    Raises BusyError with the text *busy* when somebody else keeps what it needs for long.
    """
    db = shiplog().runtime.db
    try:
        with db.transaction(within=PATIENCE) as session:
            if not db.is_sqlite:
                session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
            yield session
    except TimeoutError:
        raise BusyError(busy) from None
    except OperationalError as error:
        if _code(error) in _BUSY:
            raise BusyError(busy) from None
        raise
    enqueue(shiplog().runtime)
    close_page_session(None)
    open_page_session()


def _code(error: OperationalError) -> str | None:
    cause = error.orig
    return getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
