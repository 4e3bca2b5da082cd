"""What a person may see here, by what GitHub says of them: at signing in, and again and again.

Fetch first, then write: no transaction is open while GitHub is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.memberships import Listed, apply_listing
from domain.secret_box import SecretBox, UnreadableSecretError
from domain.users import (
    claim_check,
    is_worn_out,
    keep_tokens,
    record_user,
    release_check,
    revoke_user,
)
from integrations.github.auth import OAuthSettings, Tokens, refresh_tokens
from integrations.github.errors import SignInError, TokenRefusedError
from integrations.github.payloads import InstallationPayload
from integrations.github.sync import describe_installation
from integrations.github.user_client import Profile, UserClient
from models import Installation, User
from models.session import Database

READS_MEMBERS = ("read", "write")
REVOKED = "GitHub does not let Shiplog ask for this person any more"
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Access:
    """What GitHub lists for a person; `owned` are ids of installations on accounts they own."""

    installations: Sequence[InstallationPayload]
    owned: frozenset[int]
    emails: Sequence[str] = ()


def fetch_access(client: UserClient, *, with_emails: bool = False) -> Access:
    """One request a page of installations, and one for each organization that tells roles."""
    installations = client.fetch_installations()
    owned = {
        one.id
        for one in installations
        if one.account_type == "Organization"
        and one.permissions.get("members") in READS_MEMBERS
        and client.owns(one.account.login)
    }
    emails = client.fetch_emails() if with_emails else []
    return Access(installations, frozenset(owned), emails)


def record_sign_in(
    session: Session,
    box: SecretBox,
    tokens: Tokens,
    profile: Profile,
    access: Access,
    *,
    is_operator: bool,
    now: datetime,
) -> User:
    """The account of who signed in, with tokens and memberships. Flushes, does not commit."""
    user = record_user(session, profile.id, login=profile.login, name=profile.name, now=now)
    user.is_operator = user.is_operator or is_operator
    _keep(user, box, tokens)
    _apply(session, user, access, now, signs_in=True)
    return user


def check_access(
    db: Database, box: SecretBox, settings: OAuthSettings, user_id: int, *, now: Clock
) -> Access | None:
    """Ask GitHub anew what the person may see, and keep it; None while somebody else asks.

    Raises TokenRefusedError when GitHub does not let us ask any more: then all of the person's
    sessions have ended. Any other GitHubError leaves everything as it was; for a minute after it
    nobody asks again.
    """
    with db.transaction() as session:
        if not claim_check(session, user_id, now=now()):
            return None
        user = session.get_one(User, user_id)
    failed_at: datetime | None = now()
    try:
        token = _usable_token(db, box, settings, user, now=now)
        with UserClient(settings.api_url, token, now=now) as client:
            access = fetch_access(client)
        with db.transaction() as session:
            lock = {"key_share": True}
            user = session.get_one(User, user_id, with_for_update=lock)
            _apply(session, user, access, now())
        failed_at = None
    except TokenRefusedError:
        with db.transaction() as session:
            revoke_user(session, user.github_id)
        raise
    finally:
        with db.transaction() as session:
            release_check(session, user_id, failed_at=failed_at)
    return access


def _usable_token(
    db: Database, box: SecretBox, settings: OAuthSettings, user: User, *, now: Clock
) -> str:
    """The access token, refreshed if need be. Only the holder of the lease may come here."""
    try:
        if user.access_token is not None and not is_worn_out(user, now=now()):
            return box.open(user.access_token)
        if user.refresh_token is None:
            raise TokenRefusedError(REVOKED)
        tokens = refresh_tokens(settings, box.open(user.refresh_token), now=now())
    except UnreadableSecretError:
        raise TokenRefusedError("the secret key that tokens were kept with is gone") from None
    except SignInError as error:
        if error.code == "bad_refresh_token":
            raise TokenRefusedError(REVOKED) from None
        raise
    with db.transaction() as session:
        lock = {"key_share": True}
        stored = session.get_one(User, user.id, with_for_update=lock)
        if stored.refresh_token == user.refresh_token:  # else signed in anew, or revoked
            _keep(stored, box, tokens)
    return tokens.access_token


def _keep(user: User, box: SecretBox, tokens: Tokens) -> None:
    keep_tokens(
        user,
        box,
        access=tokens.access_token,
        access_expires_at=tokens.access_expires_at,
        refresh=tokens.refresh_token,
        refresh_expires_at=tokens.refresh_expires_at,
    )


def _apply(
    session: Session, user: User, access: Access, now: datetime, *, signs_in: bool = False
) -> None:
    listed = [Listed(one.id, is_owner=one.id in access.owned) for one in access.installations]
    payloads = {one.id: one for one in access.installations}
    known = select(Installation).where(Installation.github_id.in_(payloads))
    for installation in session.scalars(known.order_by(Installation.id)):
        describe_installation(installation, payloads[installation.github_id])
    apply_listing(session, user, listed, emails=access.emails, now=now, signs_in=signs_in)
