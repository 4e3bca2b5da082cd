"""Registrations that were begun: each `state` is good once, for an hour, in one browser.

GitHub makes the App when the operator presses its button, and hands out the secrets in exchange
for a code that lives for an hour (github.md 4, "Manifest flow"). Whoever exchanges it claims the
row first, so that a page that is loaded twice does not spend the code twice. The claim lapses:
after a crash the same address can be loaded again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from domain.errors import AlreadyExistsError, BusyError, NotFoundError
from domain.one_time import digest, make_token
from models import AppManifest

MANIFEST_LIFETIME = timedelta(hours=1)
CLAIM = timedelta(seconds=60)  # longer than an exchange may take


@dataclass(frozen=True)
class ClaimedManifest:
    """What was begun, now being finished by the caller alone."""

    id: int
    replaces_id: int | None


def begin_manifest(
    session: Session, setup_link_id: int, *, replaces_id: int | None, now: datetime
) -> str:
    """The `state` for GitHub; *replaces_id* is the registration in use, whose place it will take."""
    session.execute(
        delete(AppManifest).where(
            AppManifest.used_at.is_(None), AppManifest.created_at <= now - MANIFEST_LIFETIME
        )
    )
    state = make_token()
    session.add(
        AppManifest(
            setup_link_id=setup_link_id,
            state_sha256=digest(state),
            replaces_id=replaces_id,
            created_at=now,
        )
    )
    session.flush()
    return state


def claim_manifest(
    session: Session, setup_link_id: int, state: str, *, now: datetime
) -> ClaimedManifest:
    """Take what *state* began, for the exchange of its code.

    Raises NotFoundError if it is unknown, too old, or of another browser; AlreadyExistsError if it
    was finished; BusyError while another request has it.
    """
    ours = (AppManifest.state_sha256 == digest(state), AppManifest.setup_link_id == setup_link_id)
    row = session.execute(
        update(AppManifest)
        .where(
            *ours,
            AppManifest.used_at.is_(None),
            AppManifest.created_at > now - MANIFEST_LIFETIME,
            or_(AppManifest.claimed_until.is_(None), AppManifest.claimed_until <= now),
        )
        .values(claimed_until=now + CLAIM)
        .returning(AppManifest.id, AppManifest.replaces_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is not None:
        return ClaimedManifest(*row)
    known = session.scalars(select(AppManifest).where(*ours)).one_or_none()
    if known is None or (known.used_at is None and known.created_at <= now - MANIFEST_LIFETIME):
        raise NotFoundError("this registration was not begun in this browser within the last hour")
    if known.used_at is not None:
        raise AlreadyExistsError("this registration is finished")
    raise BusyError("this registration is being finished by another request")


def give_back_manifest(session: Session, manifest_id: int) -> None:
    """End the claim: GitHub was not reached, and the code is still good."""
    session.execute(
        update(AppManifest).where(AppManifest.id == manifest_id).values(claimed_until=None)
    )


def finish_manifest(session: Session, manifest_id: int, *, now: datetime) -> None:
    """Note that the code is spent."""
    session.execute(
        update(AppManifest)
        .where(AppManifest.id == manifest_id)
        .values(used_at=now, claimed_until=None)
    )
