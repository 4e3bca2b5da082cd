"""Tokens as people make and revoke them; each leaves a line in the audit log, without the secret."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from domain.audit import TOKEN_CREATED, TOKEN_REVOKED, record_event
from domain.provenance import Why
from domain.tokens import get_token, make_token, revoke_token
from models import ApiToken, Organization, TokenKind


def grant_token(
    session: Session,
    organization: Organization,
    *,
    kind: TokenKind,
    scopes: Sequence[str] = (),
    name: str = "",
    url: str,
    lasts: timedelta | None = None,
    why: Why,
) -> tuple[str, ApiToken]:
    """A new token's text, which is kept nowhere else, and its row. As `create_token`."""
    text, token = make_token(
        session,
        organization,
        kind=kind,
        scopes=scopes,
        name=name,
        url=url,
        lasts=lasts,
        now=why.now,
    )
    record_event(
        session,
        why,
        TOKEN_CREATED,
        organization_id=organization.id,
        subject=describe_token(token),
        data={
            "scopes": token.scopes,
            "until": token.expires_at.isoformat() if token.expires_at else None,
        },
    )
    return text, token


def withdraw_token(session: Session, organization_id: int, token_id: int, *, why: Why) -> None:
    """From now on the token opens nothing; repeatable. Raises NotFoundError."""
    token = get_token(session, organization_id, token_id)
    if token.revoked_at is None:
        revoke_token(session, organization_id, token_id, now=why.now)
        record_event(
            session,
            why,
            TOKEN_REVOKED,
            organization_id=organization_id,
            subject=describe_token(token),
        )


def describe_token(token: ApiToken) -> str:
    """Kind, name and last characters, as lists show them."""
    kind = "organization token" if token.kind == TokenKind.org else "user token"
    return " ".join(part for part in (kind, token.name, f"(…{token.last_characters})") if part)
