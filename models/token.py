"""What programs present to the API."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class TokenKind(StrEnum):
    user = "user"
    org = "org"


class ApiToken(Base):
    """A token of one organization, of which only the SHA-256 and the last characters are kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organization.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[TokenKind] = mapped_column(Enum(TokenKind, native_enum=False, length=16))
    name: Mapped[str] = mapped_column(String(128))
    scopes: Mapped[list[Any]]
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    last_characters: Mapped[str] = mapped_column(String(4))  # tells people which one it is
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]  # exact to a minute
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
