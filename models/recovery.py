"""What GitHub, asked as the App, says of itself: lost deliveries, and whether it knows us at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AppCheck(Base):
    """When the App of that id was last asked about, and what is wrong with it, if anything is.

    `read_until` is GitHub's time: deliveries made before it are either here or in `LostDelivery`.
    """

    __tablename__ = "app_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    app_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    due_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]  # the last time that GitHub answered
    read_until: Mapped[datetime | None]
    installations_at: Mapped[datetime | None]  # when the installations were last compared
    trouble: Mapped[str | None] = mapped_column(Text)  # with its remedy, for people
    trouble_since: Mapped[datetime | None]


class LostDelivery(Base):
    """A delivery that GitHub made and that did not get here; `ended_at` is None while we try."""

    __tablename__ = "lost_delivery"
    __table_args__ = (Index("ix_lost_delivery_ended_at", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    app_id: Mapped[int] = mapped_column(BigInteger)
    guid: Mapped[str] = mapped_column(String(64), unique=True)
    github_id: Mapped[int] = mapped_column(BigInteger)  # of GitHub's newest try to deliver it
    event: Mapped[str] = mapped_column(String(64))
    installation_github_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    delivered_at: Mapped[datetime]  # of that try
    status_code: Mapped[int]  # that GitHub was answered; 401: the signature did not fit
    attempts: Mapped[int] = mapped_column(default=0)  # of ours, to get it
    reason: Mapped[str | None] = mapped_column(Text)  # of the last failure
    is_here: Mapped[bool] = mapped_column(default=False)  # else, once ended, it was given up
    ended_at: Mapped[datetime | None]
