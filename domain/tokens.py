"""API tokens: their text forms, their scopes, and finding the one that a program presents.

Sources: sentry-api.md 2 and sentry-cli-contract.md 2. Only the SHA-256 of a token and its last four
characters are kept. `sentry-cli` reads URL and organization out of an organization token; here
nothing is read out of one, its digest alone decides.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from domain.errors import InvalidError, NotFoundError
from domain.one_time import digest
from domain.text import clean_text
from models import ApiToken, Organization, TokenKind

USER_PREFIX, ORG_PREFIX = "sntryu_", "sntrys_"
ORG_SCOPE = "org:ci"
SCOPES = (
    *("event:admin", "event:read", "event:write"),
    *("member:admin", "member:read", "member:write"),
    *("org:admin", ORG_SCOPE, "org:integrations", "org:read", "org:write"),
    *("project:admin", "project:read", "project:releases", "project:write"),
    *("team:admin", "team:read", "team:write"),
)
NAME_LENGTH = 128
USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Caller:
    """What a token that can be used stands for."""

    token_id: int
    token_name: str
    kind: TokenKind
    scopes: frozenset[str]
    organization: Organization
    is_use_due: bool  # nobody noted for a while that it is used


def create_token(
    session: Session,
    organization: Organization,
    *,
    kind: TokenKind,
    scopes: Sequence[str] = (),
    name: str = "",
    url: str,
    lasts: timedelta | None = None,
    now: datetime,
) -> str:
    """A new token's text, which is kept nowhere else. *url* is where clients reach this server.

    It opens nothing any more when *lasts* is over; None: for good.

    Raises InvalidError for scopes that the kind cannot have.
    """
    text, _ = make_token(
        session,
        organization,
        kind=kind,
        scopes=scopes,
        name=name,
        url=url,
        lasts=lasts,
        now=now,
    )
    return text


def make_token(
    session: Session,
    organization: Organization,
    *,
    kind: TokenKind,
    scopes: Sequence[str],
    name: str,
    url: str,
    lasts: timedelta | None,
    now: datetime,
) -> tuple[str, ApiToken]:
    """As `create_token`; the row as well."""
    granted = _verify_scopes(kind, scopes)
    text = _user_text() if kind == TokenKind.user else _org_text(organization, url=url, now=now)
    token = ApiToken(
        organization_id=organization.id,
        kind=kind,
        name=clean_text(name, NAME_LENGTH),
        scopes=granted,
        token_sha256=digest(text),
        last_characters=text[-4:],
        created_at=now,
        expires_at=now + lasts if lasts is not None else None,
    )
    session.add(token)
    session.flush()
    return text, token


def find_caller(session: Session, text: str, *, now: datetime) -> Caller | None:
    """Who presents the token *text*; None unless it is known, not expired and not revoked."""
    row = session.execute(
        select(ApiToken, Organization)
        .join(Organization, Organization.id == ApiToken.organization_id)
        .where(
            ApiToken.token_sha256 == digest(text),
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
        )
    ).one_or_none()
    if row is None:
        return None
    token, organization = row
    used = token.last_used_at
    return Caller(
        token_id=token.id,
        token_name=token.name,
        kind=token.kind,
        scopes=frozenset(token.scopes),
        organization=organization,
        is_use_due=used is None or used <= now - USE_NOTED_EVERY,
    )


def note_use(session: Session, token_id: int, *, now: datetime) -> None:
    """Remember that the token is used; of several at once, one writes."""
    session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - USE_NOTED_EVERY),
        )
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def list_tokens(session: Session, organization_id: int) -> list[ApiToken]:
    """The organization's tokens, oldest first, revoked ones included."""
    return list(
        session.scalars(
            select(ApiToken)
            .where(ApiToken.organization_id == organization_id)
            .order_by(ApiToken.id)
        )
    )


def revoke_token(session: Session, organization_id: int, token_id: int, *, now: datetime) -> None:
    """From now on the token opens nothing; repeatable. Raises NotFoundError."""
    token = get_token(session, organization_id, token_id)
    token.revoked_at = token.revoked_at or now
    session.flush()


def get_token(session: Session, organization_id: int, token_id: int) -> ApiToken:
    """The organization's token of that row id; raises NotFoundError."""
    token = session.scalar(
        select(ApiToken).where(ApiToken.organization_id == organization_id, ApiToken.id == token_id)
    )
    if token is None:
        raise NotFoundError(f"no token {token_id} in this organization")
    return token


def _verify_scopes(kind: TokenKind, scopes: Sequence[str]) -> list[str]:
    if kind == TokenKind.org:
        if set(scopes) - {ORG_SCOPE}:
            raise InvalidError(f"an organization token has the scope {ORG_SCOPE} and no other")
        return [ORG_SCOPE]
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise InvalidError(f"{unknown[0]!r} is no scope: {', '.join(SCOPES)}")
    if not scopes:
        raise InvalidError("a token needs at least one scope")
    return sorted(set(scopes))


def _user_text() -> str:
    return USER_PREFIX + secrets.token_hex(32)


def _org_text(organization: Organization, *, url: str, now: datetime) -> str:
    """Exactly two underscores: clients split there, and standard Base64 has none."""
    told = {"iat": now.timestamp(), "url": url, "region_url": url, "org": organization.slug}
    payload = base64.b64encode(json.dumps(told).encode()).decode()
    secret = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"{ORG_PREFIX}{payload}_{secret}"
