"""The GitHub App that this server is, when it was registered through the set-up page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
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


class AppManifest(Base):
    """A registration that was begun: the `state` that GitHub brings back, once, to one browser.

    `setup_link_id` is the operator's session that began it; `replaces_id` the registration that was
    in use then. `claimed_until`: a request is exchanging the code, and nobody else may.
    """

    __tablename__ = "app_manifest"

    id: Mapped[int] = mapped_column(primary_key=True)
    setup_link_id: Mapped[int] = mapped_column(
        ForeignKey("setup_link.id", ondelete="CASCADE"), index=True
    )
    state_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    replaces_id: Mapped[int | None] = mapped_column(
        ForeignKey("app_registration.id", ondelete="CASCADE")
    )
    created_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
