"""Webhook deliveries: the inbox, and the truth about what has been worked off."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class DeliveryState(StrEnum):
    received = "received"
    running = "running"
    done = "done"
    ignored = "ignored"
    failed = "failed"


class Delivery(Base):
    """One webhook request, kept as received so that its job can run again."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_state_due_at", "state", "due_at"),
        Index("ix_delivery_repository_id_id", "repository_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    guid: Mapped[str] = mapped_column(String(64), unique=True)  # the same again on redelivery
    event: Mapped[str] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)  # exact bytes the signature covers
    received_at: Mapped[datetime]
    state: Mapped[DeliveryState] = mapped_column(
        Enum(DeliveryState, native_enum=False, length=16), default=DeliveryState.received
    )
    reason: Mapped[str | None] = mapped_column(Text)  # of ignored and failed, shown to people
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]  # not before this moment
    claimed_until: Mapped[datetime | None]  # end of the lease of the worker that has it
    finished_at: Mapped[datetime | None]
    # Known once the body has been parsed by the job:
    action: Mapped[str | None] = mapped_column(String(64))
    ref: Mapped[str | None] = mapped_column(String(255))
    organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organization.id", ondelete="SET NULL"), index=True
    )
    repository_id: Mapped[int | None] = mapped_column(
        ForeignKey("repository.id", ondelete="SET NULL")
    )
    effects: Mapped[dict[str, Any] | None]  # what it changed, for the delivery log

    @property
    def is_finished(self) -> bool:
        return self.state in (DeliveryState.done, DeliveryState.ignored)
