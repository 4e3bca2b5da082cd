"""The registered App: stored at once and encrypted, its secrets replaced without a gap.

Secrets leave this module as `AppSecrets` only, which shows none of them when it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import AlreadyExistsError, InvalidError, NotFoundError
from domain.secret_box import SecretBox
from domain.text import clean_text
from models import AppRegistration

NAMES = 128  # characters that the table has for slug, name, owner and client id
SHORTEST_SECRET = 8


@dataclass(frozen=True)
class NewApp:
    """What GitHub tells once, when it has made the App."""

    app_id: int
    slug: str
    name: str
    owner_login: str
    client_id: str
    client_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    private_key: str = field(repr=False)
    permissions: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AppSecrets:
    """The secrets of a registration, readable; the first webhook secret is the newest."""

    client_secret: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    private_key: str = field(repr=False)


def find_registration(session: Session, *, for_update: bool = False) -> AppRegistration | None:
    """The registration in use."""
    query = select(AppRegistration).where(AppRegistration.replaced_at.is_(None))
    return session.scalars(query.with_for_update() if for_update else query).one_or_none()


def get_registration(session: Session) -> AppRegistration:
    """The registration in use, to be changed; raises NotFoundError."""
    registration = find_registration(session, for_update=True)
    if registration is None:
        raise NotFoundError("no App is registered")
    return registration


def store_registration(
    session: Session,
    box: SecretBox,
    app: NewApp,
    *,
    github_url: str,
    api_url: str,
    replaces_id: int | None,
    now: datetime,
) -> AppRegistration:
    """Put *app* in the place of the registration *replaces_id*, whose secrets are forgotten.

    Raises AlreadyExistsError if another one is in use by now.
    """
    old = find_registration(session, for_update=True)
    if (old.id if old else None) != replaces_id:
        raise AlreadyExistsError("another App was registered meanwhile")
    if old is not None:
        old.replaced_at = now
        old.client_secret = old.webhook_secrets = old.private_key = ""
        session.flush()
    made = AppRegistration(
        github_url=github_url,
        api_url=api_url,
        app_id=app.app_id,
        slug=app.slug,
        name=clean_text(app.name, NAMES),
        owner_login=clean_text(app.owner_login, NAMES),
        client_id=app.client_id,
        client_secret=box.seal(app.client_secret),
        webhook_secrets=box.seal(app.webhook_secret),
        private_key=box.seal(app.private_key),
        permissions=app.permissions,
        registered_at=now,
        changed_at=now,
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError:
        raise AlreadyExistsError("another App was registered meanwhile") from None
    return made


def open_secrets(registration: AppRegistration, box: SecretBox) -> AppSecrets:
    """The registration's secrets. Raises UnreadableSecretError."""
    listed = box.open(registration.webhook_secrets)
    return AppSecrets(
        client_secret=box.open(registration.client_secret),
        webhook_secrets=tuple(secret for secret in listed.split(",") if secret),
        private_key=box.open(registration.private_key),
    )


def replace_private_key(session: Session, box: SecretBox, pem: str, *, now: datetime) -> None:
    """Use *pem* from now on; the caller has seen GitHub accept it. Raises NotFoundError."""
    registration = get_registration(session)
    registration.private_key = box.seal(pem)
    registration.changed_at = now


def add_webhook_secret(session: Session, box: SecretBox, secret: str, *, now: datetime) -> None:
    """Accept *secret*, and the newest of the older ones beside it until that is dropped.

    Raises InvalidError, NotFoundError, UnreadableSecretError.
    """
    secret = secret.strip()
    if len(secret) < SHORTEST_SECRET or "," in secret or clean_text(secret) != secret:
        raise InvalidError(
            f"A webhook secret has at least {SHORTEST_SECRET} characters and no comma."
        )
    registration = get_registration(session)
    known = open_secrets(registration, box).webhook_secrets
    kept = [secret, *(old for old in known if old != secret)][:2]
    registration.webhook_secrets = box.seal(",".join(kept))
    registration.changed_at = now


def drop_old_webhook_secret(session: Session, box: SecretBox, *, now: datetime) -> None:
    """Accept the newest webhook secret alone. Raises NotFoundError, UnreadableSecretError."""
    registration = get_registration(session)
    newest = open_secrets(registration, box).webhook_secrets[:1]
    registration.webhook_secrets = box.seal(",".join(newest))
    registration.changed_at = now


def rename_app(session: Session, app_id: int, slug: str, *, name: str, now: datetime) -> None:
    """Follow a change of the App's name on GitHub, which changes its slug."""
    registration = find_registration(session, for_update=True)
    if registration is not None and registration.app_id == app_id:
        registration.slug = clean_text(slug, NAMES)
        registration.name = clean_text(name, NAMES)
        registration.changed_at = now
