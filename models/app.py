"""The GitHub App that this server is, when it was registered through the set-up page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AppRegistration(Base):
    """What GitHub told us once, when it made the App; secrets are encrypted.

    One row is in use (`replaced_at` is None). `changed_at` tells other processes to read anew.
    `webhook_secrets` holds one secret, or the old one after the new, comma-separated, in rotation.
    """

    __tablename__ = "app_registration"
    __table_args__ = (
        Index(
            "uq_app_registration_in_use",
            text("(replaced_at IS NULL)"),
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    github_url: Mapped[str] = mapped_column(String(255))
    api_url: Mapped[str] = mapped_column(String(255))
    app_id: Mapped[int] = mapped_column(BigInteger)
    slug: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(128))
    owner_login: Mapped[str] = mapped_column(String(128))
    client_id: Mapped[str] = mapped_column(String(128))
    client_secret: Mapped[str] = mapped_column(Text)
    webhook_secrets: Mapped[str] = mapped_column(Text)
    private_key: Mapped[str] = mapped_column(Text)
    permissions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    registered_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
