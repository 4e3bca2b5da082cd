"""Everything stored encrypted, encrypted anew under the first secret key."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.secret_box import SecretBox, UnreadableSecretError
from models import AppRegistration, User

APP_COLUMNS = ("client_secret", "webhook_secrets", "private_key")
USER_COLUMNS = ("access_token", "refresh_token")


@dataclass
class Rotated:
    """How many secrets of which kind; those that no key opens are left as they are."""

    app_secrets: int = 0
    user_tokens: int = 0
    unreadable: int = 0


def rotate_secrets(session: Session, box: SecretBox) -> Rotated:
    """Encrypt all of them under the first key; once more does no harm. The caller commits."""
    counted = Rotated()
    for app in session.scalars(select(AppRegistration).with_for_update()):
        done, lost = _renew(app, APP_COLUMNS, box)
        counted.app_secrets += done
        counted.unreadable += lost
    has_token = or_(User.access_token.is_not(None), User.refresh_token.is_not(None))
    # Locked, so that a token that is refreshed meanwhile is not overwritten by its predecessor.
    for user in session.scalars(select(User).where(has_token).with_for_update()):
        done, lost = _renew(user, USER_COLUMNS, box)
        counted.user_tokens += done
        counted.unreadable += lost
    session.flush()
    return counted


def _renew(row: object, columns: tuple[str, ...], box: SecretBox) -> tuple[int, int]:
    """How many values of *row* were renewed, and how many cannot be read."""
    done = lost = 0
    for column in columns:
        if not (sealed := getattr(row, column)):
            continue  # nothing there: no token, or a registration that was replaced
        try:
            setattr(row, column, box.renew(sealed))
        except UnreadableSecretError:
            lost += 1
        else:
            done += 1
    return done, lost
